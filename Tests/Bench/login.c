// Does with PAM, once for each line that it reads, what sshd's monitor does for a connection: in a new process, which has loaded
// nothing yet. What is missing is sshd's own work.
//
//   login CONFDIR LIST        LIST: lines "NAME<TAB>METHOD<TAB>TYPE<TAB>CERTIFICATE"; what is read: "NAME [hold]"
//
// It prints "NAME CODE PHASE LOOKUP START ACCOUNT OPEN RUN CLOSE END", times in microseconds. With "hold" the session stays open
// until a line "close NAME" (an own process holds it, which prints then).
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <openssl/crypto.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { longest = 16384, most = 20000 };
static struct person { char *name, *information; } people[most];
static int known;
static char told[2048];

static int converse(int count, const struct pam_message **messages, struct pam_response **responses, void *data) {
  (void)data;
  *responses = calloc((size_t)count, sizeof **responses);
  if (*responses == NULL) return PAM_BUF_ERR;
  for (int i = 0; i < count; i++) snprintf(told + strlen(told), sizeof told - strlen(told), " %s", messages[i]->msg);
  return PAM_SUCCESS;
}

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000L + time.tv_nsec / 1000;
}

static long last;
static long lap(void) {
  long before = last;
  last = now();
  return last - before;
}

/* The person's command, run as sshd runs it. */
static int run(const char *name) {
  pid_t child = fork();
  if (child == 0) {
    struct passwd *entry = getpwnam(name);
    if (entry == NULL || initgroups(name, entry->pw_gid) != 0 || setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) != 0
        || setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) != 0) _exit(99);
    char *environment[] = {"PATH=/usr/bin:/bin", NULL}, *base = strrchr(entry->pw_shell, '/');
    execle(entry->pw_shell, base != NULL ? base + 1 : entry->pw_shell, "-c", "true", (char *)NULL, environment);
    _exit(98);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

static void login(const char *configuration, const struct person *person, const char *name, int hold) {
  const struct pam_conv conversation = {converse, NULL};
  pam_handle_t *pamh = NULL;
  long times[7] = {0};
  const char *phase = "lookup";
  int code = PAM_USER_UNKNOWN, status = 0;
  struct passwd entry, *found = NULL;
  char buffer[4096];
  lap();
  if (getpwnam_r(name, &entry, buffer, sizeof buffer, &found) != 0 || found == NULL) goto say;
  times[0] = lap();
  phase = "start";
  if ((code = pam_start_confdir("sshd", name, &conversation, configuration, &pamh)) != PAM_SUCCESS) goto say;
  pam_set_item(pamh, PAM_TTY, "ssh");
  pam_set_item(pamh, PAM_RHOST, "192.0.2.7");
  pam_putenv(pamh, "SSH_CONNECTION=192.0.2.7 50000 192.0.2.1 22");
  times[1] = lap();
  phase = "account";
  if ((code = pam_acct_mgmt(pamh, 0)) != PAM_SUCCESS) goto say;
  times[2] = lap();
  if (person != NULL) pam_putenv(pamh, person->information);
  pam_setcred(pamh, PAM_ESTABLISH_CRED);
  phase = "open";
  if ((code = pam_open_session(pamh, 0)) != PAM_SUCCESS) goto say;
  times[3] = lap();
  phase = "run";
  if ((status = run(name)) != 0) {
    code = 1000 + status;
    goto say;
  }
  times[4] = lap();
  if (hold) {
    dprintf(1, "%s held\n", name);
    char byte;
    while (read(hold, &byte, 1) < 0 && errno == EINTR) {}
    lap();
  }
  phase = "close";
  code = pam_close_session(pamh, 0);
  pam_setcred(pamh, PAM_DELETE_CRED);
  times[5] = lap();
  pam_end(pamh, code);
  times[6] = lap();
say:
  dprintf(1, "%s %d %s %ld %ld %ld %ld %ld %ld %ld%s\n", name, code, phase, times[0], times[1], times[2], times[3], times[4], times[5], times[6], told);
}

static void read_list(const char *path) {
  FILE *file = fopen(path, "r");
  static char line[longest];
  while (file != NULL && known < most && fgets(line, sizeof line, file) != NULL) {
    char *tab = strchr(line, '\t'), *text = NULL;
    if (tab == NULL) continue;
    *tab = '\0';
    for (char *c = tab + 1; *c != '\0'; c++) if (*c == '\t') *c = ' ';
    if (asprintf(&text, "SSH_AUTH_INFO_0=%s", tab + 1) < 0) exit(1);
    people[known++] = (struct person){strdup(line), text};
  }
  if (file != NULL) fclose(file);
}

int main(int argc, char **argv) {
  if (argc != 3) return 64;
  read_list(argv[2]);
  /* sshd has libcrypto loaded and set up long before PAM. */
  if (getenv("NO_LIBCRYPTO") == NULL) OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
  char order[256], name[64], word[16];
  static int gates[most];
  while (fgets(order, sizeof order, stdin) != NULL) {
    word[0] = '\0';
    if (sscanf(order, "close %63s", name) == 1) {
      for (int i = 0; i < known; i++) {
        if (strcmp(people[i].name, name) != 0 || gates[i] == 0) continue;
        close(gates[i]);
        gates[i] = 0;
        wait(NULL);
      }
      continue;
    }
    if (sscanf(order, "%63s %15s", name, word) < 1) return 64;
    int index = 0, hold = strcmp(word, "hold") == 0, ends[2] = {0, 0};
    while (index < known && strcmp(people[index].name, name) != 0) index++;
    if (hold && (index == known || pipe2(ends, 0) != 0)) return 1;
    pid_t child = fork();
    if (child == 0) {
      for (int i = 0; i < known; i++) if (gates[i] > 0) close(gates[i]);
      if (hold) close(ends[1]);
      login(argv[1], index < known ? &people[index] : NULL, name, ends[0]);
      _exit(0);
    }
    if (hold) {
      close(ends[0]);
      gates[index] = ends[1];
    } else {
      waitpid(child, NULL, 0);
    }
  }
  return 0;
}
