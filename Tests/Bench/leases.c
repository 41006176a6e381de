// Plays the PAM module before the daemon for many logins: what opening and closing leases costs when many are open. One process
// is one login, so that its number and its end are real.
//
//   leases              reads: "grow COUNT", opens leases until so many are open: "grown COUNT MILLISECONDS"
//                              "turn COUNT", opens one more and closes it, COUNT times: "turned OPEN-MICROSECONDS CLOSE-MICROSECONDS CLEAN-MICROSECONDS", a line each
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { first_uid = 65536, size = 99999 - 65536 + 1 };
static int made;

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000L + time.tv_nsec / 1000;
}

/* The uid that NSS would have answered (DESIGN 4). */
static unsigned candidate(const char *name) {
  uint64_t value = 0xcbf29ce484222325u;
  for (const char *c = name; *c != '\0'; c++) value = (value ^ (unsigned char)*c) * 0x100000001b3u;
  for (unsigned step = 0; step < 256; step++) {
    unsigned uid = first_uid + (unsigned)((value % size + step) % size);
    char path[64], holder[64];
    snprintf(path, sizeof path, "/var/lib/sojourn/uids/%u", uid);
    ssize_t length = readlink(path, holder, sizeof holder - 1);
    if (length < 0) return uid;
    holder[length] = '\0';
    if (strcmp(holder, name) == 0) return uid;
  }
  return 0;
}

static int ask(const char *text, char *answer, size_t room) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/sojourn/sojournd.sock"};
  int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  ssize_t got = -1;
  if (connect(connection, (struct sockaddr *)&address, sizeof address) == 0 && send(connection, text, strlen(text), MSG_NOSIGNAL) > 0)
    got = recv(connection, answer, room - 1, 0);
  close(connection);
  answer[got > 0 ? got : 0] = '\0';
  return got > 0;
}

static int open_lease(const char *name, char *session, size_t room) {
  char text[1024], answer[4096];
  long seconds = time(NULL);
  snprintf(text, sizeof text,
    "{\"version\":1,\"request\":\"open\",\"name\":\"%s\",\"uid\":%u,\"local\":false,\"login\":{\"service\":\"sshd\",\"tty\":\"ssh\",\"remote\":\"192.0.2.7\"},"
    "\"credential\":{\"kind\":\"ssh-cert\",\"key_id\":\"%s\",\"serial\":\"1\",\"key_fp\":\"SHA256:k\",\"ca_fp\":\"SHA256:c\",\"principals\":[\"%s\"],\"not_before\":%ld,\"not_after\":%ld},"
    "\"decision\":{\"request_id\":\"r\",\"endpoint\":\"http://127.0.0.1/\",\"reason\":\"\",\"milliseconds\":1},\"groups\":[\"dbops\"],\"shell\":\"/bin/bash\",\"seconds\":36000}",
    name, candidate(name), name, name, seconds - 60, seconds + 36000);
  if (!ask(text, answer, sizeof answer)) return 0;
  char *found = strstr(answer, "\"session\":\"");
  if (strstr(answer, "\"opened\"") == NULL || found == NULL) {
    fprintf(stderr, "%s\n", answer);
    return 0;
  }
  found += strlen("\"session\":\"");
  snprintf(session, room, "%.*s", (int)strcspn(found, "\""), found);
  return 1;
}

static int close_lease(const char *session) {
  char text[256], answer[4096];
  snprintf(text, sizeof text, "{\"version\":1,\"request\":\"closed\",\"session\":\"%s\"}", session);
  return ask(text, answer, sizeof answer) && strstr(answer, "\"done\"") != NULL;
}

/* In a process of its own, which stays until this one ends. */
static int grow(void) {
  char name[32], session[128], byte = 0;
  int ends[2], lives[2];
  static int held = -1;
  if (held < 0) {
    if (pipe(lives) != 0) return 0;
    held = lives[0];
  }
  snprintf(name, sizeof name, "g%06d", made++);
  if (pipe(ends) != 0) return 0;
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    byte = (char)open_lease(name, session, sizeof session);
    if (write(ends[1], &byte, 1) != 1 || !byte) _exit(1);
    close(ends[1]);
    while (read(held, &byte, 1) < 0 && errno == EINTR) {}
    pause();
    _exit(0);
  }
  close(ends[1]);
  int good = child > 0 && read(ends[0], &byte, 1) == 1 && byte;
  close(ends[0]);
  return good;
}

static void turn(int number) {
  char name[32], session[128], path[128];
  snprintf(name, sizeof name, "t%06d", number);
  pid_t child = fork();
  if (child == 0) {
    long begun = now();
    if (!open_lease(name, session, sizeof session)) _exit(1);
    long opened = now();
    if (!close_lease(session)) _exit(1);
    printf("turned %ld %ld ", opened - begun, now() - opened);
    fflush(stdout);
    _exit(0);
  }
  int status = 1;
  waitpid(child, &status, 0);
  if (status != 0) exit(1);
  long begun = now();
  snprintf(path, sizeof path, "/run/sojourn/leases/%s.json", name);
  while (access(path, F_OK) == 0 && now() - begun < 60000000) usleep(500);
  printf("%ld\n", now() - begun);
  fflush(stdout);
}

int main(void) {
  char line[128];
  int turned = 0;
  while (fgets(line, sizeof line, stdin) != NULL) {
    int count;
    long begun = now();
    if (sscanf(line, "grow %d", &count) == 1) {
      int before = made;
      while (made < count && now() - begun < 300000000)
        if (!grow()) return 1;
      printf("grown %d %ld\n", made - before, (now() - begun) / 1000);
      fflush(stdout);
    } else if (sscanf(line, "turn %d", &count) == 1) {
      for (int i = 0; i < count; i++) turn(turned++);
    } else {
      return 64;
    }
  }
  return 0;
}
