// What is answered about names without a lease: to the published programs, as root, and to nobody else.
#include "driver.h"
#include <pthread.h>

#define PROGRAM "/run/published/program"
#define RULES "/run/sojourn/nss/candidate"
static const char rules[] = "1:65536:99999:990:/var/lib/sojourn/home:/usr/libexec/sojourn/shell:a*,deploy-*,x:/usr/sbin/sshd," PROGRAM "\n";

static struct passwd p;
static struct group g;
static char room[2048];

/* FNV-1a, written here a second time on purpose. */
static uid_t start_of(const char *name, uid_t first, uid_t last) {
  uint64_t hash = 14695981039346656037ull;
  for (; *name; name++) {
    hash ^= (unsigned char)*name;
    hash *= 1099511628211ull;
  }
  return first + (uid_t)(hash % (last - first + 1));
}

static void copy_program(const char *to) {
  char *bytes = malloc(16 << 20);
  int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  ssize_t size = read(fd, bytes, 16 << 20);
  close(fd);
  put(to, bytes, (size_t)size, 0755);
  free(bytes);
}

static uid_t uid_of(const char *name) {
  return passwd_by_name(name, &p, room, sizeof room) == NSS_STATUS_SUCCESS ? p.pw_uid : 0;
}

static void first_answer(void *unused) {
  (void)unused;
  uid_t uid = start_of("alice", 65536, 99999);
  enum nss_status status;
  gid_t groups[4];
  /* Numbers and groups of candidates exist only once a candidate was told. */
  expect(passwd_by_uid(uid, &p, room, sizeof room) == NSS_STATUS_NOTFOUND, "a uid before its name");
  expect(group_by_gid(uid, &g, room, sizeof room) == NSS_STATUS_NOTFOUND, "a gid before its name");
  expect(group_by_name("alice", &g, room, sizeof room) == NSS_STATUS_NOTFOUND, "a group before its account");
  /* glibc merges groups over all sources: a local account, which passwd never asks us about, is no member of ours. */
  expect(groups_of("alice", uid, groups, 4, 4, -1, &status) == 0 && status == NSS_STATUS_NOTFOUND, "groups before the account");
  struct spwd none;
  int cause;
  /* A local account without a row in /etc/shadow is asked about like this: it is no candidate of ours. */
  expect(nss.getspnam("alice", &none, room, sizeof room, &cause) == NSS_STATUS_NOTFOUND, "shadow before the account");
  expect(uid_of("alice") == uid, "alice is %u, not %u", p.pw_uid, uid);
  expect(strcmp(p.pw_dir, "/var/lib/sojourn/home/alice") == 0 && strcmp(p.pw_shell, "/usr/libexec/sojourn/shell") == 0, "%s %s", p.pw_dir, p.pw_shell);
  expect(strcmp(p.pw_gecos, "Sojourn candidate") == 0, "gecos %s", p.pw_gecos);
  expect(passwd_by_uid(uid, &p, room, sizeof room) == NSS_STATUS_SUCCESS && strcmp(p.pw_name, "alice") == 0, "the uid");
  expect(group_by_name("alice", &g, room, sizeof room) == NSS_STATUS_SUCCESS && g.gr_gid == uid, "the group");
  expect(group_by_gid(uid, &g, room, sizeof room) == NSS_STATUS_SUCCESS && strcmp(g.gr_name, "alice") == 0, "the gid");
  expect(groups_of("alice", uid, groups, 4, 1, -1, &status) == 1 && groups[0] == 990, "the group sojourn");
  struct spwd s;
  int errnop;
  expect(nss.getspnam("alice", &s, room, sizeof room, &errnop) == NSS_STATUS_SUCCESS && strcmp(s.sp_pwdp, "*") == 0, "shadow");
  size_t needed = sizeof "alice" + sizeof "*" + sizeof "Sojourn candidate" + sizeof "/var/lib/sojourn/home/alice" + sizeof "/usr/libexec/sojourn/shell";
  for (size_t size = 0; size < 120; size++) {
    status = passwd_by_name("alice", &p, room, size);
    expect(status == (size < needed ? NSS_STATUS_TRYAGAIN : NSS_STATUS_SUCCESS), "%d in %zu bytes", status, size);
  }
  expect(passwd_by_name("bob", &p, room, sizeof room) == NSS_STATUS_NOTFOUND, "a name that no pattern admits");
  expect(passwd_by_name("xy", &p, room, sizeof room) == NSS_STATUS_NOTFOUND, "a pattern is the whole name");
  expect(uid_of("x") != 0 && uid_of("deploy-") != 0, "patterns");
  nss.setpwent(0);
  while (nss.getpwent(&p, room, sizeof room, &errnop) == NSS_STATUS_SUCCESS) expect(strcmp(p.pw_name, "leased") == 0, "%s was listed", p.pw_name);
  nss.endpwent();
}

static void slot_stays(void *unused) {
  (void)unused;
  uid_t uid = start_of("alice", 65536, 99999), other = start_of("anna", 65536, 99999);
  expect(uid_of("alice") == uid, "alice");
  own(uid, "bob");
  expect(uid_of("alice") == uid, "the registry changed under the first candidate");
  expect(uid_of("anna") == other, "a second name has an answer of its own");
  expect(passwd_by_uid(other, &p, room, sizeof room) == NSS_STATUS_NOTFOUND, "the second name took the slot");
  own(other, "bob");
  expect(uid_of("anna") == other + 1, "the second name follows the registry");
  expect(passwd_by_uid(uid, &p, room, sizeof room) == NSS_STATUS_SUCCESS && strcmp(p.pw_name, "alice") == 0, "the slot was disturbed");
  /* The lease comes while the process lives. */
  enum nss_status status;
  gid_t groups[4];
  own(uid, "alice");
  expect(groups_of("alice", uid, groups, 4, 4, -1, &status) == 1 && groups[0] == 990, "before the lease");
  lease("alice", uid, "Alice", "990,1234\n");
  expect(uid_of("alice") == uid && strcmp(p.pw_gecos, "Sojourn candidate") == 0, "the slot answers first");
  expect(groups_of("alice", uid, groups, 4, 4, -1, &status) == 2 && groups[1] == 1234, "the lease's groups");
  withdraw("alice", uid);
  unlink(RULES);
  expect(uid_of("alice") == uid, "candidates are withdrawn, the process knows its own");
  expect(passwd_by_name("anna", &p, room, sizeof room) == NSS_STATUS_NOTFOUND, "candidates are withdrawn");
  remove_tree("/run/sojourn");
  expect(uid_of("alice") == uid && passwd_by_uid(uid, &p, room, sizeof room) == NSS_STATUS_SUCCESS, "everything is gone, the slot answers");
  make_directories();
  put_text(RULES, rules);
  lease("leased", 70099, "", "990\n");
  own(uid, NULL);
  own(other, NULL);
}

static void registry(void *unused) {
  (void)unused;
  /* A range of four, so that every way around its end is walked. */
  for (unsigned owned = 0; owned < 16; owned++) {
    for (int mine = -1; mine < 4; mine++) {
      put_text(RULES, "1:1000:1003:990:/h:/s:*:" PROGRAM "\n");
      uid_t begin = start_of("alice", 1000, 1003);
      for (unsigned i = 0; i < 4; i++) own(1000 + i, owned & 1u << i ? (i % 2 ? "bob" : "!taken") : NULL);
      if (mine >= 0) own(1000 + (unsigned)mine, "alice");
      uid_t right = 0;
      for (unsigned step = 0; step < 4 && right == 0; step++) {
        uid_t uid = 1000 + (begin - 1000 + step) % 4;
        if (!(owned & 1u << (uid - 1000)) || (int)(uid - 1000) == mine) right = uid;
      }
      int ends[2];
      if (pipe(ends) != 0) exit(2);
      if (fork() == 0) {
        uid_t got = uid_of("alice");
        _exit(write(ends[1], &got, sizeof got) < 0);
      }
      uid_t got = 1;
      close(ends[1]);
      expect(read(ends[0], &got, sizeof got) == sizeof got && got == right, "owned %x, mine %d: %u, not %u", owned, mine, got, right);
      close(ends[0]);
    }
  }
  for (unsigned i = 0; i < 4; i++) own(1000 + i, NULL);
}

static void registry_of_others(void *unused) {
  (void)unused;
  uid_t uid = start_of("alice", 65536, 99999);
  char path[64];
  /* No link, no owner that can be told: somebody else's. */
  snprintf(path, sizeof path, "/var/lib/sojourn/uids/%u", uid);
  put_text(path, "alice");
  snprintf(path, sizeof path, "/var/lib/sojourn/uids/%u", uid + 1);
  mkdir(path, 0755);
  own(uid + 2, "alice2");
  own(uid + 3, "alic");
  own(uid + 4, "./alice");
  own(uid + 5, "alicealicealicealicealicealicealicealicealicealicealicealicealicealicealice");
  for (unsigned i = 6; i < 255; i++) own(uid + i, "bob");
  expect(uid_of("alice") == uid + 255, "the last probe is %u, not %u", p.pw_uid, uid + 255);
}

static void registry_is_full(void *unused) {
  (void)unused;
  uid_t uid = start_of("alice", 65536, 99999);
  own(uid + 255, "bob");
  expect(passwd_by_name("alice", &p, room, sizeof room) == NSS_STATUS_NOTFOUND, "256 probes are others', and alice is %u", p.pw_uid);
  own(uid + 200, "alice");
  expect(uid_of("alice") == uid + 200, "her own claim among others'");
}

static void registry_missing(void *unused) {
  (void)unused;
  expect(passwd_by_name("alice", &p, room, sizeof room) == NSS_STATUS_UNAVAIL, "without a registry");
}

static void not_root(void *unused) {
  (void)unused;
  if (setresuid(70000, 70000, 70000) != 0) exit(2);
  struct spwd s;
  int errnop;
  enum nss_status status;
  gid_t groups[4];
  expect(passwd_by_name("alice", &p, room, sizeof room) == NSS_STATUS_NOTFOUND, "a candidate for another user");
  expect(groups_of("alice", 7, groups, 4, 4, -1, &status) == 0 && status == NSS_STATUS_NOTFOUND, "groups for another user");
  expect(nss.getspnam("alice", &s, room, sizeof room, &errnop) == NSS_STATUS_NOTFOUND, "shadow for another user");
  expect(nss.getspnam("leased", &s, room, sizeof room, &errnop) == NSS_STATUS_NOTFOUND, "a lease's shadow for another user");
  nss.setspent(0);
  expect(nss.getspent(&s, room, sizeof room, &errnop) == NSS_STATUS_NOTFOUND, "shadow was listed for another user");
  nss.endspent();
  expect(uid_of("leased") == 70099, "a lease is for everybody");
}

static atomic_uint told[8];
static pthread_barrier_t together;
static void *ask_once(void *index) {
  struct passwd account;
  char space[1024];
  int errnop;
  pthread_barrier_wait(&together);
  told[(uintptr_t)index] = nss.getpwnam("alice", &account, space, sizeof space, &errnop) == NSS_STATUS_SUCCESS ? account.pw_uid : 0;
  return NULL;
}
static void together_first(void *unused) {
  (void)unused;
  pthread_t threads[8];
  uid_t uid = start_of("alice", 65536, 99999);
  pthread_barrier_init(&together, NULL, 9);
  for (uintptr_t i = 0; i < 8; i++) pthread_create(&threads[i], NULL, ask_once, (void *)i);
  pthread_barrier_wait(&together);
  own(uid, "bob");
  own(uid, NULL);
  for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
  for (int i = 1; i < 8; i++) expect(told[i] == told[0] && told[0] != 0, "two uids for one name: %u and %u", told[0], told[i]);
}

void candidate_program(void) {
  expect(passwd_by_name("leased", &p, room, sizeof room) == NSS_STATUS_SUCCESS, "a lease");
  in_child(first_answer, NULL);
  in_child(slot_stays, NULL);
  in_child(not_root, NULL);
  for (int i = 0; i < 50; i++) in_child(together_first, NULL);
  in_child(registry, NULL);
  put_text(RULES, rules);
  in_child(registry_of_others, NULL);
  in_child(registry_is_full, NULL);
  chmod("/var/lib/sojourn/uids", 0775);
  in_child(registry_missing, NULL);
  chmod("/var/lib/sojourn/uids", 0755);
  rename("/var/lib/sojourn/uids", "/var/lib/sojourn/away");
  in_child(registry_missing, NULL);
  make_directories();
}

static void nobody_there(void *unused) {
  (void)unused;
  gid_t groups[4];
  enum nss_status status;
  expect(passwd_by_name("alice", &p, room, sizeof room) == NSS_STATUS_NOTFOUND, "a candidate in a program that is not published");
  expect(groups_of("alice", 7, groups, 4, 4, -1, &status) == 0 && status == NSS_STATUS_NOTFOUND, "groups in a program that is not published");
}
void candidate_elsewhere(void) {
  in_child(nobody_there, NULL);
  expect(uid_of("leased") == 70099, "a lease is for every program");
}

void candidates(void) {
  mkdir("/run/published", 0755);
  copy_program(PROGRAM);
  copy_program("/run/published/program2");
  copy_program("/run/published/progra");
  lease("leased", 70099, "", "990\n");
  own(70099, "leased");
  run_copy(PROGRAM, "candidate-elsewhere"); /* no rules: nobody sees anything */
  put_text(RULES, rules);
  run_copy("/run/published/program2", "candidate-elsewhere");
  run_copy("/run/published/progra", "candidate-elsewhere");
  in_child(nobody_there, NULL);
  withdraw("leased", 70099);
  lease("leased", 70099, "", "990\n");
  run_copy(PROGRAM, "candidate-program");
}

struct damaged {
  bool must_fail;
  const char *what;
};
static void one_damage(void *argument) {
  const struct damaged *d = argument;
  enum nss_status status = passwd_by_name("alice", &p, room, sizeof room);
  if (d->must_fail) expect(status == NSS_STATUS_UNAVAIL, "%s gives %d", d->what, status);
  else expect(status == NSS_STATUS_UNAVAIL || status == NSS_STATUS_NOTFOUND || status == NSS_STATUS_SUCCESS, "%s gives %d", d->what, status);
}

/* Flips every bit of the rules, here in the program that they name; run from the published path by itself. */
void candidate_damage(void) {
  if (access(PROGRAM, X_OK) != 0) {
    mkdir("/run/published", 0755);
    copy_program(PROGRAM);
    run_copy(PROGRAM, "candidate-damage");
    return;
  }
  char what[128];
  size_t size = strlen(rules);
  for (size_t length = 0; length < size; length++) {
    put(RULES, rules, length, 0644);
    snprintf(what, sizeof what, "rules cut at %zu", length);
    in_child(one_damage, &(struct damaged){true, what});
  }
  for (size_t at = 0; at < size; at++) {
    for (int bit = 0; bit < 8; bit++) {
      char bad[sizeof rules];
      memcpy(bad, rules, sizeof rules);
      bad[at] ^= (char)(1 << bit);
      put(RULES, bad, size, 0644);
      snprintf(what, sizeof what, "rules with bit %d of byte %zu flipped", bit, at);
      in_child(one_damage, &(struct damaged){rules[at] == ':' || at == 0 || at == size - 1, what});
    }
  }
  const char *wrong[] = {
      "2:65536:99999:990:/h:/s:*:" PROGRAM "\n", "1:0:99999:990:/h:/s:*:" PROGRAM "\n",     "1:999:99999:990:/h:/s:*:" PROGRAM "\n",
      "1:70000:60000:990:/h:/s:*:" PROGRAM "\n", "1:65536:99999:0:/h:/s:*:" PROGRAM "\n",   "1:65536:99999:990:h:/s:*:" PROGRAM "\n",
      "1:65536:99999:990:/h:s:*:" PROGRAM "\n",  "1:65536:99999:990:/h:/s::" PROGRAM "\n",  "1:65536:99999:990:/h:/s:*:\n",
      "1:65536:4294967295:990:/h:/s:*:" PROGRAM "\n", "1:65536:99999:990:/h:/s:*:" PROGRAM ":\n", "1:65536:99999:990:/h:/s:*:" PROGRAM "\n\n"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    put_text(RULES, wrong[i]);
    in_child(one_damage, &(struct damaged){true, wrong[i]});
  }
  put(RULES, rules, size, 0664);
  in_child(one_damage, &(struct damaged){true, "rules that a group can write"});
  put(RULES, rules, size, 0644);
  if (chown(RULES, 1, 0) != 0) exit(2);
  in_child(one_damage, &(struct damaged){true, "rules of another owner"});
  rename(RULES, "/run/rules");
  if (symlink("/run/rules", RULES) != 0) exit(2);
  in_child(one_damage, &(struct damaged){true, "rules behind a link"});
  unlink(RULES);
  mkdir(RULES, 0755);
  in_child(one_damage, &(struct damaged){true, "rules as a directory"});
  rmdir(RULES);
  /* Longer than what is believed: 4096 bytes. */
  for (int over = 0; over < 2; over++) {
    char line[5000];
    int prefix = sprintf(line, "1:65536:99999:990:/h:/s:*:" PROGRAM ",/");
    memset(line + prefix, 'x', sizeof line - (size_t)prefix);
    line[4095 + over] = '\n';
    put(RULES, line, 4096 + (size_t)over, 0644);
    in_child(one_damage, &(struct damaged){over == 1, "long rules"});
  }
}
