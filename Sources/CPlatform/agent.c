// A caller's socket. See system.h.
#define _GNU_SOURCE
#include "include/system.h"
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/un.h>

/* Everything between the two changes of identity: with the caller's rights, on the very file that was looked at. */
static int connect_to_own(const char *path, uint32_t uid, int milliseconds) {
  struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
  int point = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
  if (point < 0) return -1;
  int fd = -1, failure = 0;
  struct stat facts;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", point);
  if (fstat(point, &facts) != 0) failure = errno;
  else if (!S_ISSOCK(facts.st_mode)) failure = ENOTSOCK;
  else if (facts.st_uid != uid) failure = EPERM;
  else if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0) failure = errno;
  else if (sojourn_set_timeouts(fd, milliseconds) != 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) failure = errno;
  close(point);
  if (failure == 0) return fd;
  if (fd >= 0) close(fd);
  errno = failure;
  return -1;
}

int sojourn_connect_as(const char *path, uint32_t uid, uint32_t gid, int milliseconds) {
  gid_t group = getegid();
  uid_t user = geteuid();
  int fd = -1, failure = 0;
  if (setegid(gid) != 0 || seteuid(uid) != 0) failure = errno;
  else if ((fd = connect_to_own(path, uid, milliseconds)) < 0) failure = errno;
  /* The host program goes on as who it was, or hears that it cannot. */
  if (seteuid(user) != 0 || setegid(group) != 0) failure = EPERM;
  if (failure == 0) return fd;
  if (fd >= 0) close(fd);
  errno = failure;
  return -1;
}
