// The entry points that glibc looks up by name (nss/function.def). There is no system header for them; with this one,
// `@c @implementation` lets the compiler check the Swift functions against the C types.
#ifndef SOJOURN_NSS_H
#define SOJOURN_NSS_H
#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <shadow.h>
#include <stddef.h>
#include <sys/types.h>

enum nss_status _nss_sojourn_getpwnam_r(const char *name, struct passwd *result, char *buffer, size_t length, int *errnop);
enum nss_status _nss_sojourn_getpwuid_r(uid_t uid, struct passwd *result, char *buffer, size_t length, int *errnop);
enum nss_status _nss_sojourn_setpwent(int stayopen);
enum nss_status _nss_sojourn_endpwent(void);
enum nss_status _nss_sojourn_getpwent_r(struct passwd *result, char *buffer, size_t length, int *errnop);
enum nss_status _nss_sojourn_getgrnam_r(const char *name, struct group *result, char *buffer, size_t length, int *errnop);
enum nss_status _nss_sojourn_getgrgid_r(gid_t gid, struct group *result, char *buffer, size_t length, int *errnop);
enum nss_status _nss_sojourn_setgrent(int stayopen);
enum nss_status _nss_sojourn_endgrent(void);
enum nss_status _nss_sojourn_getgrent_r(struct group *result, char *buffer, size_t length, int *errnop);
enum nss_status _nss_sojourn_getspnam_r(const char *name, struct spwd *result, char *buffer, size_t length, int *errnop);
enum nss_status _nss_sojourn_setspent(int stayopen);
enum nss_status _nss_sojourn_endspent(void);
enum nss_status _nss_sojourn_getspent_r(struct spwd *result, char *buffer, size_t length, int *errnop);
enum nss_status _nss_sojourn_initgroups_dyn(const char *user, gid_t skip, long *start, long *size, gid_t **groups, long limit,
                                            int *errnop);

/* realloc(3) on the array that `initgroups_dyn` is handed: the heap is the caller's, and so is the function that glibc
   prescribes for it. A function of its own, so that it is the one place where the NSS module touches a heap at all. */
gid_t *sojourn_grow_groups(gid_t *groups, long count);
#endif
