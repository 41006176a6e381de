// See system.h for why each of these exists.
#define _GNU_SOURCE
#include "include/system.h"
#include <dlfcn.h>
#include <stddef.h>
#include <linux/openat2.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <nss.h>

int sojourn_errno(void) { return errno; }
void sojourn_set_errno(int value) { errno = value; }

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
  how.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

static void fill(struct sojourn_stat *out, const struct stat *s) {
  out->device = s->st_dev;
  out->inode = s->st_ino;
  out->size = s->st_size < 0 ? 0 : (uint64_t)s->st_size;
  out->links = s->st_nlink;
  out->mode = s->st_mode;
  out->uid = s->st_uid;
  out->gid = s->st_gid;
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

long sojourn_getdents(int fd, void *buffer, size_t size) { return syscall(SYS_getdents64, fd, buffer, size); }

/* <linux/fs.h> and <sys/mount.h> define the same names differently, so its two flags stand here (ioctl_iflags(2)). */
enum { get_flags = _IOR('f', 1, long), set_flags = _IOW('f', 2, long), append_only = 0x20, immutable = 0x10 };

int sojourn_clear_immutable(int fd) {
  int flags = 0;
  if (ioctl(fd, (unsigned long)get_flags, &flags) != 0) return -1;
  int cleared = flags & ~(immutable | append_only);
  if (cleared == flags) return 0;
  return ioctl(fd, (unsigned long)set_flags, &cleared);
}

int sojourn_remove_ipc(int kind, int id) {
  switch (kind) {
    case 0: return shmctl(id, IPC_RMID, NULL);
    case 1: return semctl(id, 0, IPC_RMID);
    case 2: return msgctl(id, IPC_RMID, NULL);
    default: errno = EINVAL; return -1;
  }
}

int sojourn_unmount(const char *path) { return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW); }

int sojourn_fcntl_lock(int fd) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(fd, F_OFD_SETLK, &lock);
}

int sojourn_set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int sojourn_set_close_on_exec(int fd, int yes) { return fcntl(fd, F_SETFD, yes ? FD_CLOEXEC : 0); }

int sojourn_pipe(int *ends) { return pipe2(ends, O_CLOEXEC); }

int sojourn_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
int sojourn_pidfd_signal(int pidfd, int signal) { return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0); }

int sojourn_pidfd_wait(int pidfd, int *status) {
  siginfo_t info = {0};
  int result;
  do result = waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG);
  while (result != 0 && errno == EINTR);
  if (result != 0) return -1;
  if (info.si_pid == 0) return 0;
  *status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
  return 1;
}

int sojourn_spawn(const char *path, char *const *argv, char *const *envp, const int *fds, int fd_count, int *pid_out) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, all;
  int result = posix_spawn_file_actions_init(&actions);
  if (result != 0) return result;
  result = posix_spawnattr_init(&attributes);
  if (result != 0) {
    posix_spawn_file_actions_destroy(&actions);
    return result;
  }
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  /* Sources go above the targets first, so that no dup2 overwrites a descriptor that a later one still needs. */
  int above[8];
  int count = fd_count > 8 ? 8 : fd_count;
  for (int i = 0; i < count; i++) {
    above[i] = -1;
    if (fds[i] >= 0) {
      above[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 64);
      if (above[i] < 0 && result == 0) result = errno;
    }
  }
  for (int i = 0; i < count && result == 0; i++) {
    result = above[i] >= 0 ? posix_spawn_file_actions_adddup2(&actions, above[i], i)
                           : posix_spawn_file_actions_addopen(&actions, i, "/dev/null", O_RDWR, 0);
  }
  /* What this process was itself started with may not be close-on-exec. */
  if (result == 0) result = posix_spawn_file_actions_addclosefrom_np(&actions, count);
  if (result == 0) result = posix_spawn(pid_out, path, &actions, &attributes, argv, envp);
  for (int i = 0; i < count; i++)
    if (above[i] >= 0) close(above[i]);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return result;
}

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

int sojourn_raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &limit);
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

static int64_t nanoseconds(clockid_t id) {
  struct timespec t;
  if (clock_gettime(id, &t) != 0) return -1;
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
int64_t sojourn_wall_nanoseconds(void) { return nanoseconds(CLOCK_REALTIME); }
int64_t sojourn_boot_nanoseconds(void) { return nanoseconds(CLOCK_BOOTTIME); }

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

int sojourn_signal_read(int fd) {
  struct signalfd_siginfo info;
  return read(fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : -1;
}

int sojourn_inotify(void) { return inotify_init1(IN_CLOEXEC | IN_NONBLOCK); }
int sojourn_inotify_watch(int fd, const char *directory) {
  return inotify_add_watch(fd, directory, IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB);
}

int sojourn_become(uint32_t uid, uint32_t gid) {
  if (syscall(SYS_setgroups, 0, NULL) != 0) return -1;
  if (syscall(SYS_setresgid, gid, gid, gid) != 0) return -1;
  if (syscall(SYS_setresuid, uid, uid, uid) != 0) return -1;
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct none[2] = {{0}};
  if (syscall(SYS_capset, &header, none) != 0) return -1;
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int sojourn_has_no_capability(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct sets[2] = {{0}};
  if (syscall(SYS_capget, &header, sets) != 0) return -1;
  for (int i = 0; i < 2; i++)
    if (sets[i].effective || sets[i].permitted || sets[i].inheritable) return -1;
  return 0;
}

static int clear_keyring(long keyring) {
  if (syscall(SYS_keyctl, KEYCTL_CLEAR, keyring) == 0) return 0;
  return errno == ENOSYS || errno == EOPNOTSUPP || errno == ENOKEY ? 0 : errno;
}

int sojourn_clear_keyrings(void) {
  int first = 0, error;
  if ((error = clear_keyring(KEY_SPEC_USER_KEYRING)) != 0) first = error;
  if ((error = clear_keyring(KEY_SPEC_USER_SESSION_KEYRING)) != 0 && first == 0) first = error;
  long persistent = syscall(SYS_keyctl, KEYCTL_GET_PERSISTENT, -1, KEY_SPEC_PROCESS_KEYRING);
  if (persistent > 0) {
    if ((error = clear_keyring(persistent)) != 0 && first == 0) first = error;
  } else if (errno != EOPNOTSUPP && errno != ENOSYS && first == 0) {
    first = errno;
  }
  return first;
}

int sojourn_parent_death_signal(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); }
void sojourn_set_name(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/* Exported by glibc for nscd and tests, in no public header (GLIBC_2.2.5). */
extern int __nss_configure_lookup(const char *database, const char *services);
int sojourn_nss_use(const char *database, const char *services) { return __nss_configure_lookup(database, services); }

/* The service's own function, as glibc would find it; its library stays loaded, as glibc leaves it. */
static void *source_function(const char *service, const char *function) {
  char name[160];
  if (snprintf(name, sizeof name, "libnss_%s.so.2", service) >= (int)sizeof name) return NULL;
  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (snprintf(name, sizeof name, "_nss_%s_%s", service, function) >= (int)sizeof name) return NULL;
  /* `files` and `dns` are in the C library itself since 2.34. */
  void *found = library != NULL ? dlsym(library, name) : NULL;
  return found != NULL ? found : dlsym(RTLD_DEFAULT, name);
}

/* NSS_STATUS_TRYAGAIN with ERANGE asks for a larger buffer; up to 1 MiB it gets one. */
static int source_status(enum nss_status status, int error, size_t *size) {
  if (status == NSS_STATUS_TRYAGAIN && error == ERANGE && *size < 1 << 20) {
    *size *= 4;
    return -1;
  }
  if (status == NSS_STATUS_SUCCESS) return sojourn_source_found;
  return status == NSS_STATUS_NOTFOUND ? sojourn_source_none : sojourn_source_no_answer;
}

int sojourn_source_user(const char *service, const char *name, uint32_t uid, int *error) {
  void *function = source_function(service, name != NULL ? "getpwnam_r" : "getpwuid_r");
  if (function == NULL) return sojourn_source_lacking;
  for (size_t size = 4096;;) {
    struct passwd entry;
    char *buffer = malloc(size);
    if (buffer == NULL) { *error = ENOMEM; return sojourn_source_no_answer; }
    *error = errno = 0;
    enum nss_status status = name != NULL
      ? ((enum nss_status (*)(const char *, struct passwd *, char *, size_t, int *))function)(name, &entry, buffer, size, error)
      : ((enum nss_status (*)(uid_t, struct passwd *, char *, size_t, int *))function)(uid, &entry, buffer, size, error);
    free(buffer);
    int result = source_status(status, *error, &size);
    if (result >= 0) return result;
  }
}

int sojourn_source_group(const char *service, const char *name, uint32_t gid, uint32_t *found, int *error) {
  void *function = source_function(service, name != NULL ? "getgrnam_r" : "getgrgid_r");
  if (function == NULL) return sojourn_source_lacking;
  for (size_t size = 4096;;) {
    struct group entry;
    char *buffer = malloc(size);
    if (buffer == NULL) { *error = ENOMEM; return sojourn_source_no_answer; }
    *error = errno = 0;
    enum nss_status status = name != NULL
      ? ((enum nss_status (*)(const char *, struct group *, char *, size_t, int *))function)(name, &entry, buffer, size, error)
      : ((enum nss_status (*)(gid_t, struct group *, char *, size_t, int *))function)(gid, &entry, buffer, size, error);
    if (status == NSS_STATUS_SUCCESS) *found = entry.gr_gid;
    free(buffer);
    int result = source_status(status, *error, &size);
    if (result >= 0) return result;
  }
}

int sojourn_group_list(const char *name, uint32_t gid, uint32_t *out, int capacity) {
  int count = capacity;
  int result = getgrouplist(name, gid, out, &count);
  return result < 0 && count <= capacity ? -1 : count;
}

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
