// Plays many logins at once, each in a process of its own that does with PAM what sshd's monitor does: it looks the name up,
// calls the phases in sshd's order, has the session looked at from inside, and closes it when it is told.
//
//   load-driver CONFDIR LIST < ORDERS          LIST: a line "NAME<TAB>METHOD<TAB>TYPE<TAB>CERTIFICATE" a person
//
//   open FROM COUNT      that many people of the list, one login each, all at one moment; they stay
//   same INDEX COUNT     one person, that many logins at one moment; they stay
//   close                all that stay close, at one moment; "closed"
//   stream COUNT WIDTH   COUNT logins of the whole list in turn, WIDTH at once, each closed when it was looked at; "streamed"
//   serial COUNT EVERY   COUNT logins in this very process, one after the other; "sample N DESCRIPTORS KIB" every EVERY; "served"
//
// Every login is one line: "login", name, pid, phase, PAM code, milliseconds, the uid that was heard before the login, the uid that
// the name has once it is open, what the session sees of itself, and what the person was told; with tabs between.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { longest = 16384, most = 8192 };

struct person {
  char *name, *information;
};
static struct person people[most];
static int known;
static const char *configuration;

struct login {
  pam_handle_t *pamh;
  const char *phase;
  int code;
  long heard, open;
  char seen[1024], told[1024];
};

static void add(char *text, size_t size, const char *more) {
  size_t used = strlen(text);
  for (; *more != '\0' && used + 1 < size; more++) text[used++] = *more == '\t' || *more == '\n' ? ' ' : *more;
  text[used] = '\0';
}

static int converse(int count, const struct pam_message **messages, struct pam_response **responses, void *data) {
  struct login *login = data;
  *responses = calloc((size_t)count, sizeof **responses);
  if (*responses == NULL) return PAM_BUF_ERR;
  for (int i = 0; i < count; i++) add(login->told, sizeof login->told, messages[i]->msg);
  return PAM_SUCCESS;
}

static long uid_of(const char *name) {
  struct passwd entry, *found = NULL;
  char buffer[4096];
  return getpwnam_r(name, &entry, buffer, sizeof buffer, &found) == 0 && found != NULL ? (long)entry.pw_uid : -1;
}

/* What the person's first process is and sees: it becomes the person as sshd does, and its shell is the account's. */
static void look(struct login *login, const char *name) {
  struct passwd *entry = getpwnam(name);
  int ends[2];
  if (entry == NULL || pipe(ends) != 0) return;
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    dup2(ends[1], 1);
    dup2(ends[1], 2);
    if (initgroups(name, entry->pw_gid) != 0 || setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) != 0
        || setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) != 0 || chdir(entry->pw_dir) != 0) {
      dprintf(2, "cannot become %s: %s", name, strerror(errno));
      _exit(1);
    }
    char home[512];
    snprintf(home, sizeof home, "HOME=%s", entry->pw_dir);
    char *environment[] = {home, "PATH=/usr/bin:/bin", NULL};
    /* The effective names of uid and gids, and whose the new file is. */
    execle(entry->pw_shell, "-shell", "-c", "id; pwd; echo > mine-$$ && [ -O mine-$$ ] && echo mine", (char *)NULL, environment);
    dprintf(2, "no shell: %s", strerror(errno));
    _exit(1);
  }
  close(ends[1]);
  char text[sizeof login->seen];
  for (ssize_t got; (got = read(ends[0], text, sizeof text - 1)) > 0;) {
    text[got] = '\0';
    add(login->seen, sizeof login->seen, text);
  }
  close(ends[0]);
  if (child > 0) waitpid(child, NULL, 0);
}

static int step(struct login *login, const char *phase, int code) {
  login->phase = phase;
  login->code = code;
  return code == PAM_SUCCESS;
}

static int open_session(struct login *login, const struct person *person) {
  const struct pam_conv conversation = {converse, login};
  login->open = -1;
  login->heard = uid_of(person->name);
  if (login->heard < 0) return step(login, "unknown", PAM_USER_UNKNOWN);
  if (!step(login, "start", pam_start_confdir("sshd", person->name, &conversation, configuration, &login->pamh))) return 0;
  pam_set_item(login->pamh, PAM_TTY, "ssh");
  pam_set_item(login->pamh, PAM_RHOST, "192.0.2.7");
  pam_putenv(login->pamh, "SSH_CONNECTION=192.0.2.7 50000 192.0.2.1 22");
  if (!step(login, "acct_mgmt", pam_acct_mgmt(login->pamh, 0))) return 0;
  pam_putenv(login->pamh, person->information);
  if (!step(login, "setcred", pam_setcred(login->pamh, PAM_ESTABLISH_CRED))) return 0;
  if (!step(login, "open_session", pam_open_session(login->pamh, 0))) return 0;
  login->open = uid_of(person->name);
  return 1;
}

static void close_session(struct login *login) {
  if (login->pamh == NULL) return;
  if (login->open >= 0) step(login, "close_session", pam_close_session(login->pamh, 0));
  pam_setcred(login->pamh, PAM_DELETE_CRED);
  pam_end(login->pamh, login->code);
  login->pamh = NULL;
}

static long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One write: lines of many processes are not mixed. */
static void say(const struct login *login, const char *name, long begun) {
  dprintf(1, "login\t%s\t%d\t%s\t%d\t%ld\t%ld\t%ld\t%s\t%s\n", name, (int)getpid(), login->phase, login->code, milliseconds() - begun,
    login->heard, login->open, login->seen, login->told);
}

/* Both gates are pipes that nothing is ever written into: they open when the last writer is gone. */
struct gate {
  int reading, writing;
};
static struct gate gate(void) {
  int ends[2];
  if (pipe(ends) != 0) exit(1);
  return (struct gate){ends[0], ends[1]};
}
static void wait_at(int reading) {
  char byte;
  while (read(reading, &byte, 1) < 0 && errno == EINTR) {}
}

static int staying, leaving = -1;

static void start(const struct person *person, const struct gate *shot, const struct gate *end) {
  pid_t child = fork();
  if (child != 0) {
    if (child > 0) staying++;
    return;
  }
  if (shot != NULL) {
    close(shot->writing);
    wait_at(shot->reading);
  }
  long begun = milliseconds();
  struct login login = {0};
  if (open_session(&login, person)) look(&login, person->name);
  say(&login, person->name, begun);
  if (end != NULL && login.open >= 0) {
    close(end->writing);
    wait_at(end->reading);
  }
  close_session(&login);
  _exit(0);
}

static void crowd(int from, int count, int step) {
  struct gate shot = gate(), end = gate();
  for (int i = 0; i < count; i++) start(&people[(from + i * step) % known], &shot, &end);
  close(shot.writing);
  close(shot.reading);
  close(end.reading);
  if (leaving >= 0) exit(64);
  leaving = end.writing;
}

static void wait_for(int left) {
  while (staying > left && waitpid(-1, NULL, 0) > 0) staying--;
}

static long resident(void) {
  FILE *file = fopen("/proc/self/smaps_rollup", "r");
  char line[256];
  long size = -1;
  while (file != NULL && fgets(line, sizeof line, file) != NULL) sscanf(line, "Private_Dirty: %ld", &size);
  if (file != NULL) fclose(file);
  return size;
}

static int descriptors(void) {
  DIR *directory = opendir("/proc/self/fd");
  int count = 0;
  while (directory != NULL && readdir(directory) != NULL) count++;
  if (directory != NULL) closedir(directory);
  return count - 3; /* . and .. and its own */
}

/* The last of the list stays in all the time: a process whose last session is over is asked to go. */
static void serial(int count, int every) {
  struct login anchor = {0};
  long begun = milliseconds();
  if (open_session(&anchor, &people[known - 1])) look(&anchor, people[known - 1].name);
  say(&anchor, people[known - 1].name, begun);
  for (int i = 0; i < count; i++) {
    const struct person *person = &people[i % (known - 1)];
    struct login login = {0};
    begun = milliseconds();
    if (open_session(&login, person)) look(&login, person->name);
    say(&login, person->name, begun);
    close_session(&login);
    if ((i + 1) % every == 0) dprintf(1, "sample %d %d %ld\n", i + 1, descriptors(), resident());
  }
  close_session(&anchor);
}

static void read_list(const char *path) {
  FILE *file = fopen(path, "r");
  static char line[longest];
  while (file != NULL && known < most && fgets(line, sizeof line, file) != NULL) {
    char *tab = strchr(line, '\t');
    if (tab == NULL) continue;
    *tab = '\0';
    char *text = NULL;
    for (char *c = tab + 1; *c != '\0'; c++) if (*c == '\t') *c = ' ';
    if (asprintf(&text, "SSH_AUTH_INFO_0=%s", tab + 1) < 0) exit(1); /* with the newline that sshd writes */
    people[known++] = (struct person){strdup(line), text};
  }
  if (file != NULL) fclose(file);
}

int main(int argc, char **argv) {
  if (argc != 3) return 64;
  configuration = argv[1];
  read_list(argv[2]);
  if (known < 2) return 1;
  char order[256];
  while (fgets(order, sizeof order, stdin) != NULL) {
    int a = 0, b = 0;
    long begun = milliseconds();
    if (sscanf(order, "open %d %d", &a, &b) == 2) {
      crowd(a, b, 1);
    } else if (sscanf(order, "same %d %d", &a, &b) == 2) {
      crowd(a, b, 0);
    } else if (strncmp(order, "close", 5) == 0) {
      close(leaving);
      leaving = -1;
      wait_for(0);
      dprintf(1, "closed %ld\n", milliseconds() - begun);
    } else if (sscanf(order, "stream %d %d", &a, &b) == 2) {
      for (int i = 0; i < a; i++) {
        wait_for(b - 1);
        start(&people[i % known], NULL, NULL);
      }
      wait_for(0);
      dprintf(1, "streamed %ld\n", milliseconds() - begun);
    } else if (sscanf(order, "serial %d %d", &a, &b) == 2) {
      serial(a, b);
      dprintf(1, "served %ld\n", milliseconds() - begun);
    } else {
      return 64;
    }
  }
  return 0;
}
