// See curl_sojourn.h: libcurl opened at first use, and what keeps it from hearing its host.
#include "curl_parts.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct sojourn_curl sojourn_curl;
static void *opened;

int sojourn_curl_find(const char *name, void *slot) {
  void *symbol = dlsym(opened, name);
  memcpy(slot, &symbol, sizeof symbol); /* ISO C has no conversion from object to function pointer */
  return symbol != NULL;
}

/* A failed attempt is not repeated within a process: half a libcurl does not get better. */
int sojourn_curl_load(char *detail, size_t detail_size) {
  static int has_failed;
  struct sojourn_curl *library = &sojourn_curl;
  if (library->is_ready) return 1;
  opened = has_failed ? NULL : dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (opened != NULL && sojourn_curl_find("curl_global_init", &library->global_init) && sojourn_curl_find("curl_easy_init", &library->init) &&
      sojourn_curl_find("curl_easy_setopt", &library->set) && sojourn_curl_find("curl_easy_getinfo", &library->get) &&
      sojourn_curl_find("curl_easy_perform", &library->perform) && sojourn_curl_find("curl_easy_cleanup", &library->cleanup) &&
      sojourn_curl_find("curl_easy_strerror", &library->error_text) && sojourn_curl_find("curl_slist_append", &library->append) &&
      sojourn_curl_find("curl_slist_free_all", &library->free_all) && library->global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
    library->is_ready = 1;
    return 1;
  }
  const char *why = has_failed ? NULL : dlerror();
  snprintf(detail, detail_size, "%s", why != NULL ? why : "libcurl.so.4 cannot be used");
  has_failed = 1;
  return 0;
}

/* --- peace from the host program ---
   Environment: libcurl reads SSLKEYLOGFILE with plain getenv(3) when it is initialised and would have a setuid su append
   TLS secrets to a file of the user's choice; it also reads http_proxy and its kin, CURL_SSL_BACKEND, HOME; OpenSSL reads
   OPENSSL_CONF, OPENSSL_MODULES, OPENSSL_ENGINES, SSL_CERT_FILE. So there is no environment while libcurl runs.
   SIGPIPE: with CURLOPT_NOSIGNAL libcurl no longer ignores it, and a TLS library that uses write(2) would kill su or
   login. It is blocked for this thread, and one that became pending meanwhile is taken away; no handler is touched. */

static int pipe_is_pending(void) {
  sigset_t pending;
  return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

void sojourn_peace_begin(struct sojourn_peace *before) {
  static char *none[] = {NULL};
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  before->pipe_was_pending = pipe_is_pending();
  pthread_sigmask(SIG_BLOCK, &pipe, &before->mask);
  before->environment = environ;
  environ = none;
}

void sojourn_peace_end(const struct sojourn_peace *before) {
  environ = before->environment;
  if (!before->pipe_was_pending && pipe_is_pending()) {
    sigset_t pipe;
    struct timespec now = {0};
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigtimedwait(&pipe, NULL, &now);
  }
  pthread_sigmask(SIG_SETMASK, &before->mask, NULL);
}
