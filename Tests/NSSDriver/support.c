#include "driver.h"
#include <dirent.h>
#include <ftw.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/wait.h>

static atomic_int made, failed;
int checks_made(void) { return made; }
int checks_failed(void) { return failed; }

void expect_at(int line, bool holds, const char *format, ...) {
  made++;
  if (holds) return;
  if (++failed > 20) return;
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  printf("line %d: %s\n", line, text);
}

static void collect(pid_t child, int from) {
  int counts[2] = {0, 1}, status = 0;
  if (read(from, counts, sizeof counts) != sizeof counts) counts[1] = 1;
  close(from);
  waitpid(child, &status, 0);
  made += counts[0];
  failed += counts[1];
  if (WIFSIGNALED(status)) {
    failed++;
    printf("a child was killed by signal %d\n", WTERMSIG(status));
  }
}

void in_child(void (*body)(void *), void *argument) {
  int ends[2];
  if (pipe(ends) != 0) abort();
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    made = failed = 0;
    close(ends[0]);
    body(argument);
    int counts[2] = {made, failed};
    if (write(ends[1], counts, sizeof counts) < 0) _exit(2);
    fflush(stdout);
    _exit(0);
  }
  close(ends[1]);
  collect(child, ends[0]);
}

void run_copy(const char *path, const char *requirement) {
  int ends[2];
  if (pipe(ends) != 0) abort();
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 3);
    if (ends[0] != 3) close(ends[0]);
    if (ends[1] != 3) close(ends[1]);
    execl(path, path, library, requirement, "inside", (char *)NULL);
    perror(path);
    _exit(2);
  }
  close(ends[1]);
  collect(child, ends[0]);
}

void put(const char *path, const void *bytes, size_t size, mode_t mode) {
  char beside[300];
  snprintf(beside, sizeof beside, "%s.new", path);
  int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || fchmod(fd, mode) != 0 || close(fd) != 0 || rename(beside, path) != 0) {
    perror(path);
    exit(2);
  }
}

void put_text(const char *path, const char *text) { put(path, text, strlen(text), 0644); }

void make_directories(void) {
  static const char *all[] = {"/run/sojourn", "/run/sojourn/nss", "/run/sojourn/nss/passwd", "/run/sojourn/nss/passwd-uid",
                              "/run/sojourn/nss/group", "/run/sojourn/nss/group-gid", "/run/sojourn/nss/member",
                              "/run/sojourn/nss/shell", "/var/lib/sojourn", "/var/lib/sojourn/uids"};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) mkdir(all[i], 0755);
}

static void place(char *out, size_t size, const char *directory, const char *name) {
  snprintf(out, size, "/run/sojourn/nss/%s/%s", directory, name);
}

void lease(const char *name, unsigned uid, const char *gecos, const char *members) {
  char line[2048], number[16], path[256];
  snprintf(number, sizeof number, "%u", uid);
  snprintf(line, sizeof line, "%s:*:%u:%u:%s:/var/lib/sojourn/home/%s:/usr/libexec/sojourn/shell\n", name, uid, uid, gecos, name);
  place(path, sizeof path, "passwd-uid", number);
  put_text(path, line);
  snprintf(path, sizeof path, "/run/sojourn/nss/group-gid/%s", number);
  char group[128];
  snprintf(group, sizeof group, "%s:*:%u:\n", name, uid);
  put_text(path, group);
  place(path, sizeof path, "member", name);
  put_text(path, members);
  place(path, sizeof path, "group", name);
  put_text(path, group);
  place(path, sizeof path, "passwd", name);
  put_text(path, line);
}

void withdraw(const char *name, unsigned uid) {
  char number[16], path[256];
  snprintf(number, sizeof number, "%u", uid);
  const char *by_name[] = {"passwd", "group", "member"}, *by_id[] = {"group-gid", "passwd-uid"};
  for (int i = 0; i < 3; i++) {
    place(path, sizeof path, by_name[i], name);
    unlink(path);
  }
  for (int i = 0; i < 2; i++) {
    place(path, sizeof path, by_id[i], number);
    unlink(path);
  }
}

void own(unsigned uid, const char *name) {
  char path[64];
  snprintf(path, sizeof path, "/var/lib/sojourn/uids/%u", uid);
  unlink(path);
  if (name != NULL && symlink(name, path) != 0) exit(2);
}

static int remove_entry(const char *path, const struct stat *facts, int kind, struct FTW *where) {
  (void)facts, (void)kind, (void)where;
  return remove(path);
}
void remove_tree(const char *path) { nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS); }

int open_descriptors(void) {
  int count = 0;
  DIR *directory = opendir("/proc/self/fd");
  while (readdir(directory) != NULL) count++;
  closedir(directory);
  return count;
}

/* The program's own malloc stands before libc's for everything that is loaded, the module too. */
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);
static atomic_ulong allocated;
unsigned long allocations(void) { return allocated; }
void *malloc(size_t size) { return atomic_fetch_add(&allocated, 1), __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return atomic_fetch_add(&allocated, 1), __libc_calloc(count, size); }
void *realloc(void *old, size_t size) { return atomic_fetch_add(&allocated, 1), __libc_realloc(old, size); }
void *memalign(size_t alignment, size_t size) { return atomic_fetch_add(&allocated, 1), __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { return atomic_fetch_add(&allocated, 1), __libc_memalign(alignment, size); }
int posix_memalign(void **out, size_t alignment, size_t size) {
  allocated++;
  *out = __libc_memalign(alignment, size);
  return *out == NULL ? ENOMEM : 0;
}
void free(void *old) { __libc_free(old); }

static bool within(const char *text, const char *buffer, size_t size) {
  return text >= buffer && text < buffer + size && memchr(text, 0, (size_t)(buffer + size - text)) != NULL;
}

/* The rules of every answer: the four statuses, what errnop says, where pointers point, errno as it was. */
static void check_status(enum nss_status status, int errnop, const char *what) {
  switch (status) {
  case NSS_STATUS_SUCCESS: expect(errnop == 4711, "%s: success changed errnop to %d", what, errnop); break;
  case NSS_STATUS_NOTFOUND: expect(errnop == ENOENT, "%s: not found with errnop %d", what, errnop); break;
  case NSS_STATUS_UNAVAIL: expect(errnop != ERANGE && errnop != 4711 && errnop > 0, "%s: unavailable with errnop %d", what, errnop); break;
  case NSS_STATUS_TRYAGAIN: expect(errnop == ERANGE, "%s: try again with errnop %d", what, errnop); break;
  default: expect(false, "%s: illegal status %d", what, (int)status);
  }
  expect(errno == 815, "%s: errno became %d", what, errno);
}

static void check_passwd(enum nss_status status, const struct passwd *p, const char *buffer, size_t size, const char *what) {
  if (status != NSS_STATUS_SUCCESS) return;
  expect(within(p->pw_name, buffer, size) && within(p->pw_passwd, buffer, size) && within(p->pw_gecos, buffer, size) &&
             within(p->pw_dir, buffer, size) && within(p->pw_shell, buffer, size),
         "%s: a string is outside of the buffer", what);
  expect(strcmp(p->pw_passwd, "*") == 0, "%s: password field %s", what, p->pw_passwd);
  expect(p->pw_uid == p->pw_gid && p->pw_uid >= 1000 && p->pw_uid < 0x80000000u, "%s: uid %u gid %u", what, p->pw_uid, p->pw_gid);
  expect(p->pw_dir[0] == '/' && p->pw_shell[0] == '/', "%s: home %s shell %s", what, p->pw_dir, p->pw_shell);
}

static void check_group(enum nss_status status, const struct group *g, const char *buffer, size_t size, const char *what) {
  if (status != NSS_STATUS_SUCCESS) return;
  expect(within(g->gr_name, buffer, size) && within(g->gr_passwd, buffer, size), "%s: a string is outside of the buffer", what);
  expect((uintptr_t)g->gr_mem % _Alignof(char *) == 0, "%s: gr_mem is not aligned", what);
  expect((char *)g->gr_mem >= buffer && (char *)(g->gr_mem + 1) <= buffer + size, "%s: gr_mem is outside of the buffer", what);
  expect(g->gr_mem[0] == NULL, "%s: a member", what);
  expect(strcmp(g->gr_passwd, "*") == 0 && g->gr_gid >= 1000 && g->gr_gid < 0x80000000u, "%s: gid %u", what, g->gr_gid);
}

enum nss_status passwd_by_name(const char *name, struct passwd *out, char *buffer, size_t size) {
  int errnop = 4711;
  errno = 815;
  enum nss_status status = nss.getpwnam(name, out, buffer, size, &errnop);
  check_status(status, errnop, name);
  check_passwd(status, out, buffer, size, name);
  if (status == NSS_STATUS_SUCCESS) expect(strcmp(out->pw_name, name) == 0, "asked for %s, heard %s", name, out->pw_name);
  return status;
}

enum nss_status passwd_by_uid(uid_t uid, struct passwd *out, char *buffer, size_t size) {
  int errnop = 4711;
  errno = 815;
  enum nss_status status = nss.getpwuid(uid, out, buffer, size, &errnop);
  check_status(status, errnop, "getpwuid");
  check_passwd(status, out, buffer, size, "getpwuid");
  if (status == NSS_STATUS_SUCCESS) expect(out->pw_uid == uid, "asked for %u, heard %u", uid, out->pw_uid);
  return status;
}

enum nss_status group_by_name(const char *name, struct group *out, char *buffer, size_t size) {
  int errnop = 4711;
  errno = 815;
  enum nss_status status = nss.getgrnam(name, out, buffer, size, &errnop);
  check_status(status, errnop, name);
  check_group(status, out, buffer, size, name);
  if (status == NSS_STATUS_SUCCESS) expect(strcmp(out->gr_name, name) == 0, "asked for %s, heard %s", name, out->gr_name);
  return status;
}

enum nss_status group_by_gid(gid_t gid, struct group *out, char *buffer, size_t size) {
  int errnop = 4711;
  errno = 815;
  enum nss_status status = nss.getgrgid(gid, out, buffer, size, &errnop);
  check_status(status, errnop, "getgrgid");
  check_group(status, out, buffer, size, "getgrgid");
  if (status == NSS_STATUS_SUCCESS) expect(out->gr_gid == gid, "asked for %u, heard %u", gid, out->gr_gid);
  return status;
}

int groups_of(const char *name, gid_t primary, gid_t *out, int capacity, long size, long limit, enum nss_status *status) {
  long start = 1;
  gid_t *array = malloc((size_t)size * sizeof *array);
  array[0] = primary;
  int errnop = 4711;
  errno = 815;
  *status = nss.initgroups(name, primary, &start, &size, &array, limit, &errnop);
  check_status(*status, errnop, name);
  expect(start >= 1 && start <= size && (limit <= 0 || size <= limit), "%s: %ld of %ld groups, limit %ld", name, start, size, limit);
  expect(array[0] == primary, "%s: the primary group was overwritten", name);
  if (*status != NSS_STATUS_SUCCESS) expect(start == 1, "%s: %ld groups without success", name, start - 1);
  for (long i = 1; i < start && i <= capacity; i++) out[i - 1] = array[i];
  free(array);
  return (int)start - 1;
}
