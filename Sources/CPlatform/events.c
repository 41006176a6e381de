// What a loop waits for, the clocks, and random bytes. See system.h.
#define _GNU_SOURCE
#include "include/system.h"
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/timex.h>

int sojourn_errno(void) { return errno; }
void sojourn_set_errno(int value) { errno = value; }

static int64_t nanoseconds(clockid_t id) {
  struct timespec t;
  if (clock_gettime(id, &t) != 0) return -1;
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
int64_t sojourn_wall_nanoseconds(void) { return nanoseconds(CLOCK_REALTIME); }
int64_t sojourn_boot_nanoseconds(void) { return nanoseconds(CLOCK_BOOTTIME); }
int64_t sojourn_work_nanoseconds(void) { return nanoseconds(CLOCK_THREAD_CPUTIME_ID); }

int sojourn_clock_is_synchronised(void) {
  struct timex clock = {0}; /* modes 0: only asked */
  if (adjtimex(&clock) < 0) return -1;
  return (clock.status & STA_UNSYNC) == 0;
}

int sojourn_random(void *bytes, size_t count) {
  unsigned char *at = bytes;
  while (count > 0) {
    ssize_t got = getrandom(at, count, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return -1;
    at += got;
    count -= (size_t)got;
  }
  return 0;
}

int sojourn_epoll(void) { return epoll_create1(EPOLL_CLOEXEC); }
int sojourn_epoll_add(int epoll, int fd) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = fd};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}
int sojourn_epoll_remove(int epoll, int fd) { return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL); }
int sojourn_epoll_wait(int epoll, int *fds, int capacity, int milliseconds) {
  struct epoll_event events[64];
  int count = epoll_wait(epoll, events, capacity > 64 ? 64 : capacity, milliseconds);
  for (int i = 0; i < count; i++) fds[i] = events[i].data.fd;
  return count;
}

int sojourn_signalfd(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGCHLD);
  if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sigprocmask(SIG_BLOCK, &set, NULL) != 0) return -1;
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int sojourn_screen_signals(void) {
  static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) sigaddset(&set, numbers[i]);
  if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) return -1;
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void sojourn_die_by(int number) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  signal(number, SIG_DFL);
  raise(number);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int sojourn_signal_read(int fd) {
  struct signalfd_siginfo info;
  return read(fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : -1;
}

int sojourn_inotify(void) { return inotify_init1(IN_CLOEXEC | IN_NONBLOCK); }
int sojourn_inotify_watch(int fd, const char *directory) {
  return inotify_add_watch(fd, directory, IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB);
}
