// Holds a PAM handle as sshd or su do, calls the phases that it is told, and says what came of them and what they left
// behind in this process. The tests run it where /run/sojourn and the passwd file are theirs.
//
//   pam-driver CONFDIR SERVICE USER [-e NAME=VALUE]... [-r RHOST] [-s] [-a ANSWER] [-p PASSWORD] PHASE...
//                                                     -s: PAM_SILENT; -a: who is asked answers that, else nobody can be asked;
//                                                     -p: the same for what is typed unseen
//   pam-driver CONFDIR SERVICE USER reload COUNT                                    a handle made and ended COUNT times
//
// Two words are no phases: `pause` waits for a line on standard input, and goes on with the next phase unless that is `stop`;
// `mark` is only printed, for who follows the calls of this process.
// Prints "PHASE CODE" for each phase, "error TEXT" and "info TEXT" for what the person is told, then what is left.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern int __nss_configure_lookup(const char *database, const char *services);

static const char *typed, *password;

static int converse(int count, const struct pam_message **messages, struct pam_response **responses, void *data) {
  (void)data;
  *responses = calloc((size_t)count, sizeof **responses);
  if (*responses == NULL) return PAM_BUF_ERR;
  for (int i = 0; i < count; i++) {
    if (messages[i]->msg_style == PAM_ERROR_MSG) printf("error %s\n", messages[i]->msg);
    else if (messages[i]->msg_style == PAM_TEXT_INFO) printf("info %s\n", messages[i]->msg);
    else {
      const char *answer = messages[i]->msg_style == PAM_PROMPT_ECHO_ON ? typed : password;
      printf("prompt %s\n", messages[i]->msg);
      if (answer != NULL) {
        (*responses)[i].resp = strdup(answer);
        continue;
      }
      free(*responses);
      *responses = NULL;
      return PAM_CONV_ERR;
    }
  }
  return PAM_SUCCESS;
}

static int entries(const char *path) {
  DIR *directory = opendir(path);
  int count = 0;
  while (directory != NULL && readdir(directory) != NULL) count++;
  if (directory != NULL) closedir(directory);
  return count - 2; /* . and .. */
}

static struct sigaction before[65];
static int handlers_changed(void) {
  int changed = 0;
  for (int signal = 1; signal < 65; signal++) {
    struct sigaction now;
    if (sigaction(signal, NULL, &now) != 0) continue;
    if (now.sa_handler != before[signal].sa_handler || now.sa_flags != before[signal].sa_flags) changed++;
  }
  return changed;
}

static int call(pam_handle_t *pamh, const char *phase, int flags) {
  if (strcmp(phase, "authenticate") == 0) return pam_authenticate(pamh, flags);
  if (strcmp(phase, "acct_mgmt") == 0) return pam_acct_mgmt(pamh, flags);
  if (strcmp(phase, "setcred") == 0) return pam_setcred(pamh, PAM_ESTABLISH_CRED | flags);
  if (strcmp(phase, "open_session") == 0) return pam_open_session(pamh, flags);
  if (strcmp(phase, "close_session") == 0) return pam_close_session(pamh, flags);
  if (strcmp(phase, "chauthtok") == 0) return pam_chauthtok(pamh, flags);
  fprintf(stderr, "unknown phase %s\n", phase);
  exit(64);
}

// Between the opening of a session and its end, as long as whoever runs this wants it.
static int paused(void) {
  char line[16] = "";
  printf("pause\n");
  return fgets(line, sizeof line, stdin) != NULL && strcmp(line, "stop\n") != 0;
}

// Nobody guesses passwords here, so nobody is made to wait (pam_fail_delay(3)).
static void no_delay(int status, unsigned microseconds, void *data) {
  (void)status;
  (void)microseconds;
  (void)data;
}

static pam_handle_t *start(char **argv) {
  static const struct pam_conv conversation = {converse, NULL};
  pam_handle_t *pamh = NULL;
  int code = pam_start_confdir(argv[2], argv[3], &conversation, argv[1], &pamh);
  if (code == PAM_SUCCESS) code = pam_set_item(pamh, PAM_TTY, "ssh");
  void (*delay)(int, unsigned, void *) = no_delay;
  const void *item;
  memcpy(&item, &delay, sizeof item);
  if (code == PAM_SUCCESS) code = pam_set_item(pamh, PAM_FAIL_DELAY, item);
  if (code != PAM_SUCCESS) {
    fprintf(stderr, "pam_start: %d\n", code);
    exit(1);
  }
  return pamh;
}

int main(int argc, char **argv) {
  if (argc < 5) return 64;
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (__nss_configure_lookup("passwd", "files sojourn") != 0 || __nss_configure_lookup("group", "files sojourn") != 0) return 1;
  if (strcmp(argv[4], "reload") == 0) {
    int count = argc > 5 ? atoi(argv[5]) : 0, code = -1, done = 0;
    for (; done < count; done++) {
      pam_handle_t *pamh = start(argv);
      code = pam_acct_mgmt(pamh, 0);
      if (pam_end(pamh, code) != PAM_SUCCESS) return 1;
      if (done == 0) for (int signal = 1; signal < 65; signal++) sigaction(signal, NULL, &before[signal]);
    }
    printf("reloaded %d\nacct_mgmt %d\n", done, code);
    printf("threads %d\ndescriptors %d\nhandlers %d\n", entries("/proc/self/task"), entries("/proc/self/fd"), handlers_changed());
    return 0;
  }
  pam_handle_t *pamh = start(argv);
  int flags = 0, at = 4;
  for (; at < argc && argv[at][0] == '-'; at++) {
    if (strcmp(argv[at], "-s") == 0) flags |= PAM_SILENT;
    else if (at + 1 < argc && strcmp(argv[at], "-e") == 0) pam_putenv(pamh, argv[++at]);
    else if (at + 1 < argc && strcmp(argv[at], "-a") == 0) typed = argv[++at];
    else if (at + 1 < argc && strcmp(argv[at], "-p") == 0) password = argv[++at];
    else if (at + 1 < argc && strcmp(argv[at], "-r") == 0) pam_set_item(pamh, PAM_RHOST, argv[++at]);
  }
  for (int signal = 1; signal < 65; signal++) sigaction(signal, NULL, &before[signal]);
  int descriptors = entries("/proc/self/fd"), code = PAM_SUCCESS;
  for (; at < argc; at++) {
    if (strcmp(argv[at], "pause") == 0) {
      if (!paused()) break;
      continue;
    }
    if (strcmp(argv[at], "mark") == 0) {
      puts("mark");
      continue;
    }
    code = call(pamh, argv[at], flags);
    printf("%s %d\n", argv[at], code);
  }
  printf("threads %d\ndescriptors %d\nhandlers %d\n", entries("/proc/self/task"), entries("/proc/self/fd") - descriptors, handlers_changed());
  const char *user = NULL;
  printf("user %s\n", pam_get_item(pamh, PAM_USER, (const void **)&user) == PAM_SUCCESS && user != NULL ? user : "(none)");
  return pam_end(pamh, code) == PAM_SUCCESS ? 0 : 1;
}
