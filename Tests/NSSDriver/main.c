#include "driver.h"
#include <dlfcn.h>
#include <sched.h>
#include <sys/mount.h>

struct module nss;
const char *library;

static const struct {
  const char *name;
  void (*run)(void);
} requirements[] = {
    {"buffers", buffers},
    {"names", names},
    {"damage", damage},
    {"file-kinds", file_kinds},
    {"enumeration", enumeration},
    {"replacement", replacement},
    {"group-arrays", group_arrays}, {"local-members", local_members},
    {"heap", heap},
    {"descriptors", descriptors},
    {"through-glibc", through_glibc},
    {"candidates", candidates},
    {"candidate-damage", candidate_damage},
    {"benchmark", benchmark},
    /* run by the ones above, from a copy of this program */
    {"candidate-program", candidate_program},
    {"candidate-elsewhere", candidate_elsewhere},
};

static void *symbol(void *handle, const char *name) {
  char full[64];
  snprintf(full, sizeof full, "_nss_sojourn_%s", name);
  void *found = dlsym(handle, full);
  if (found == NULL) {
    printf("the library has no %s\n", full);
    exit(2);
  }
  return found;
}

static void load(void) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL) {
    printf("the library cannot be loaded: %s\n", dlerror());
    exit(2);
  }
  nss.getpwnam = symbol(handle, "getpwnam_r");
  nss.getpwuid = symbol(handle, "getpwuid_r");
  nss.setpwent = symbol(handle, "setpwent");
  nss.endpwent = symbol(handle, "endpwent");
  nss.getpwent = symbol(handle, "getpwent_r");
  nss.getgrnam = symbol(handle, "getgrnam_r");
  nss.getgrgid = symbol(handle, "getgrgid_r");
  nss.setgrent = symbol(handle, "setgrent");
  nss.endgrent = symbol(handle, "endgrent");
  nss.getgrent = symbol(handle, "getgrent_r");
  nss.getspnam = symbol(handle, "getspnam_r");
  nss.setspent = symbol(handle, "setspent");
  nss.endspent = symbol(handle, "endspent");
  nss.getspent = symbol(handle, "getspent_r");
  nss.initgroups = symbol(handle, "initgroups_dyn");
}

static void enter_namespace(void) {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount("tmpfs", "/run", "tmpfs", 0, "mode=0755") != 0 || mount("tmpfs", "/var/lib", "tmpfs", 0, "mode=0755") != 0) {
    perror("a mount namespace of its own (needs root)");
    exit(2);
  }
  make_directories();
}

/* driver LIBRARY REQUIREMENT [inside] | driver LIBRARY run COMMAND… (in such a namespace, with two leases and the module
   behind `files` in nsswitch.conf) */
int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  umask(022);
  if (argc < 3) return 64;
  library = argv[1];
  if (strcmp(argv[2], "run") == 0 && argc > 3) {
    enter_namespace();
    lease("alice", 70001, "Alice Example", "990,1234\n");
    lease("bob", 70002, "", "990\n");
    /* What the session of another source's account was granted. */
    put_text("/run/sojourn/nss/member/daemon", "1234,1235\n");
    put_text("/run/nsswitch.conf", "passwd: files sojourn\ngroup: files sojourn\nshadow: files sojourn\n");
    if (mount("/run/nsswitch.conf", "/etc/nsswitch.conf", NULL, MS_BIND, NULL) != 0) {
      perror("mount nsswitch.conf");
      return 2;
    }
    execvp(argv[3], argv + 3);
    perror(argv[3]);
    return 2;
  }
  if (argc == 3) enter_namespace();
  load();
  for (size_t i = 0; i < sizeof requirements / sizeof *requirements; i++) {
    if (strcmp(requirements[i].name, argv[2]) != 0) continue;
    requirements[i].run();
    if (argc == 3) printf("%d checks, %d failed\n", checks_made(), checks_failed());
    else if (write(3, (int[2]){checks_made(), checks_failed()}, 2 * sizeof(int)) < 0) return 2;
    return checks_failed() > 0;
  }
  printf("no such requirement: %s\n", argv[2]);
  return 64;
}
