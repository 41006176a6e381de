// See curl_sojourn.h.
#define _GNU_SOURCE
#define CURL_DISABLE_TYPECHECK
#include "include/curl_sojourn.h"
#include <curl/curl.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

/* --- the library --- */

static struct {
  __typeof__(&curl_global_init) global_init;
  __typeof__(&curl_easy_init) init;
  CURLcode (*set)(CURL *, CURLoption, ...);
  CURLcode (*get)(CURL *, CURLINFO, ...);
  __typeof__(&curl_easy_perform) perform;
  __typeof__(&curl_easy_cleanup) cleanup;
  __typeof__(&curl_easy_strerror) error_text;
  __typeof__(&curl_slist_append) append;
  __typeof__(&curl_slist_free_all) free_all;
  int is_ready;
} library;

static int find(void *handle, const char *name, void *slot) {
  void *symbol = dlsym(handle, name);
  memcpy(slot, &symbol, sizeof symbol); /* ISO C has no conversion from object to function pointer */
  return symbol != NULL;
}

/* A failed attempt is not repeated within a process: half a libcurl does not get better. */
static int load(char *detail, size_t detail_size) {
  static int has_failed;
  if (library.is_ready) return 1;
  void *handle = has_failed ? NULL : dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (handle != NULL && find(handle, "curl_global_init", &library.global_init) && find(handle, "curl_easy_init", &library.init) &&
      find(handle, "curl_easy_setopt", &library.set) && find(handle, "curl_easy_getinfo", &library.get) &&
      find(handle, "curl_easy_perform", &library.perform) && find(handle, "curl_easy_cleanup", &library.cleanup) &&
      find(handle, "curl_easy_strerror", &library.error_text) && find(handle, "curl_slist_append", &library.append) &&
      find(handle, "curl_slist_free_all", &library.free_all) && library.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
    library.is_ready = 1;
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

struct peace {
  char **environment;
  sigset_t mask;
  int pipe_was_pending;
};

static int pipe_is_pending(void) {
  sigset_t pending;
  return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

static void begin_peace(struct peace *before) {
  static char *none[] = {NULL};
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  before->pipe_was_pending = pipe_is_pending();
  pthread_sigmask(SIG_BLOCK, &pipe, &before->mask);
  before->environment = environ;
  environ = none;
}

static void end_peace(const struct peace *before) {
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

/* --- one call --- */

static const char *const header_names[] = {"x-request-id", "content-type", "retry-after"};
enum { HEADERS = 3, VALUE = 256 };

struct sojourn_http {
  CURL *curl;
  struct curl_slist *headers, *addresses;
  int is_bad; /* an option was not taken */
  size_t cap, received;
  int is_too_large, is_folded, is_head_whole, no_memory;
  uint8_t *body;
  size_t body_count, body_room;
  long status, retry_after;
  int count[HEADERS];
  char value[HEADERS][VALUE];
  char detail[CURL_ERROR_SIZE];
};

static int fits(struct sojourn_http *call, size_t more) {
  if (more > call->cap - call->received) {
    call->is_too_large = 1;
    return 0;
  }
  call->received += more;
  return 1;
}

static size_t on_body(char *bytes, size_t one, size_t count, void *context) {
  struct sojourn_http *call = context;
  (void)one; /* always 1 */
  if (!fits(call, count)) return 0;
  if (count > call->body_room - call->body_count) {
    size_t room = call->body_count + count < 4096 ? 4096 : (call->body_count + count) * 2;
    uint8_t *larger = realloc(call->body, room);
    if (larger == NULL) {
      call->no_memory = 1;
      return 0;
    }
    call->body = larger;
    call->body_room = room;
  }
  memcpy(call->body + call->body_count, bytes, count);
  call->body_count += count;
  return count;
}

/* A whole header line with its line end, also of interim answers and of trailers. A status line begins anew. */
static size_t on_header(char *line, size_t one, size_t count, void *context) {
  struct sojourn_http *call = context;
  (void)one;
  if (count == 0) return 0;
  if (!fits(call, count)) return 0;
  if (count >= 5 && memcmp(line, "HTTP/", 5) == 0) {
    memset(call->count, 0, sizeof call->count);
    call->is_head_whole = 0;
    return count;
  }
  if (line[0] == '\r' || line[0] == '\n') { /* the empty line: libcurl itself is content with headers that are cut off */
    call->is_head_whole = 1;
    return count;
  }
  if (count > 1 && (line[0] == ' ' || line[0] == '\t')) { /* RFC 9112 section 5.2: obsolete, and a way to hide half a value */
    call->is_folded = 1;
    return 0;
  }
  const char *colon = memchr(line, ':', count);
  if (colon == NULL) return count;
  for (int i = 0; i < HEADERS; i++) {
    size_t name = strlen(header_names[i]);
    if ((size_t)(colon - line) != name || strncasecmp(line, header_names[i], name) != 0) continue;
    const char *begin = colon + 1, *end = line + count;
    while (begin < end && (*begin == ' ' || *begin == '\t')) begin++;
    while (end > begin && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\t')) end--;
    size_t length = (size_t)(end - begin) < VALUE - 1 ? (size_t)(end - begin) : VALUE - 1;
    memcpy(call->value[i], begin, length);
    call->value[i][length] = 0;
    call->count[i]++;
  }
  return count;
}

/* libcurl is about to look a name up, which would start a thread in the host program. */
static int on_lookup(void *state, void *reserved, void *context) {
  (void)state, (void)reserved, (void)context;
  return 1;
}

static int take(struct sojourn_http *call, CURLcode result) {
  if (result == CURLE_OK) return 1;
  call->is_bad = 1;
  if (call->detail[0] == 0) snprintf(call->detail, sizeof call->detail, "libcurl lacks an option: %s", library.error_text(result));
  return 0;
}

static void set_number(struct sojourn_http *call, CURLoption option, long value) { take(call, library.set(call->curl, option, value)); }
static void set_text(struct sojourn_http *call, CURLoption option, const char *value) { take(call, library.set(call->curl, option, value)); }

struct sojourn_http *sojourn_http_new(char *detail, size_t detail_size) {
  struct peace before;
  begin_peace(&before);
  struct sojourn_http *call = NULL;
  if (load(detail, detail_size)) {
    call = calloc(1, sizeof *call);
    if (call != NULL) call->curl = library.init();
    if (call != NULL && call->curl == NULL) {
      free(call);
      call = NULL;
    }
    if (call == NULL) snprintf(detail, detail_size, "no memory");
  }
  end_peace(&before);
  if (call != NULL) sojourn_http_set(call, SOJOURN_HTTP_HEADER, "Expect:"); /* no waiting for "100 Continue" */
  return call;
}

void sojourn_http_free(struct sojourn_http *call) {
  struct peace before;
  begin_peace(&before);
  library.cleanup(call->curl);
  library.free_all(call->headers);
  library.free_all(call->addresses);
  end_peace(&before);
  free(call->body);
  free(call);
}

static int append(struct sojourn_http *call, struct curl_slist **list, const char *value) {
  struct curl_slist *longer = library.append(*list, value);
  if (longer == NULL) return take(call, CURLE_OUT_OF_MEMORY);
  *list = longer;
  return 1;
}

int sojourn_http_set(struct sojourn_http *call, enum sojourn_http_text what, const char *value) {
  switch (what) {
  case SOJOURN_HTTP_URL: return take(call, library.set(call->curl, CURLOPT_URL, value));
  case SOJOURN_HTTP_HEADER: return append(call, &call->headers, value);
  case SOJOURN_HTTP_RESOLVE: return append(call, &call->addresses, value);
  case SOJOURN_HTTP_CA_FILE: return take(call, library.set(call->curl, CURLOPT_CAINFO, value));
  case SOJOURN_HTTP_CLIENT_CERTIFICATE: return take(call, library.set(call->curl, CURLOPT_SSLCERT, value));
  case SOJOURN_HTTP_CLIENT_KEY: return take(call, library.set(call->curl, CURLOPT_SSLKEY, value));
  }
  return take(call, CURLE_UNKNOWN_OPTION);
}

static void set_options(struct sojourn_http *call, int is_plain, int is_literal) {
  /* no signals, redirects, proxies, stored credentials, upgrades, or state from one call to the next */
  set_number(call, CURLOPT_NOSIGNAL, 1);
  set_number(call, CURLOPT_FOLLOWLOCATION, 0);
  set_text(call, CURLOPT_PROTOCOLS_STR, is_plain ? "http" : "https");
  set_text(call, CURLOPT_REDIR_PROTOCOLS_STR, "https");
  set_text(call, CURLOPT_PROXY, "");
  set_text(call, CURLOPT_NOPROXY, "*");
  set_number(call, CURLOPT_NETRC, CURL_NETRC_IGNORED);
  set_number(call, CURLOPT_DISALLOW_USERNAME_IN_URL, 1);
  set_number(call, CURLOPT_FRESH_CONNECT, 1);
  set_number(call, CURLOPT_FORBID_REUSE, 1);
  set_number(call, CURLOPT_HTTP09_ALLOWED, 0);
  set_text(call, CURLOPT_ACCEPT_ENCODING, NULL);        /* asks for no compression, */
  set_number(call, CURLOPT_HTTP_CONTENT_DECODING, 0);   /* undoes none (a gzip bomb stays small), */
  set_number(call, CURLOPT_TRANSFER_ENCODING, 0);
  /* TLS: this one bundle, never the built-in directory; a passphrase is never asked for on the terminal */
  set_number(call, CURLOPT_SSL_VERIFYPEER, 1);
  set_number(call, CURLOPT_SSL_VERIFYHOST, 2);
  set_number(call, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  set_text(call, CURLOPT_CAPATH, NULL);
  set_text(call, CURLOPT_SSLCERTTYPE, "PEM");
  set_text(call, CURLOPT_SSLKEYTYPE, "PEM");
  set_text(call, CURLOPT_KEYPASSWD, "");
  set_number(call, CURLOPT_SSL_SESSIONID_CACHE, 0);
  take(call, library.set(call->curl, CURLOPT_HTTPHEADER, call->headers));
  if (call->addresses != NULL) take(call, library.set(call->curl, CURLOPT_RESOLVE, call->addresses));
  if (!is_literal) take(call, library.set(call->curl, CURLOPT_RESOLVER_START_FUNCTION, on_lookup));
  take(call, library.set(call->curl, CURLOPT_WRITEFUNCTION, on_body));
  take(call, library.set(call->curl, CURLOPT_WRITEDATA, call));
  take(call, library.set(call->curl, CURLOPT_HEADERFUNCTION, on_header));
  take(call, library.set(call->curl, CURLOPT_HEADERDATA, call));
  take(call, library.set(call->curl, CURLOPT_ERRORBUFFER, call->detail));
}

static enum sojourn_http_outcome outcome(const struct sojourn_http *call, CURLcode result) {
  if (call->is_too_large) return SOJOURN_HTTP_TOO_LARGE;
  switch (result) {
  case CURLE_OK: return SOJOURN_HTTP_ANSWERED;
  case CURLE_OPERATION_TIMEDOUT: return SOJOURN_HTTP_TIMED_OUT;
  case CURLE_COULDNT_CONNECT: return SOJOURN_HTTP_UNREACHABLE;
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_ABORTED_BY_CALLBACK: return SOJOURN_HTTP_NOT_RESOLVED;
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_CLIENTCERT: return SOJOURN_HTTP_TLS;
  case CURLE_UNKNOWN_OPTION:
  case CURLE_NOT_BUILT_IN: return SOJOURN_HTTP_NO_LIBRARY;
  default: return SOJOURN_HTTP_BROKEN;
  }
}

enum sojourn_http_outcome sojourn_http_post(struct sojourn_http *call, const void *body, size_t count, long connect_milliseconds,
                                            long total_milliseconds, size_t cap, int is_plain, int is_literal) {
  call->cap = cap;
  set_options(call, is_plain, is_literal);
  set_number(call, CURLOPT_CONNECTTIMEOUT_MS, connect_milliseconds);
  set_number(call, CURLOPT_TIMEOUT_MS, total_milliseconds);
  set_number(call, CURLOPT_POST, 1);
  take(call, library.set(call->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count));
  take(call, library.set(call->curl, CURLOPT_POSTFIELDS, body));
  if (call->is_bad) return SOJOURN_HTTP_NO_LIBRARY;

  struct peace before;
  begin_peace(&before);
  CURLcode result = library.perform(call->curl);
  end_peace(&before);

  if (result == CURLE_OK && !call->is_head_whole) {
    result = CURLE_RECV_ERROR;
    snprintf(call->detail, sizeof call->detail, "the answer's headers are cut off");
  }
  if (call->is_folded) snprintf(call->detail, sizeof call->detail, "a header of the answer is folded");
  if (call->no_memory) snprintf(call->detail, sizeof call->detail, "no memory");
  if (result != CURLE_OK && call->detail[0] == 0) snprintf(call->detail, sizeof call->detail, "%s", library.error_text(result));
  library.get(call->curl, CURLINFO_RESPONSE_CODE, &call->status);
  /* Both forms of RFC 9110 section 10.2.3. libcurl gives 0 for what is no time, and a negative number for a past date. */
  curl_off_t seconds = 0;
  library.get(call->curl, CURLINFO_RETRY_AFTER, &seconds);
  const char *given = sojourn_http_header_value(call, SOJOURN_HTTP_RETRY_AFTER);
  int is_time = call->count[SOJOURN_HTTP_RETRY_AFTER] == 1 && seconds >= 0 && seconds <= 86400 && (seconds > 0 || strcmp(given, "0") == 0);
  call->retry_after = is_time ? (long)seconds : -1;
  return outcome(call, result);
}

long sojourn_http_status(const struct sojourn_http *call) { return call->status; }
long sojourn_http_retry_after(const struct sojourn_http *call) { return call->retry_after; }
const uint8_t *sojourn_http_body(const struct sojourn_http *call, size_t *count) {
  *count = call->body_count;
  return call->body;
}
int sojourn_http_header_count(const struct sojourn_http *call, enum sojourn_http_header which) {
  return which < HEADERS ? call->count[which] : 0;
}
const char *sojourn_http_header_value(const struct sojourn_http *call, enum sojourn_http_header which) {
  return which < HEADERS && call->count[which] > 0 ? call->value[which] : "";
}
const char *sojourn_http_detail(const struct sojourn_http *call) { return call->detail; }
