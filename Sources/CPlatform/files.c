// Files, directories, mounts and locks. See system.h.
#define _GNU_SOURCE
#include "include/system.h"
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

int sojourn_openat(int directory, const char *path, int flags, unsigned mode) {
  int fd = openat(directory, path, flags | O_CLOEXEC | O_NOCTTY, mode);
  if (fd < 0 || fd > 2) return fd;
  /* A host that runs without standard streams would print into our file, or hand it to a child as one. */
  int above = fcntl(fd, F_DUPFD_CLOEXEC, 3), saved = errno;
  close(fd);
  errno = saved;
  return above;
}

int sojourn_openat_beneath(int directory, const char *path, int flags) {
  struct open_how how = {0};
  /* openat2 refuses with O_PATH what open(2) would ignore. */
  how.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC | O_NOFOLLOW | (flags & O_PATH ? 0 : O_NOCTTY));
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int sojourn_open_point(const char *path) {
  struct open_how how = {0};
  how.flags = O_PATH | O_CLOEXEC | O_NOFOLLOW;
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

static void fill(struct sojourn_stat *out, const struct stat *s) {
  out->device = s->st_dev;
  out->inode = s->st_ino;
  out->size = s->st_size < 0 ? 0 : (uint64_t)s->st_size;
  out->links = s->st_nlink;
  out->mode = s->st_mode;
  out->uid = s->st_uid;
  out->gid = s->st_gid;
  out->special = s->st_rdev;
  out->modified_seconds = s->st_mtim.tv_sec;
  out->modified_nanoseconds = s->st_mtim.tv_nsec;
  out->changed_seconds = s->st_ctim.tv_sec;
  out->changed_nanoseconds = s->st_ctim.tv_nsec;
}

int sojourn_fstat(int fd, struct sojourn_stat *out) {
  struct stat s;
  if (fstat(fd, &s) != 0) return -1;
  fill(out, &s);
  return 0;
}

int sojourn_fstatat(int directory, const char *path, struct sojourn_stat *out) {
  struct stat s;
  if (fstatat(directory, path, &s, AT_SYMLINK_NOFOLLOW) != 0) return -1;
  fill(out, &s);
  return 0;
}

int sojourn_rename(const char *from, const char *to) { return rename(from, to); }

int sojourn_renameat_noreplace(int from_dir, const char *from, int to_dir, const char *to) {
  return renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE);
}

int sojourn_exchange(int from_dir, const char *from, int to_dir, const char *to) {
  return renameat2(from_dir, from, to_dir, to, RENAME_EXCHANGE);
}

int sojourn_holds(const void *bytes, size_t count, const void *wanted, size_t length) { return memmem(bytes, count, wanted, length) != NULL; }

long sojourn_getdents(int fd, void *buffer, size_t size) { return syscall(SYS_getdents64, fd, buffer, size); }

/* <linux/fs.h> and <sys/mount.h> define the same names differently, so its two flags stand here (ioctl_iflags(2)). */
enum { get_flags = _IOR('f', 1, long), set_flags = _IOW('f', 2, long), append_only = 0x20, immutable = 0x10 };

int sojourn_terminal_size(int fd, int *columns, int *rows) {
  struct winsize size;
  if (ioctl(fd, TIOCGWINSZ, &size) != 0) return -1;
  *columns = size.ws_col;
  *rows = size.ws_row;
  return 0;
}

int sojourn_clear_immutable(int fd) {
  int flags = 0;
  if (ioctl(fd, (unsigned long)get_flags, &flags) != 0) return -1;
  int cleared = flags & ~(immutable | append_only);
  if (cleared == flags) return 0;
  return ioctl(fd, (unsigned long)set_flags, &cleared);
}

int sojourn_unmount(const char *path) { return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW); }

int sojourn_unmount_point(int fd) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return umount2(path, MNT_DETACH);
}

int sojourn_fcntl_lock(int fd) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(fd, F_OFD_SETLK, &lock);
}

int sojourn_set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int sojourn_set_close_on_exec(int fd, int yes) { return fcntl(fd, F_SETFD, yes ? FD_CLOEXEC : 0); }

int sojourn_space(const char *path, struct sojourn_space *out) {
  struct statvfs s;
  if (statvfs(path, &s) != 0) return -1;
  out->size = (uint64_t)s.f_blocks * s.f_frsize;
  out->free = (uint64_t)s.f_bavail * s.f_frsize;
  out->files = s.f_files;
  out->free_files = s.f_favail;
  return 0;
}
