// Loaded into every program of a private host (ld.so.preload(5)), does nothing in nearly all of them. In one that plays a role
// for which /run/fault/ROLE stands, it starts strace on this very process before `main`, with the arguments that the file
// holds, a line each. What a daemon starts by itself is followed so from its first instruction on, alone, and keeps its parent.
//
// The file is taken away by who takes it: only the first process of a role is followed.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int contents(const char *path, char *text, size_t size) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  ssize_t got = read(file, text, size - 1);
  close(file);
  text[got < 0 ? 0 : got] = 0;
  return (int)got;
}

// The program, or for the daemon's workers (`/proc/self/exe teardown …`) the worker.
static int role(char *text, size_t size) {
  char program[256], arguments[256];
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  if (length <= 0) return -1;
  program[length] = 0;
  const char *base = strrchr(program, '/');
  base = base == NULL ? program : base + 1;
  if (strcmp(base, "sojournd") != 0) return snprintf(text, size, "/run/fault/%s", base);
  int got = contents("/proc/self/cmdline", arguments, sizeof arguments);
  size_t first = got > 0 ? strlen(arguments) + 1 : 0;
  return snprintf(text, size, "/run/fault/%s", got > 0 && (size_t)got > first ? arguments + first : "daemon");
}

static int is_traced(void) {
  char status[4096];
  if (contents("/proc/self/status", status, sizeof status) < 0) return -1;
  const char *line = strstr(status, "TracerPid:");
  return line != NULL && atoi(line + strlen("TracerPid:")) != 0;
}

__attribute__((constructor)) static void follow(void) {
  static char place[512], taken[560], text[8192];
  if (access("/run/fault", F_OK) != 0 || role(place, sizeof place) < 0) return;
  snprintf(taken, sizeof taken, "%s.taken", place);
  if (rename(place, taken) != 0 || contents(taken, text, sizeof text) < 0) return;
  char number[16], *arguments[64] = {"strace", "-p", number};
  int count = 3;
  snprintf(number, sizeof number, "%d", (int)getpid());
  for (char *line = strtok(text, "\n"); line != NULL && count < 63; line = strtok(NULL, "\n")) arguments[count++] = line;
  pid_t child = fork();
  if (child == 0) {
    // Nobody's child but init's, and none of the role's descriptors: its end must be seen as without us.
    if (fork() != 0) _exit(0);
    setsid();
    int nothing = open("/dev/null", O_RDWR);
    for (int i = 0; i < 3; i++) dup2(nothing, i);
    closefrom(3);
    execv("/usr/bin/strace", arguments);
    _exit(1);
  }
  waitpid(child, NULL, 0);
  for (int i = 0; i < 5000 && is_traced() == 0; i++) usleep(1000);
}
