// A line with a long way: everything that one network namespace sends to another arrives that much later. (Where the kernel has
// sch_netem, tc does the same; where it has not, this does.)
//
//   delay MILLISECONDS PID       each way; makes "near" here and "far" in PID's network namespace, and prints "ready"
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { held = 1024, longest = 2048 };
struct packet { long due; int length; char bytes[longest]; };
struct line { int from, to; unsigned first, next; struct packet packets[held]; };
static struct line there, back;

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000L + time.tv_nsec / 1000;
}

static int device(const char *name) {
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  int file = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
  if (file < 0 || ioctl(file, TUNSETIFF, &request) != 0) {
    perror("tun");
    exit(1);
  }
  return file;
}

static void take(struct line *line, long delay) {
  while (line->next - line->first < held) {
    struct packet *packet = &line->packets[line->next % held];
    packet->length = (int)read(line->from, packet->bytes, longest);
    if (packet->length <= 0) return;
    packet->due = now() + delay;
    line->next++;
  }
}

static long give(struct line *line) {
  while (line->first != line->next) {
    struct packet *packet = &line->packets[line->first % held];
    long left = packet->due - now();
    if (left > 0) return left;
    if (write(line->to, packet->bytes, (size_t)packet->length) < 0) {} /* a packet that is lost is sent again */
    line->first++;
  }
  return 1000000;
}

int main(int argc, char **argv) {
  if (argc != 3) return 64;
  long delay = atol(argv[1]) * 1000;
  char path[64];
  int near = device("near");
  snprintf(path, sizeof path, "/proc/%d/ns/net", atoi(argv[2]));
  int namespace = open(path, O_RDONLY);
  if (namespace < 0 || setns(namespace, CLONE_NEWNET) != 0) {
    perror(path);
    return 1;
  }
  int far = device("far");
  there = (struct line){.from = near, .to = far};
  back = (struct line){.from = far, .to = near};
  puts("ready");
  fflush(stdout);
  for (;;) {
    long first = give(&there), second = give(&back), wait = first < second ? first : second;
    struct pollfd files[2] = {{.fd = near, .events = POLLIN}, {.fd = far, .events = POLLIN}};
    struct timespec time = {.tv_sec = wait / 1000000, .tv_nsec = wait % 1000000 * 1000};
    ppoll(files, 2, &time, NULL);
    take(&there, delay);
    take(&back, delay);
  }
}
