// Moves the clocks of every program of a private host that loads it (ld.so.preload(5)): there is no namespace for the wall
// clock, and the one for the boot clock cannot be changed once a process is in it. /run/clock-offset holds two numbers of
// seconds: what is added to CLOCK_REALTIME and to CLOCK_BOOTTIME. No file: nothing is.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = (int)syscall(SYS_clock_gettime, clock, time);
  if (result != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_BOOTTIME)) return result;
  char text[64] = "";
  int file = open("/run/clock-offset", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t got = read(file, text, sizeof text - 1);
  close(file);
  if (got <= 0) return 0;
  char *rest = NULL;
  long wall = strtol(text, &rest, 10), boot = strtol(rest, NULL, 10);
  time->tv_sec += clock == CLOCK_REALTIME ? wall : boot;
  return 0;
}
