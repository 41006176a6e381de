// Asks glibc for names, in this very process, and says what one question costs.
//
//   ask COUNT by-name|by-uid|miss|groups NAME UID      "NANOSECONDS-PER-QUESTION ANSWERED"
//   ask once by-name|by-uid|miss|groups NAME UID       one question: what loading costs is in it: "MICROSECONDS ANSWERED"
#define _GNU_SOURCE
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000L + time.tv_nsec;
}

static int ask(const char *what, const char *name, uid_t uid) {
  struct passwd entry, *found = NULL;
  static char buffer[65536];
  if (strcmp(what, "by-uid") == 0) return getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found != NULL;
  if (strcmp(what, "groups") == 0) {
    gid_t groups[256];
    int count = 256;
    return getgrouplist(name, uid, groups, &count) > 1;
  }
  return getpwnam_r(name, &entry, buffer, sizeof buffer, &found) == 0 && found != NULL;
}

int main(int argc, char **argv) {
  if (argc != 5) return 64;
  int once = strcmp(argv[1], "once") == 0;
  long count = once ? 1 : atol(argv[1]), answered = 0;
  uid_t uid = (uid_t)strtoul(argv[4], NULL, 10);
  if (!once) ask(argv[2], argv[3], uid); /* libraries are loaded once */
  long begun = now();
  for (long i = 0; i < count; i++) answered += ask(argv[2], argv[3], uid);
  long taken = now() - begun;
  if (once) printf("%.1f %ld\n", (double)taken / 1000, answered);
  else printf("%.0f %ld\n", (double)taken / (double)count, answered);
  return 0;
}
