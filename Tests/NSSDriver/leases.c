// What is answered about leases: buffers, names, damaged files, enumeration, replacement, groups, heap, descriptors.
#include "driver.h"
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>

static struct passwd p;
static struct group g;
static char room[4096];

/* A buffer whose last byte is the last of its page: one byte too far is a fault. */
static char *guarded(size_t size) {
  static char *pages;
  if (pages == NULL) {
    pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(pages + 2 * 4096, 4096, PROT_NONE);
  }
  char *start = pages + 2 * 4096 - size;
  memset(pages, 0xA5, 2 * 4096);
  return start;
}

static void untouched(const char *start, size_t size, const char *what) {
  bool same = true;
  for (size_t i = 0; i < size; i++) same = same && start[i] == (char)0xA5;
  expect(same, "%s: a buffer of %zu bytes was too small, and written to", what, size);
  bool before = true;
  for (size_t i = 1; i <= 64; i++) before = before && start[-i] == (char)0xA5;
  expect(before, "%s: written before the buffer", what);
}

void buffers(void) {
  const char *many[] = {"a", "alice", "abcdefghijklmnopqrstuvwxyz012345"};
  for (int n = 0; n < 3; n++) {
    unsigned uid = 70001 + (unsigned)n;
    lease(many[n], uid, n == 1 ? "" : "Somebody, somewhere", "990\n");
    size_t needed = strlen(many[n]) * 2 + strlen("*") + strlen(n == 1 ? "" : "Somebody, somewhere") + strlen("/var/lib/sojourn/home/") +
                    strlen("/usr/libexec/sojourn/shell") + 5;
    for (size_t size = 0; size <= needed + 16; size++) {
      char *start = guarded(size);
      enum nss_status right = size < needed ? NSS_STATUS_TRYAGAIN : NSS_STATUS_SUCCESS;
      expect(passwd_by_name(many[n], &p, start, size) == right, "%s: passwd in %zu of %zu bytes", many[n], size, needed);
      if (right == NSS_STATUS_TRYAGAIN) untouched(start, size, many[n]);
      start = guarded(size);
      expect(passwd_by_uid(uid, &p, start, size) == right, "%u: passwd in %zu of %zu bytes", uid, size, needed);
      if (right == NSS_STATUS_TRYAGAIN) untouched(start, size, many[n]);
    }
    for (size_t size = 0; size <= 64; size++) {
      char *start = guarded(size);
      size_t gap = (8 - (uintptr_t)start % 8) % 8, group_needed = gap + 8 + strlen(many[n]) + 3;
      enum nss_status right = size < group_needed ? NSS_STATUS_TRYAGAIN : NSS_STATUS_SUCCESS;
      expect(group_by_name(many[n], &g, start, size) == right, "%s: group in %zu bytes", many[n], size);
      if (right == NSS_STATUS_TRYAGAIN) untouched(start, size, many[n]);
      start = guarded(size);
      expect(group_by_gid(uid, &g, start, size) == right, "%u: group in %zu bytes", uid, size);
      if (right == NSS_STATUS_TRYAGAIN) untouched(start, size, many[n]);
      start = guarded(size);
      struct spwd s;
      int errnop = 0;
      enum nss_status shadow = nss.getspnam(many[n], &s, start, size, &errnop);
      expect(shadow == (size < strlen(many[n]) + 3 ? NSS_STATUS_TRYAGAIN : NSS_STATUS_SUCCESS), "%s: shadow in %zu bytes", many[n], size);
      if (shadow == NSS_STATUS_TRYAGAIN) untouched(start, size, many[n]);
      else
        expect(strcmp(s.sp_namp, many[n]) == 0 && strcmp(s.sp_pwdp, "*") == 0 && s.sp_lstchg == -1 && s.sp_min == -1 && s.sp_max == -1 &&
                   s.sp_warn == -1 && s.sp_inact == -1 && s.sp_expire == -1 && s.sp_flag == ~0ul,
               "%s: a shadow field is set", many[n]);
    }
    /* A size that no buffer has is a big one, not a negative one. */
    expect(passwd_by_name(many[n], &p, room, (size_t)-1 / 2 + 1) == NSS_STATUS_SUCCESS, "a huge size");
    expect(nss.getpwnam(many[n], &p, NULL, 0, &errno) == NSS_STATUS_TRYAGAIN, "no buffer");
    expect(passwd_by_name(many[n], &p, room, sizeof room) == NSS_STATUS_SUCCESS && p.pw_uid == uid, "%s", many[n]);
    expect(strcmp(p.pw_gecos, n == 1 ? "" : "Somebody, somewhere") == 0, "gecos %s", p.pw_gecos);
    expect(strncmp(p.pw_dir, "/var/lib/sojourn/home/", 22) == 0 && strcmp(p.pw_dir + 22, many[n]) == 0, "home %s", p.pw_dir);
    expect(strcmp(p.pw_shell, "/usr/libexec/sojourn/shell") == 0, "shell %s", p.pw_shell);
  }
}

void names(void) {
  const char *wrong[] = {"", ".", "..", "../x", "/etc/passwd", "a/b", "a.b", "alice.new", "pam_unix_non_existent:", "Alice", "0day", "-a", "a b",
                         "a:b", "a\n", "a\x7f", "\xc3\xa9", "abcdefghijklmnopqrstuvwxyz0123456", "+", "*", "a*", "nobody_here", "_", "a$"};
  put_text("/run/sojourn/nss/x", "x:*:70000:70000::/home:/bin/sh\n");
  lease("alice", 70001, "", "990\n");
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    /* The name's NUL is the last byte that may be read. */
    char *name = guarded(strlen(wrong[i]) + 1);
    strcpy(name, wrong[i]);
    gid_t groups[4];
    enum nss_status status;
    expect(passwd_by_name(name, &p, room, sizeof room) == NSS_STATUS_NOTFOUND, "passwd '%s'", wrong[i]);
    expect(group_by_name(name, &g, room, sizeof room) == NSS_STATUS_NOTFOUND, "group '%s'", wrong[i]);
    expect(groups_of(name, 70001, groups, 4, 4, -1, &status) == 0 && status == NSS_STATUS_NOTFOUND, "groups of '%s'", wrong[i]);
    struct spwd s;
    int errnop = 0;
    expect(nss.getspnam(name, &s, room, sizeof room, &errnop) == NSS_STATUS_NOTFOUND && errnop == ENOENT, "shadow '%s'", wrong[i]);
  }
  char endless[8192];
  memset(endless, 'a', sizeof endless - 1);
  endless[sizeof endless - 1] = 0;
  expect(passwd_by_name(endless, &p, room, sizeof room) == NSS_STATUS_NOTFOUND, "a name of 8191 bytes");
  char *last = guarded(6);
  strcpy(last, "alice");
  expect(passwd_by_name(last, &p, room, sizeof room) == NSS_STATUS_SUCCESS, "a good name at a page's end");
  uid_t outside[] = {0, 1, 999, 65534, 0x80000000u, 0xfffffffeu, 0xffffffffu, 70002};
  for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
    expect(passwd_by_uid(outside[i], &p, room, sizeof room) == NSS_STATUS_NOTFOUND, "uid %u", outside[i]);
    expect(group_by_gid(outside[i], &g, room, sizeof room) == NSS_STATUS_NOTFOUND, "gid %u", outside[i]);
  }
}

enum question { passwd_name, passwd_uid, group_name, group_gid, member };
static enum nss_status ask(enum question q) {
  gid_t groups[64];
  enum nss_status status;
  switch (q) {
  case passwd_name: return passwd_by_name("alice", &p, room, sizeof room);
  case passwd_uid: return passwd_by_uid(70001, &p, room, sizeof room);
  case group_name: return group_by_name("alice", &g, room, sizeof room);
  case group_gid: return group_by_gid(70001, &g, room, sizeof room);
  case member:
    groups_of("alice", 70001, groups, 64, 2, -1, &status);
    return status;
  }
  return NSS_STATUS_UNAVAIL;
}
static const char *files[] = {"/run/sojourn/nss/passwd/alice", "/run/sojourn/nss/passwd-uid/70001", "/run/sojourn/nss/group/alice",
                              "/run/sojourn/nss/group-gid/70001", "/run/sojourn/nss/member/alice"};
static const char *parents[] = {"/run/sojourn/nss/passwd", "/run/sojourn/nss/passwd-uid", "/run/sojourn/nss/group",
                                "/run/sojourn/nss/group-gid", "/run/sojourn/nss/member"};

void damage(void) {
  lease("alice", 70001, "Alice Example", "990,1234,5\n");
  for (enum question q = passwd_name; q <= member; q++) {
    char good[2048];
    int fd = open(files[q], O_RDWR | O_CLOEXEC);
    ssize_t size = read(fd, good, sizeof good);
    expect(ask(q) == NSS_STATUS_SUCCESS, "%s: not good to begin with", files[q]);
    for (ssize_t at = 0; at < size; at++) {
      int colons = 0;
      for (ssize_t i = 0; i < at; i++) colons += good[i] == ':';
      /* Where every change must be noticed: separators, newline, name (asked by name), password, both numbers of an account. */
      bool sure = good[at] == ':' || at == size - 1 || colons == 1 || (colons == 0 && (q == passwd_name || q == group_name)) ||
                  (q <= passwd_uid && (colons == 2 || colons == 3)) || (q == group_gid && colons == 2);
      if (q == member) sure = at == size - 1;
      for (int value = 0; value < 256; value++) {
        if ((char)value == good[at]) continue;
        char bad = (char)value;
        if (pwrite(fd, &bad, 1, at) != 1) exit(2);
        enum nss_status status = ask(q);
        expect(status == NSS_STATUS_UNAVAIL || (!sure && status == NSS_STATUS_SUCCESS), "%s: byte %zd as %d gives %d", files[q], at, value, status);
        bool sane = value >= 32 && value != 127;
        expect(sane || status == NSS_STATUS_UNAVAIL, "%s: byte %zd as control byte %d", files[q], at, value);
      }
      if (pwrite(fd, good + at, 1, at) != 1) exit(2);
    }
    for (ssize_t length = 0; length < size; length++) {
      put(files[q], good, (size_t)length, 0644);
      expect(ask(q) == NSS_STATUS_UNAVAIL, "%s cut at %zd", files[q], length);
    }
    const char *more[] = {"\n", "x", "root:*:0:0::/:/bin/sh\n", ":", ""};
    for (int i = 0; i < 5; i++) {
      char longer[4096];
      memcpy(longer, good, (size_t)size);
      strcpy(longer + size, more[i]);
      size_t extra = i == 4 ? 1 : strlen(more[i]);
      put(files[q], longer, (size_t)size + extra, 0644);
      expect(ask(q) == NSS_STATUS_UNAVAIL, "%s with more behind it (%d)", files[q], i);
    }
    put(files[q], good, (size_t)size, 0644);
    expect(ask(q) == NSS_STATUS_SUCCESS, "%s: good again", files[q]);
    close(fd);
  }
  const char *lines[] = {"alice:*:0:0::/h:/s\n", "alice:*:999:999::/h:/s\n", "alice:*:070001:070001::/h:/s\n", "alice:*:70001:70002::/h:/s\n",
                         "alice:x:70001:70001::/h:/s\n", "alice::70001:70001::/h:/s\n", "alice:*:70001:70001::h:/s\n", "alice:*:70001:70001::/h:\n",
                         "alice:*:70001:70001::/:/s\n", "alice:*:-1:-1::/h:/s\n", "alice:*:4294967295:4294967295::/h:/s\n",
                         "alice:*:2147483648:2147483648::/h:/s\n", "alice:*:18446744073709621617:18446744073709621617::/h:/s\n",
                         "alice:*: 70001:70001::/h:/s\n", "alice:*:+70001:70001::/h:/s\n", "bob:*:70001:70001::/h:/s\n"};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    put_text(files[passwd_name], lines[i]);
    expect(ask(passwd_name) == NSS_STATUS_UNAVAIL, "believed %s", lines[i]);
  }
  put_text(files[passwd_uid], "alice:*:70002:70002::/h:/s\n");
  expect(ask(passwd_uid) == NSS_STATUS_UNAVAIL, "another's line under a number");
  put_text(files[group_gid], "alice:*:70002:\n");
  expect(ask(group_gid) == NSS_STATUS_UNAVAIL, "another's group under a number");
  put_text(files[group_name], "alice:*:70001:root\n");
  expect(ask(group_name) == NSS_STATUS_UNAVAIL, "a member");
  const char *members[] = {"\n", "0\n", "990,0\n", "990,,5\n", ",990\n", "990,\n", "990 \n", "0990\n", "4294967295\n", "99999999999\n", "-1\n", "990\n5\n"};
  for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
    put_text(files[member], members[i]);
    expect(ask(member) == NSS_STATUS_UNAVAIL, "believed groups %s", members[i]);
  }
  /* The longest lines that are believed. */
  char line[2000];
  for (int over = 0; over < 2; over++) {
    int prefix = sprintf(line, "alice:*:70001:70001:");
    memset(line + prefix, 'x', sizeof line - (size_t)prefix);
    strcpy(line + 1024 - 7 + over, ":/h:/s\n");
    put(files[passwd_name], line, 1024 + (size_t)over, 0644);
    expect(ask(passwd_name) == (over ? NSS_STATUS_UNAVAIL : NSS_STATUS_SUCCESS), "a line of %d bytes", 1024 + over);
  }
  static char list[65540];
  for (int over = 0; over < 2; over++) {
    for (int i = 0; i < 65536 + over; i++) list[i] = i % 5 == 4 ? ',' : '7';
    list[65535 + over] = '\n';
    if (list[65534 + over] == ',') list[65534 + over] = '7', list[65533 + over] = '7', list[65529 + over] = ',';
    put(files[member], list, 65536 + (size_t)over, 0644);
    expect(ask(member) == (over ? NSS_STATUS_UNAVAIL : NSS_STATUS_SUCCESS), "groups in %d bytes", 65536 + over);
  }
}

void file_kinds(void) {
  lease("alice", 70001, "Alice", "990\n");
  for (enum question q = passwd_name; q <= member; q++) {
    char aside[128], parent_aside[128];
    snprintf(aside, sizeof aside, "/run/%d", q);
    snprintf(parent_aside, sizeof parent_aside, "/run/parent%d", q);
    if (chown(files[q], 1, 0) != 0) exit(2);
    expect(ask(q) == NSS_STATUS_UNAVAIL, "%s of another owner", files[q]);
    if (chown(files[q], 0, 1) != 0) exit(2);
    expect(ask(q) == NSS_STATUS_SUCCESS, "%s of another group that cannot write", files[q]);
    mode_t bad[] = {0664, 0646, 0666, 0662};
    for (int i = 0; i < 4; i++) {
      chmod(files[q], bad[i]);
      expect(ask(q) == NSS_STATUS_UNAVAIL, "%s with mode %o", files[q], bad[i]);
    }
    chmod(files[q], 0644);
    expect(ask(q) == NSS_STATUS_SUCCESS, "%s", files[q]);
    rename(files[q], aside);
    expect(ask(q) == NSS_STATUS_NOTFOUND, "%s away", files[q]);
    if (symlink(aside, files[q]) != 0) exit(2);
    expect(ask(q) == NSS_STATUS_UNAVAIL, "%s as a link to a good file", files[q]);
    unlink(files[q]);
    mkdir(files[q], 0755);
    expect(ask(q) == NSS_STATUS_UNAVAIL, "%s as a directory", files[q]);
    rmdir(files[q]);
    mkfifo(files[q], 0644);
    expect(ask(q) == NSS_STATUS_UNAVAIL, "%s as a pipe", files[q]);
    int pipe_end = open(files[q], O_RDONLY | O_NONBLOCK | O_CLOEXEC), other_end = open(files[q], O_WRONLY | O_CLOEXEC);
    if (write(other_end, "990\n", 4) != 4) exit(2);
    close(other_end);
    expect(ask(q) == NSS_STATUS_UNAVAIL, "%s as a pipe that says something right", files[q]);
    close(pipe_end);
    unlink(files[q]);
    mknod(files[q], S_IFCHR | 0644, 1 << 8 | 5);
    expect(ask(q) == NSS_STATUS_UNAVAIL, "%s as a device", files[q]);
    unlink(files[q]);
    /* A miss counts only in a directory that may be believed. */
    chmod(parents[q], 0775);
    expect(ask(q) == NSS_STATUS_UNAVAIL, "%s writable by a group", parents[q]);
    chmod(parents[q], 0755);
    if (chown(parents[q], 1, 0) != 0) exit(2);
    expect(ask(q) == NSS_STATUS_UNAVAIL, "%s of another owner", parents[q]);
    if (chown(parents[q], 0, 0) != 0) exit(2);
    expect(ask(q) == NSS_STATUS_NOTFOUND, "%s empty", parents[q]);
    rename(parents[q], parent_aside);
    expect(ask(q) == NSS_STATUS_UNAVAIL, "%s missing", parents[q]);
    put_text(parents[q], "");
    expect(ask(q) == NSS_STATUS_UNAVAIL, "%s as a file", parents[q]);
    unlink(parents[q]);
    rename(parent_aside, parents[q]);
    rename(aside, files[q]);
    expect(ask(q) == NSS_STATUS_SUCCESS, "%s back", files[q]);
  }
  rename("/run/sojourn", "/run/away");
  for (enum question q = passwd_name; q <= member; q++) expect(ask(q) == NSS_STATUS_UNAVAIL, "without /run/sojourn (%d)", q);
  /* Names that cannot be ours are still nobody, so that adduser and friends go on. */
  expect(passwd_by_name("pam_unix_non_existent:", &p, room, sizeof room) == NSS_STATUS_NOTFOUND, "an impossible name");
  expect(passwd_by_uid(33, &p, room, sizeof room) == NSS_STATUS_NOTFOUND, "a system uid");
  int errnop = 4711;
  expect(nss.setpwent(0) == NSS_STATUS_UNAVAIL, "setpwent without /run/sojourn");
  expect(nss.getpwent(&p, room, sizeof room, &errnop) == NSS_STATUS_UNAVAIL && errnop == ENOENT, "getpwent without /run/sojourn");
}

/* Walks a database with a buffer that is first too small; every name must come once, and only good ones. */
static void walk(int database, int expected) {
  static char seen[400];
  memset(seen, 0, sizeof seen);
  int count = 0;
  for (;;) {
    int errnop = 4711;
    struct spwd s;
    enum nss_status status = NSS_STATUS_TRYAGAIN;
    const char *name = NULL;
    for (size_t size = 0; status == NSS_STATUS_TRYAGAIN; size = size ? size * 2 : 1) {
      errno = 815;
      if (database == 0) status = nss.getpwent(&p, room, size, &errnop), name = p.pw_name;
      if (database == 1) status = nss.getgrent(&g, room, size, &errnop), name = g.gr_name;
      if (database == 2) status = nss.getspent(&s, room, size, &errnop), name = s.sp_namp;
      expect(errno == 815, "errno became %d", errno);
      if (status == NSS_STATUS_TRYAGAIN) expect(errnop == ERANGE, "try again with %d", errnop);
      if (size > 2048) break;
    }
    if (status != NSS_STATUS_SUCCESS) {
      expect(status == NSS_STATUS_NOTFOUND && errnop == ENOENT, "the end is %d, errnop %d", status, errnop);
      break;
    }
    int number = -1;
    expect(sscanf(name, "user%d", &number) == 1 && number >= 0 && number < 400, "%s was listed", name);
    if (number >= 0 && number < 400) expect(seen[number]++ == 0, "%s was listed twice", name);
    count++;
  }
  expect(count == expected, "%d of %d entries in database %d", count, expected, database);
}

void enumeration(void) {
  char name[32];
  for (int i = 0; i < 300; i++) {
    snprintf(name, sizeof name, "user%d", i);
    lease(name, 70000 + (unsigned)i, "", "990\n");
  }
  /* What else may stand there: half-written files, damaged ones, other kinds, names that are none of ours. */
  for (int d = 0; d <= group_name; d += 2) {
    char path[300];
    const char *junk[] = {"alice.new", "Upper", "damaged", ".hidden", "abcdefghijklmnopqrstuvwxyz0123456",
                          "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij"};
    for (int i = 0; i < 6; i++) {
      snprintf(path, sizeof path, "%s/%s", parents[d], junk[i]);
      put_text(path, "junk\n");
    }
    snprintf(path, sizeof path, "%s/directory", parents[d]);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/writable", parents[d]);
    put(path, "writable:*:70500:70500::/h:/s\n", 30, 0666);
  }
  int before = open_descriptors();
  for (int round = 0; round < 2; round++) {
    expect(nss.setpwent(0) == NSS_STATUS_SUCCESS, "setpwent");
    walk(0, 300);
    expect(nss.setpwent(1) == NSS_STATUS_SUCCESS, "rewind");
    walk(0, 300);
    expect(nss.endpwent() == NSS_STATUS_SUCCESS, "endpwent");
    nss.setgrent(0);
    walk(1, 300);
    nss.endgrent();
    walk(2, 300); /* without setspent */
    nss.endspent();
    expect(open_descriptors() == before, "descriptors left open");
  }
  /* The host closes everything between two calls, and another file gets the number. */
  int errnop;
  nss.setpwent(0);
  expect(nss.getpwent(&p, room, sizeof room, &errnop) == NSS_STATUS_SUCCESS, "first entry");
  for (int fd = 3; fd < 64; fd++) close(fd);
  int others[8];
  for (int i = 0; i < 8; i++) others[i] = open("/run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int i = 0; i < 400; i++)
    if (nss.getpwent(&p, room, sizeof room, &errnop) != NSS_STATUS_SUCCESS) break;
  nss.endpwent();
  for (int i = 0; i < 8; i++) expect(fcntl(others[i], F_GETFD) >= 0, "a descriptor of the host was closed");
  for (int i = 0; i < 8; i++) close(others[i]);
  nss.setpwent(0);
  walk(0, 300);
  nss.endpwent();
}

static atomic_bool stop;
static atomic_ulong asked, found;
static void *read_all(void *unused) {
  (void)unused;
  char space[1024];
  struct passwd account;
  struct group own;
  unsigned turn = 0;
  while (!stop) {
    char name[16];
    unsigned n = turn++ % 4;
    snprintf(name, sizeof name, "user%u", n);
    /* Users 0 and 1 stay all the time, 2 and 3 come and go. */
    enum nss_status status = passwd_by_name(name, &account, space, sizeof space);
    expect(status == NSS_STATUS_SUCCESS || (n > 1 && status == NSS_STATUS_NOTFOUND), "%s: %d", name, status);
    if (status == NSS_STATUS_SUCCESS) {
      expect(account.pw_uid == 70000 + n, "%s has uid %u", name, account.pw_uid);
      size_t length = strlen(account.pw_gecos);
      bool whole = true;
      for (size_t i = 0; i < length; i++) whole = whole && account.pw_gecos[i] == (char)('a' + length % 26);
      expect(whole, "%s: two versions in one answer: %s", name, account.pw_gecos);
      found++;
    }
    status = passwd_by_uid(70000 + n, &account, space, sizeof space);
    expect(status == NSS_STATUS_SUCCESS || (n > 1 && status == NSS_STATUS_NOTFOUND), "uid of %s: %d", name, status);
    if (status == NSS_STATUS_SUCCESS) expect(strcmp(account.pw_name, name) == 0, "%s under another's number", account.pw_name);
    status = group_by_name(name, &own, space, sizeof space);
    expect(status == NSS_STATUS_SUCCESS || (n > 1 && status == NSS_STATUS_NOTFOUND), "group %s: %d", name, status);
    status = group_by_gid(70000 + n, &own, space, sizeof space);
    expect(status == NSS_STATUS_SUCCESS || (n > 1 && status == NSS_STATUS_NOTFOUND), "gid of %s: %d", name, status);
    gid_t groups[16];
    int count = groups_of(name, 70000 + n, groups, 16, 2, -1, &status);
    expect(status == NSS_STATUS_SUCCESS ? count == 1 || count == 4 : n > 1 && status == NSS_STATUS_NOTFOUND, "%d groups of %s", count, name);
    asked += 5;
  }
  return NULL;
}

void replacement(void) {
  for (unsigned n = 0; n < 4; n++) {
    char name[16];
    snprintf(name, sizeof name, "user%u", n);
    lease(name, 70000 + n, "", "990\n");
  }
  pthread_t threads[8];
  for (int i = 0; i < 8; i++) pthread_create(&threads[i], NULL, read_all, NULL);
  struct timespec begin, now;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  unsigned written = 0;
  do {
    for (unsigned n = 0; n < 4; n++) {
      char name[16], gecos[512];
      snprintf(name, sizeof name, "user%u", n);
      size_t length = (written * 37 + n) % 500;
      memset(gecos, 'a' + (int)(length % 26), length);
      gecos[length] = 0;
      lease(name, 70000 + n, gecos, written % 2 ? "990\n" : "990,1,2,3\n");
      if (n > 1 && written % 3 == 0) withdraw(name, 70000 + n);
      written++;
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while (now.tv_sec - begin.tv_sec < 2);
  stop = true;
  for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
  printf("%lu questions, %lu accounts, %u replacements\n", asked, found, written);
  expect(asked > 1000 && found > 100 && written > 100, "too few: %lu questions, %u replacements", asked, written);
}

void group_arrays(void) {
  char text[16384];
  size_t at = 0;
  for (unsigned i = 0; i < 1000; i++) at += (size_t)sprintf(text + at, "%s%u", i ? "," : "", 2000 + i * 3);
  strcpy(text + at, "\n");
  lease("alice", 70001, "", text);
  static gid_t groups[2000];
  enum nss_status status;
  for (long size = 1; size <= 64; size = size * 2 + 1) {
    int count = groups_of("alice", 70001, groups, 2000, size, -1, &status);
    expect(status == NSS_STATUS_SUCCESS && count == 1000, "%d of 1000 groups from an array of %ld", count, size);
    for (int i = 0; i < count; i++) expect(groups[i] == 2000 + (unsigned)i * 3, "group %d is %u", i, groups[i]);
    for (long limit = size; limit < 1100; limit = limit * 2 + 3) {
      count = groups_of("alice", 70001, groups, 2000, size, limit, &status);
      expect(status == NSS_STATUS_SUCCESS && count == (limit > 1001 ? 1000 : limit - 1), "%d groups with limit %ld from %ld", count, limit, size);
    }
  }
  /* Skipped: the primary group, what the array holds already, and a number that comes twice. */
  lease("alice", 70001, "", "990,70001,5,990,6,5\n");
  int count = groups_of("alice", 70001, groups, 2000, 1, -1, &status);
  expect(count == 3 && groups[0] == 990 && groups[1] == 5 && groups[2] == 6, "%d groups: %u %u %u", count, groups[0], groups[1], groups[2]);
  count = groups_of("alice", 6, groups, 2000, 8, -1, &status);
  expect(count == 3 && groups[2] == 5, "skip: %d groups, last %u", count, groups[2]);
  gid_t *array = malloc(8 * sizeof *array);
  long start = 3, size = 8;
  array[0] = 70001, array[1] = 5, array[2] = 44;
  int errnop = 0;
  expect(nss.initgroups("alice", 70001, &start, &size, &array, -1, &errnop) == NSS_STATUS_SUCCESS, "merge");
  expect(start == 5 && array[2] == 44 && array[3] == 990 && array[4] == 6, "merged into %ld", start);
  /* Damage after good numbers: none of them counts. */
  start = 3;
  put_text(files[member], "990,7,8,9,10,11,x\n");
  expect(nss.initgroups("alice", 70001, &start, &size, &array, -1, &errnop) == NSS_STATUS_UNAVAIL && start == 3, "half a line gave %ld groups", start);
  free(array);
}

/* An account of another source whose session has groups: those are added to its own, and nothing else of it is answered. */
void local_members(void) {
  put_text("/run/sojourn/nss/member/carol", "997,998\n");
  gid_t groups[16];
  enum nss_status status;
  int count = groups_of("carol", 1000, groups, 16, 2, -1, &status);
  expect(status == NSS_STATUS_SUCCESS && count == 2 && groups[0] == 997 && groups[1] == 998, "%d groups of carol", count);
  count = groups_of("carol", 998, groups, 16, 2, -1, &status);
  expect(status == NSS_STATUS_SUCCESS && count == 1 && groups[0] == 997, "%d groups of carol beside her own", count);
  expect(passwd_by_name("carol", &p, room, sizeof room) == NSS_STATUS_NOTFOUND, "carol is an account of ours");
  expect(passwd_by_uid(1000, &p, room, sizeof room) == NSS_STATUS_NOTFOUND, "uid 1000 is ours");
  expect(group_by_name("carol", &g, room, sizeof room) == NSS_STATUS_NOTFOUND, "carol is a group of ours");
  for (gid_t gid = 997; gid <= 1000; gid++) expect(group_by_gid(gid, &g, room, sizeof room) == NSS_STATUS_NOTFOUND, "gid %u is ours", gid);
  struct spwd s;
  int errnop = 0;
  expect(nss.getspnam("carol", &s, room, sizeof room, &errnop) == NSS_STATUS_NOTFOUND, "carol has a shadow entry of ours");
  unsigned listed = 0;
  expect(nss.setpwent(0) == NSS_STATUS_SUCCESS && nss.setgrent(0) == NSS_STATUS_SUCCESS, "lists");
  while (nss.getpwent(&p, room, sizeof room, &errnop) == NSS_STATUS_SUCCESS || nss.getgrent(&g, room, sizeof room, &errnop) == NSS_STATUS_SUCCESS) listed++;
  nss.endpwent(), nss.endgrent();
  expect(listed == 0, "%u listed", listed);
  unlink("/run/sojourn/nss/member/carol");
  expect(groups_of("carol", 1000, groups, 16, 2, -1, &status) == 0 && status == NSS_STATUS_NOTFOUND, "groups of carol after the end");
}

void heap(void) {
  lease("alice", 70001, "Alice", "990,1,2,3,4,5,6,7\n");
  gid_t *array = malloc(16 * sizeof *array);
  long start = 1, size = 16;
  array[0] = 70001;
  int errnop;
  struct spwd s;
  unsigned long before = allocations();
  for (int i = 0; i < 100; i++) {
    nss.getpwnam("alice", &p, room, sizeof room, &errnop);
    nss.getpwnam("nobody-here", &p, room, sizeof room, &errnop);
    nss.getpwnam("alice", &p, room, 3, &errnop);
    nss.getpwuid(70001, &p, room, sizeof room, &errnop);
    nss.getgrnam("alice", &g, room, sizeof room, &errnop);
    nss.getgrgid(70001, &g, room, sizeof room, &errnop);
    nss.getspnam("alice", &s, room, sizeof room, &errnop);
    nss.setpwent(0);
    while (nss.getpwent(&p, room, sizeof room, &errnop) == NSS_STATUS_SUCCESS) {}
    nss.endpwent();
    nss.setgrent(0);
    while (nss.getgrent(&g, room, sizeof room, &errnop) == NSS_STATUS_SUCCESS) {}
    nss.endgrent();
    nss.initgroups("alice", 70001, &start, &size, &array, -1, &errnop);
  }
  unsigned long after = allocations();
  expect(after == before, "%lu allocations", after - before);
  expect(start == 9, "%ld groups", start);
  /* The counter counts: the array that has to grow is the only use of a heap. */
  start = 1, size = 1;
  before = allocations();
  nss.initgroups("alice", 70001, &start, &size, &array, -1, &errnop);
  expect(start == 9 && allocations() - before == 4, "%ld groups with %lu allocations", start, allocations() - before);
  free(array);
}

void descriptors(void) {
  lease("alice", 70001, "Alice", "990\n");
  int before = open_descriptors();
  gid_t groups[4];
  enum nss_status status;
  for (int i = 0; i < 200; i++) {
    passwd_by_name("alice", &p, room, sizeof room);
    passwd_by_name("nobody-here", &p, room, sizeof room);
    passwd_by_uid(70001, &p, room, 2);
    group_by_name("alice", &g, room, sizeof room);
    group_by_gid(70001, &g, room, sizeof room);
    groups_of("alice", 70001, groups, 4, 2, -1, &status);
  }
  put_text(files[passwd_name], "damaged");
  passwd_by_name("alice", &p, room, sizeof room);
  chmod(files[passwd_uid], 0666);
  passwd_by_uid(70001, &p, room, sizeof room);
  expect(open_descriptors() == before, "%d descriptors, before %d", open_descriptors(), before);
  lease("alice", 70001, "Alice", "990\n");
  /* A host without standard streams: the directory that stays open must not become one. */
  int saved = dup(1);
  int high = fcntl(saved, F_DUPFD_CLOEXEC, 40);
  close(saved);
  close(0);
  close(1);
  close(2);
  int errnop;
  enum nss_status walked = nss.setpwent(0);
  enum nss_status entry = nss.getpwent(&p, room, sizeof room, &errnop);
  enum nss_status named = passwd_by_name("alice", &p, room, sizeof room);
  bool free_streams = fcntl(0, F_GETFD) < 0 && fcntl(1, F_GETFD) < 0 && fcntl(2, F_GETFD) < 0;
  int flags = fcntl(3, F_GETFD);
  nss.endpwent();
  dup2(high, 0);
  dup2(high, 1);
  dup2(high, 2);
  expect(walked == NSS_STATUS_SUCCESS && entry == NSS_STATUS_SUCCESS && named == NSS_STATUS_SUCCESS, "without standard streams: %d %d %d", walked, entry, named);
  expect(free_streams, "a standard stream was taken");
  expect(flags >= 0 && flags & FD_CLOEXEC, "the directory would be inherited");
}
