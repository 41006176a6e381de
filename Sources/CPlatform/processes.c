// Processes: started, held, become somebody else, and what they leave in the kernel. See system.h.
#define _GNU_SOURCE
#include "include/system.h"
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>

int sojourn_remove_ipc(int kind, int id) {
  switch (kind) {
    case 0: return shmctl(id, IPC_RMID, NULL);
    case 1: return semctl(id, 0, IPC_RMID);
    case 2: return msgctl(id, IPC_RMID, NULL);
    default: errno = EINVAL; return -1;
  }
}

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

/* With `envp` NULL: attended. */
static int spawn(const char *path, char *const *argv, char *const *envp, const int *fds, int fd_count, int *pid_out) {
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
  posix_spawnattr_setflags(&attributes, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (envp ? POSIX_SPAWN_SETSID : 0)));
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
  if (result == 0)
    result = envp ? posix_spawn(pid_out, path, &actions, &attributes, argv, envp)
                  : posix_spawnp(pid_out, path, &actions, &attributes, argv, environ);
  for (int i = 0; i < count; i++)
    if (above[i] >= 0) close(above[i]);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return result;
}

int sojourn_spawn(const char *path, char *const *argv, char *const *envp, const int *fds, int fd_count, int *pid_out) {
  return spawn(path, argv, envp, fds, fd_count, pid_out);
}

int sojourn_spawn_attended(const char *name, char *const *argv, const int *fds, int fd_count, int *pid_out) {
  return spawn(name, argv, NULL, fds, fd_count, pid_out);
}

static const int interrupts[] = {SIGINT, SIGQUIT};
static struct sigaction interrupts_before[2];

void sojourn_leave_interrupts(int leave) {
  struct sigaction ignored = {.sa_handler = SIG_IGN};
  for (int i = 0; i < 2; i++) {
    if (leave) sigaction(interrupts[i], &ignored, &interrupts_before[i]);
    else sigaction(interrupts[i], &interrupts_before[i], NULL);
  }
}

int sojourn_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

int sojourn_raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &limit);
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

int sojourn_user_runs(uint32_t uid) {
  if (uid == 0) return 1; /* to getpriority(2) this is whoever asks */
  errno = 0;
  if (getpriority(PRIO_USER, uid) != -1 || errno == 0) return 1;
  return errno == ESRCH ? 0 : -1;
}

void sojourn_yield_to_others(void) {
  enum { of_process = 1, class_idle = 3, class_shift = 13 }; /* <linux/ioprio.h> is not in every kernel's headers */
  setpriority(PRIO_PROCESS, 0, 19);
  syscall(SYS_ioprio_set, of_process, 0, class_idle << class_shift);
}

int sojourn_parent_death_signal(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); }
void sojourn_set_name(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
