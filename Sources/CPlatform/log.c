// syslog. See system.h.
#define _GNU_SOURCE
#include "include/system.h"
#include <stdio.h>
#include <sys/un.h>
#include <syslog.h>

int sojourn_syslog_at_once(int priority, const char *name, int pid, const char *text) {
  static int log = -1;
  char line[2048], when[32];
  time_t now = time(NULL);
  struct tm parts;
  /* RFC 3164 section 4.1.2 wants English months, whatever the locale. */
  static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (localtime_r(&now, &parts) == NULL || parts.tm_mon < 0 || parts.tm_mon > 11) return -1;
  snprintf(when, sizeof when, "%s %2d %02d:%02d:%02d", months[parts.tm_mon], parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  int length = snprintf(line, sizeof line, "<%d>%s %s[%d]: %s", priority, when, name, pid, text);
  if (length < 0) return -1;
  if (length >= (int)sizeof line) length = (int)sizeof line - 1;
  for (int attempt = 0; attempt < 2; attempt++) {
    if (log < 0) {
      struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
      log = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      if (log < 0) return -1;
      if (connect(log, (struct sockaddr *)&address, sizeof address) != 0) {
        close(log);
        log = -1;
        return -1;
      }
    }
    if (send(log, line, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return 0;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return -1;
    /* The log service was restarted: its socket is another one. */
    close(log);
    log = -1;
  }
  return -1;
}

void sojourn_syslog(int priority, const char *text) { syslog(priority, "%s", text); }
