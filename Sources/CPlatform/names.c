// The host's other sources of names. See system.h.
#define _GNU_SOURCE
#include "include/system.h"
#include <dlfcn.h>
#include <nss.h>
#include <stdio.h>

/* Exported by glibc for nscd and tests, in no public header (GLIBC_2.2.5). */
extern int __nss_configure_lookup(const char *database, const char *services);
int sojourn_nss_use(const char *database, const char *services) { return __nss_configure_lookup(database, services); }

/* The service's library; it stays loaded, as glibc leaves it. */
static void *source_library(const char *service) {
  char name[160];
  if (snprintf(name, sizeof name, "libnss_%s.so.2", service) >= (int)sizeof name) return NULL;
  return dlopen(name, RTLD_NOW | RTLD_LOCAL);
}

void sojourn_source_load(const char *service) { (void)source_library(service); }

/* dlerror(3) begins with the name of the file that was not found: it is the service's own only if that is not installed. */
static int source_is_broken(const char *service, const char *why) {
  char name[160];
  int length = snprintf(name, sizeof name, "libnss_%s.so.2: cannot open shared object file: No such file", service);
  return why != NULL && (length >= (int)sizeof name || strncmp(why, name, (size_t)length) != 0);
}

/* The service's own function, as glibc would find it. NULL: the service is not installed or has no such function (`*error` is 0), or
   its library is there and cannot be loaded, so that nobody knows what it would say. */
static void *source_function(const char *service, const char *function, int *error) {
  char name[160];
  void *library = source_library(service);
  *error = library == NULL && source_is_broken(service, dlerror()) ? ELIBACC : 0;
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

int sojourn_source_user(const char *service, const char *name, uint32_t uid, uint32_t *found, int *error) {
  void *function = source_function(service, name != NULL ? "getpwnam_r" : "getpwuid_r", error);
  if (function == NULL) return *error == 0 ? sojourn_source_lacking : sojourn_source_no_answer;
  for (size_t size = 4096;;) {
    struct passwd entry;
    char *buffer = malloc(size);
    if (buffer == NULL) { *error = ENOMEM; return sojourn_source_no_answer; }
    *error = errno = 0;
    enum nss_status status = name != NULL
      ? ((enum nss_status (*)(const char *, struct passwd *, char *, size_t, int *))function)(name, &entry, buffer, size, error)
      : ((enum nss_status (*)(uid_t, struct passwd *, char *, size_t, int *))function)(uid, &entry, buffer, size, error);
    if (status == NSS_STATUS_SUCCESS && found != NULL) {
      found[0] = entry.pw_uid;
      found[1] = entry.pw_gid;
    }
    free(buffer);
    int result = source_status(status, *error, &size);
    if (result >= 0) return result;
  }
}

int sojourn_source_group(const char *service, const char *name, uint32_t gid, uint32_t *found, int *error) {
  void *function = source_function(service, name != NULL ? "getgrnam_r" : "getgrgid_r", error);
  if (function == NULL) return *error == 0 ? sojourn_source_lacking : sojourn_source_no_answer;
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

static int write_user(const char *name, uint32_t uid, char *space, size_t room, char *line, size_t size) {
  struct passwd entry, *found = NULL;
  int code;
  do code = name != NULL ? getpwnam_r(name, &entry, space, room, &found) : getpwuid_r(uid, &entry, space, room, &found);
  while (code == EINTR);
  if (found == NULL) return code == ERANGE ? -1 : 0;
  snprintf(line, size, "%s:%s:%u:%u:%s:%s:%s", found->pw_name, found->pw_passwd, found->pw_uid, found->pw_gid, found->pw_gecos, found->pw_dir, found->pw_shell);
  return 1;
}

static int write_group(const char *name, uint32_t gid, char *space, size_t room, char *line, size_t size) {
  struct group entry, *found = NULL;
  int code;
  do code = name != NULL ? getgrnam_r(name, &entry, space, room, &found) : getgrgid_r(gid, &entry, space, room, &found);
  while (code == EINTR);
  if (found == NULL) return code == ERANGE ? -1 : 0;
  int used = snprintf(line, size, "%s:%s:%u:", found->gr_name, found->gr_passwd, found->gr_gid);
  for (char **member = found->gr_mem; *member != NULL && used > 0 && (size_t)used < size; member++)
    used += snprintf(line + used, size - (size_t)used, "%s%s", member == found->gr_mem ? "" : ",", *member);
  return 1;
}

int sojourn_name_line(int is_group, const char *name, uint32_t number, char *line, size_t size) {
  for (size_t room = 4096; room <= 1 << 24; room *= 4) {
    char *space = malloc(room);
    if (space == NULL) return -1;
    int result = is_group ? write_group(name, number, space, room, line, size) : write_user(name, number, space, room, line, size);
    free(space);
    if (result >= 0) return result;
  }
  return -1;
}
