// libc, for HostSystem only. Why shims: Embedded Swift has no Glibc module, Swift cannot call variadics (open, fcntl,
// syslog), cannot see function-like macros (S_ISREG, WIFEXITED, CPU-dependent errno), and glibc hides struct ucred,
// pidfd and openat2 behind _GNU_SOURCE, which a Clang module cannot set for headers that other modules own.
#ifndef SOJOURN_SYSTEM_H
#define SOJOURN_SYSTEM_H
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#pragma clang assume_nonnull begin

/* errno is a macro over a thread-local. */
int  sojourn_errno(void);
void sojourn_set_errno(int value);

/* open(2), openat2(2): variadic, and hidden. `beneath` adds RESOLVE_BENEATH|NO_SYMLINKS|NO_MAGICLINKS|NO_XDEV.
   `sojourn_openat` never answers 0, 1 or 2, whatever streams its host has closed. */
int sojourn_openat(int directory, const char *path, int flags, unsigned mode);
int sojourn_openat_beneath(int directory, const char *path, int flags);
/* statx-free view of fstatat(2): only what we ask, with fixed types. */
struct sojourn_stat {
  uint64_t device, inode, size, links;
  uint64_t special; /* the device that a device file stands for */
  uint32_t mode, uid, gid;
  int64_t modified_seconds, modified_nanoseconds;
  int64_t changed_seconds, changed_nanoseconds;
};
int sojourn_fstat(int fd, struct sojourn_stat *out);
int sojourn_fstatat(int directory, const char *path, struct sojourn_stat *out); /* never follows a link */
int sojourn_rename(const char *from, const char *to); /* rename(2) is declared in stdio.h, which is not ours to import */
int sojourn_renameat_noreplace(int from_dir, const char *from, int to_dir, const char *to);
int sojourn_exchange(int from_dir, const char *from, int to_dir, const char *to);
int sojourn_holds(const void *bytes, size_t count, const void *wanted, size_t length); /* memmem(3) is hidden */
long sojourn_getdents(int fd, void *buffer, size_t size);
int sojourn_clear_immutable(int fd);
/* shmctl, semctl (variadic), msgctl with IPC_RMID: kind 0, 1, 2. */
int sojourn_remove_ipc(int kind, int id);
int sojourn_unmount(const char *path); /* umount2 with MNT_DETACH | UMOUNT_NOFOLLOW */
/* A mount point by a path in which nothing is a link (O_PATH), and its detachment: umount2(2) takes no descriptor. */
int sojourn_open_point(const char *path);
int sojourn_unmount_point(int fd);
int sojourn_fcntl_lock(int fd); /* F_OFD_SETLK, whole file, exclusive; 0, or -1 with EAGAIN when another has it */
int sojourn_set_nonblocking(int fd);
int sojourn_set_close_on_exec(int fd, int yes);

/* Processes. pidfd_open(2) and pidfd_send_signal(2) have no declaration outside _GNU_SOURCE. */
int sojourn_pidfd_open(int pid);
int sojourn_pidfd_signal(int pidfd, int signal);
/* waitid(P_PIDFD): 0 = still running, 1 = ended. `status` = exit code, or 128 + signal, as a shell has it. */
int sojourn_pidfd_wait(int pidfd, int *status);
/* posix_spawn(3) with the descriptors that we name and an empty signal mask; `fds[i]` becomes descriptor i, -1 = /dev/null. */
int sojourn_pipe(int *ends);
int sojourn_spawn(const char *path, char *_Nullable const *_Nonnull argv, char *_Nullable const *_Nonnull envp,
                  const int *fds, int fd_count, int *pid_out);
/* The same for a program that may ask the person at the terminal: looked for in PATH, with this process's own environment, byte for
   byte, and in its session: one of its own would have no terminal. */
int sojourn_spawn_attended(const char *name, char *_Nullable const *_Nonnull argv, const int *fds, int fd_count, int *pid_out);
/* 1: INT and QUIT of the terminal are for the program that runs there, as in system(3). 0: they are again what they were. */
void sojourn_leave_interrupts(int leave);
/* A file that has no name and is gone with its last descriptor (memfd_create(2), which only _GNU_SOURCE declares). */
int sojourn_memory_file(const char *name);

/* AF_UNIX SOCK_SEQPACKET: sockaddr_un, SO_PEERCRED and struct ucred. */
int sojourn_unix_connect(const char *path, int milliseconds); /* of patience, for this and every later call */
int sojourn_unix_listen(const char *path, int backlog); /* binds, mode 0600 from the first instant */
int sojourn_accept(int fd);
/* A stream socket that this user owns, reached with the rights of user and group and no link on the way (openat2(2), seteuid(2)).
   ENOTSOCK, EPERM (somebody else's, or the program could not become again who it was), ELOOP. */
int sojourn_connect_as(const char *path, uint32_t uid, uint32_t gid, int milliseconds);
int sojourn_is_hung_up(int fd); /* 1 if the peer has closed its end */
struct sojourn_peer { int pid; uint32_t uid, gid; };
int sojourn_peer(int fd, struct sojourn_peer *out);
int sojourn_set_timeouts(int fd, int milliseconds);
long sojourn_send(int fd, const void *bytes, size_t count);      /* MSG_NOSIGNAL */
long sojourn_read(int fd, void *bytes, size_t count);            /* read(2), whose name a Swift function of ours has */
long sojourn_receive(int fd, void *bytes, size_t count);         /* MSG_TRUNC: the packet's true length */

/* Clocks: CLOCK_REALTIME, CLOCK_BOOTTIME (Linux counts suspend), in nanoseconds; -1 on failure. */
int64_t sojourn_wall_nanoseconds(void);
int64_t sojourn_boot_nanoseconds(void);
int64_t sojourn_work_nanoseconds(void); /* of processor that this thread has had (CLOCK_THREAD_CPUTIME_ID) */
/* Does the kernel say that somebody keeps its clock right (adjtimex(2))? 1 yes, 0 no, -1 it cannot be asked. */
int sojourn_clock_is_synchronised(void);
int sojourn_random(void *bytes, size_t count);

/* Room on the file system of a path, in bytes and in files; 0, or -1. */
struct sojourn_space {
  uint64_t size, free;
  uint64_t files, free_files; /* both 0: it counts none */
};
int sojourn_space(const char *path, struct sojourn_space *out);

/* dlopen(3) with all symbols bound at once, for good. NULL: the linker's words are in `detail`. */
void *_Nullable sojourn_load(const char *library, char *detail, size_t detail_size);
int sojourn_defines(void *library, const char *symbol); /* 1 if it does */

/* One datagram to an AF_UNIX socket, abstract if the path begins with '@' (sd_notify(3)). */
int sojourn_notify(const char *path, const char *text);

/* epoll(7): the event structure is packed on x86-64. Interest is always "readable, or hung up". */
int sojourn_epoll(void);
int sojourn_epoll_add(int epoll, int fd);
int sojourn_epoll_remove(int epoll, int fd);
int sojourn_epoll_wait(int epoll, int *fds, int capacity, int milliseconds);

/* Event sources of the daemon: signalfd(2), inotify(7). */
int sojourn_signalfd(void); /* TERM, INT, HUP, CHLD blocked and readable; PIPE ignored: a closed log is no reason to die */
int sojourn_raise_descriptor_limit(void); /* RLIMIT_NOFILE up to the hard limit: a descriptor a session */
int sojourn_signal_read(int fd);
int sojourn_inotify(void);
int sojourn_inotify_watch(int fd, const char *directory);

/* Becoming somebody else for ever, and nothing else: setgroups(0), setresgid, setresuid, empty capability sets. */
int sojourn_become(uint32_t uid, uint32_t gid);
/* 0 if every capability set of this process is empty, else -1. */
int sojourn_has_no_capability(void);
/* getpriority(2), whose -1 is an answer too: 1 if a thread of this host has the real uid, 0 if none has, -1 if the kernel does not say.
   It knows the uids that are in use, and looks through its threads only for one of them. */
int sojourn_user_runs(uint32_t uid);
int sojourn_parent_death_signal(void);
void sojourn_yield_to_others(void); /* nice 19, and the idle class of ioprio_set(2), which has no wrapper in the C library */
void sojourn_set_name(const char *name); /* prctl(2) is variadic */
/* Empties the user, user-session and persistent keyrings of the uid that this process has (keyctl(2), which has no wrapper in
   the C library). 0, or the first errno: what the kernel does not have (ENOSYS, EOPNOTSUPP) is empty. */
int sojourn_clear_keyrings(void);

/* glibc: which services a database uses in this process; not declared for users of the C library. */
int sojourn_nss_use(const char *database, const char *services);
/* One source of names asked by itself, with its own status, which getpwnam_r(3) does not tell (nss(5)): NULL asks by number.
   `sojourn_source_no_answer` carries errno's value in `*error`; `_lacking`: not installed, or it has no such database. */
void sojourn_source_load(const char *service);
enum { sojourn_source_found, sojourn_source_none, sojourn_source_no_answer, sojourn_source_lacking };
/* `found`: two numbers that get the uid and the primary gid; NULL: not wanted. */
int sojourn_source_user(const char *service, const char *_Nullable name, uint32_t uid, uint32_t *_Nullable found, int *error);
int sojourn_source_group(const char *service, const char *_Nullable name, uint32_t gid, uint32_t *found, int *error);
/* What all sources together answer, by libc itself as in every other program, as a line of passwd(5) or group(5), cut at `size`;
   NULL asks by number. 1: there is one, 0: nobody is known, as getent(1) would say it too of a source that fails; -1: no memory for it. */
int sojourn_name_line(int is_group, const char *_Nullable name, uint32_t number, char *line, size_t size);
/* getgrouplist(3): the number of groups, also when `capacity` is too small; -1 on error. */
int sojourn_group_list(const char *name, uint32_t gid, uint32_t *out, int capacity);

/* syslog(3) is variadic, and openlog would change the identity of the host program. The text is never a format. */
void sojourn_syslog(int priority, const char *text);
/* The same for a daemon whose loop may not wait: a message that /dev/log does not take at once is lost. 0, or -1. */
int sojourn_syslog_at_once(int priority, const char *name, int pid, const char *text);
/* A terminal's size (TIOCGWINSZ is a macro for a variadic call): 0, or -1. */
int sojourn_terminal_size(int fd, int *columns, int *rows);
/* The signals that a full screen must answer to: INT, TERM, HUP, QUIT, TSTP, WINCH. Blocked and readable from then on. */
int sojourn_screen_signals(void);
void sojourn_die_by(int signal); /* SIG_DFL is a macro with a cast */
/* 1 if writing to it would not wait. */
int sojourn_is_writable(int fd);
extern char *_Nullable *_Nullable environ;

#pragma clang assume_nonnull end

/* Constants that are macros with casts or behind feature tests. */
static const int sojourn_o_path = 010000000;
#endif
