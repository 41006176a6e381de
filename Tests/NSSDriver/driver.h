// Loads the built NSS module and holds it against its contract. One program, one requirement a run; what it finds wrong is a
// line on standard output, and the exit status is 1. It works in a mount namespace of its own, with an empty /run and
// /var/lib, so it needs root and changes nothing on the host.
#ifndef DRIVER_H
#define DRIVER_H
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <shadow.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* The module's functions, as glibc finds them: by name, in the file that was named on the command line. */
struct module {
  enum nss_status (*getpwnam)(const char *, struct passwd *, char *, size_t, int *);
  enum nss_status (*getpwuid)(uid_t, struct passwd *, char *, size_t, int *);
  enum nss_status (*setpwent)(int);
  enum nss_status (*endpwent)(void);
  enum nss_status (*getpwent)(struct passwd *, char *, size_t, int *);
  enum nss_status (*getgrnam)(const char *, struct group *, char *, size_t, int *);
  enum nss_status (*getgrgid)(gid_t, struct group *, char *, size_t, int *);
  enum nss_status (*setgrent)(int);
  enum nss_status (*endgrent)(void);
  enum nss_status (*getgrent)(struct group *, char *, size_t, int *);
  enum nss_status (*getspnam)(const char *, struct spwd *, char *, size_t, int *);
  enum nss_status (*setspent)(int);
  enum nss_status (*endspent)(void);
  enum nss_status (*getspent)(struct spwd *, char *, size_t, int *);
  enum nss_status (*initgroups)(const char *, gid_t, long *, long *, gid_t **, long, int *);
};
extern struct module nss;
extern const char *library;

/* Counts a check; a false one is reported, the first twenty in full. */
#define expect(condition, ...) expect_at(__LINE__, (condition), __VA_ARGS__)
void expect_at(int line, bool holds, const char *format, ...) __attribute__((format(printf, 3, 4)));
int checks_made(void);
int checks_failed(void);
/* Runs `body` in a child, so that the module's static slot is as it was; its checks count here. */
void in_child(void (*body)(void *), void *argument);
/* Runs this program again from `path` with the requirement; its checks count here. */
void run_copy(const char *path, const char *requirement);

/* Files, put in place as the daemon does: beside, then renamed. */
void put(const char *path, const void *bytes, size_t size, mode_t mode);
void put_text(const char *path, const char *text);
void make_directories(void);
void lease(const char *name, unsigned uid, const char *gecos, const char *members);
void withdraw(const char *name, unsigned uid);
void own(unsigned uid, const char *name); /* registry */
void remove_tree(const char *path);
int open_descriptors(void);
unsigned long allocations(void);

/* One answer with everything that must hold of it, whatever was asked. */
enum nss_status passwd_by_name(const char *name, struct passwd *out, char *buffer, size_t size);
enum nss_status passwd_by_uid(uid_t uid, struct passwd *out, char *buffer, size_t size);
enum nss_status group_by_name(const char *name, struct group *out, char *buffer, size_t size);
enum nss_status group_by_gid(gid_t gid, struct group *out, char *buffer, size_t size);
/* The groups beside `primary`, as the module adds them to an array of `size`; -1 if it has none for the name. */
int groups_of(const char *name, gid_t primary, gid_t *out, int capacity, long size, long limit, enum nss_status *status);

void buffers(void);
void names(void);
void damage(void);
void file_kinds(void);
void enumeration(void);
void replacement(void);
void group_arrays(void);
void local_members(void);
void heap(void);
void descriptors(void);
void through_glibc(void);
void candidates(void);
void candidate_program(void);
void candidate_damage(void);
void candidate_elsewhere(void);
void benchmark(void);
#endif
