// Unix sockets. See system.h.
#define _GNU_SOURCE
#include "include/system.h"
#include <stddef.h>
#include <sys/un.h>

static int unix_address(const char *path, struct sockaddr_un *address) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address->sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address->sun_path, path);
  return 0;
}

int sojourn_unix_connect(const char *path, int milliseconds) {
  struct sockaddr_un address;
  if (unix_address(path, &address) != 0) return -1;
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  /* Before connect(2), which waits while the daemon's queue is full. */
  if (sojourn_set_timeouts(fd, milliseconds) == 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  int saved = errno;
  close(fd);
  errno = saved;
  return -1;
}

int sojourn_unix_listen(const char *path, int backlog) {
  struct sockaddr_un address;
  if (unix_address(path, &address) != 0) return -1;
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  mode_t before = umask(0177);
  int bound = bind(fd, (struct sockaddr *)&address, sizeof address);
  umask(before);
  if (bound == 0 && listen(fd, backlog) == 0) return fd;
  int saved = errno;
  close(fd);
  errno = saved;
  return -1;
}

int sojourn_is_hung_up(int fd) {
  struct pollfd set = {.fd = fd, .events = POLLRDHUP};
  return poll(&set, 1, 0) > 0 && (set.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0;
}

int sojourn_is_writable(int fd) {
  struct pollfd set = {.fd = fd, .events = POLLOUT};
  return poll(&set, 1, 0) > 0 && (set.revents & POLLOUT) != 0 && (set.revents & (POLLERR | POLLHUP)) == 0;
}

int sojourn_accept(int fd) { return accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }

int sojourn_peer(int fd, struct sojourn_peer *out) {
  struct ucred credentials;
  socklen_t size = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return -1;
  out->pid = credentials.pid;
  out->uid = credentials.uid;
  out->gid = credentials.gid;
  return 0;
}

int sojourn_set_timeouts(int fd, int milliseconds) {
  struct timeval t = {.tv_sec = milliseconds / 1000, .tv_usec = (milliseconds % 1000) * 1000};
  if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t) != 0) return -1;
  return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
}

long sojourn_send(int fd, const void *bytes, size_t count) { return send(fd, bytes, count, MSG_NOSIGNAL); }
long sojourn_read(int fd, void *bytes, size_t count) { return read(fd, bytes, count); }
long sojourn_receive(int fd, void *bytes, size_t count) { return recv(fd, bytes, count, MSG_TRUNC); }

int sojourn_notify(const char *path, const char *text) {
  struct sockaddr_un address;
  if (unix_address(path, &address) != 0) return -1;
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
  if (address.sun_path[0] == '@') address.sun_path[0] = 0;
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  ssize_t sent = sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&address, size);
  close(fd);
  return sent < 0 ? -1 : 0;
}
