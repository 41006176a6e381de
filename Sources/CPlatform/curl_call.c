// See curl_sojourn.h: one call, which options it has, and how it ends.
#include "curl_parts.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* libcurl is about to look a name up, which would start a thread in the host program. */
static int on_lookup(void *state, void *reserved, void *context) {
  (void)state, (void)reserved, (void)context;
  return 1;
}

int sojourn_http_take(struct sojourn_http *call, CURLcode result) {
  if (result == CURLE_OK) return 1;
  call->is_bad = 1;
  if (call->detail[0] == 0) snprintf(call->detail, sizeof call->detail, "libcurl lacks an option: %s", sojourn_curl.error_text(result));
  return 0;
}

static void set_number(struct sojourn_http *call, CURLoption option, long value) { sojourn_http_take(call, sojourn_curl.set(call->curl, option, value)); }
static void set_text(struct sojourn_http *call, CURLoption option, const char *value) { sojourn_http_take(call, sojourn_curl.set(call->curl, option, value)); }

struct sojourn_http *sojourn_http_new(char *detail, size_t detail_size) {
  struct sojourn_peace before;
  sojourn_peace_begin(&before);
  struct sojourn_http *call = NULL;
  if (sojourn_curl_load(detail, detail_size)) {
    call = calloc(1, sizeof *call);
    if (call != NULL) call->curl = sojourn_curl.init();
    if (call != NULL && call->curl == NULL) {
      free(call);
      call = NULL;
    }
    if (call == NULL) snprintf(detail, detail_size, "no memory");
  }
  sojourn_peace_end(&before);
  if (call != NULL) sojourn_http_set(call, SOJOURN_HTTP_HEADER, "Expect:"); /* no waiting for "100 Continue" */
  return call;
}

void sojourn_http_free(struct sojourn_http *call) {
  struct sojourn_peace before;
  sojourn_peace_begin(&before);
  sojourn_curl.cleanup(call->curl);
  sojourn_curl.free_all(call->headers);
  sojourn_curl.free_all(call->addresses);
  sojourn_peace_end(&before);
  free(call->body);
  free(call);
}

static int append(struct sojourn_http *call, struct curl_slist **list, const char *value) {
  struct curl_slist *longer = sojourn_curl.append(*list, value);
  if (longer == NULL) return sojourn_http_take(call, CURLE_OUT_OF_MEMORY);
  *list = longer;
  return 1;
}

int sojourn_http_set(struct sojourn_http *call, enum sojourn_http_text what, const char *value) {
  switch (what) {
  case SOJOURN_HTTP_URL: return sojourn_http_take(call, sojourn_curl.set(call->curl, CURLOPT_URL, value));
  case SOJOURN_HTTP_HEADER: return append(call, &call->headers, value);
  case SOJOURN_HTTP_ID: {
    char line[SOJOURN_VALUE + 16];
    int length = snprintf(call->id, sizeof call->id, "%s", value);
    if (length < 0 || (size_t)length >= sizeof call->id) return sojourn_http_take(call, CURLE_BAD_FUNCTION_ARGUMENT);
    snprintf(line, sizeof line, "X-Request-ID: %s", call->id);
    return append(call, &call->headers, line);
  }
  case SOJOURN_HTTP_SOCKET: return sojourn_http_take(call, sojourn_curl.set(call->curl, CURLOPT_UNIX_SOCKET_PATH, value));
  case SOJOURN_HTTP_RESOLVE: return append(call, &call->addresses, value);
  case SOJOURN_HTTP_CA_FILE: return sojourn_http_take(call, sojourn_curl.set(call->curl, CURLOPT_CAINFO, value));
  case SOJOURN_HTTP_CLIENT_CERTIFICATE: return sojourn_http_take(call, sojourn_curl.set(call->curl, CURLOPT_SSLCERT, value));
  case SOJOURN_HTTP_CLIENT_KEY: return sojourn_http_take(call, sojourn_curl.set(call->curl, CURLOPT_SSLKEY, value));
  }
  return sojourn_http_take(call, CURLE_UNKNOWN_OPTION);
}

/* A connection whose other end acknowledges nothing for as many milliseconds is given up: one that a firewall forgot while
   nobody used it must leave time for a fresh one. */
enum { UNHEARD = 2000 };

static int on_socket(void *context, curl_socket_t fd, curlsocktype purpose) {
  (void)context, (void)purpose;
  unsigned limit = UNHEARD;
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit); /* a unix socket has no such thing */
  return CURL_SOCKOPT_OK;
}

static void keep_connection(struct sojourn_http *call, int is_plain, enum sojourn_keeping keeping) {
  set_number(call, CURLOPT_FRESH_CONNECT, keeping != SOJOURN_KEPT);
  set_number(call, CURLOPT_FORBID_REUSE, keeping != SOJOURN_KEPT);
  if (keeping == SOJOURN_ALONE) return;
  /* HTTP/2 where TLS finds it; who comes while its connection is being made waits for it. */
  set_number(call, CURLOPT_HTTP_VERSION, is_plain ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS);
  set_number(call, CURLOPT_PIPEWAIT, 1);
  /* Seconds. Certificates are renewed: a connection made with old ones does not stay, and no CA file is remembered. */
  set_number(call, CURLOPT_MAXLIFETIME_CONN, 300);
  set_number(call, CURLOPT_MAXAGE_CONN, 90);
#if LIBCURL_VERSION_NUM >= 0x075700
  (void)sojourn_curl.set(call->curl, CURLOPT_CA_CACHE_TIMEOUT, 0L); /* older ones have no such memory */
#endif
  set_number(call, CURLOPT_TCP_KEEPALIVE, 1);
  set_number(call, CURLOPT_TCP_KEEPIDLE, 20);
  set_number(call, CURLOPT_TCP_KEEPINTVL, 5);
  sojourn_http_take(call, sojourn_curl.set(call->curl, CURLOPT_SOCKOPTFUNCTION, on_socket));
}

static void set_options(struct sojourn_http *call, int is_plain, int is_literal, enum sojourn_keeping keeping) {
  /* no signals, redirects, proxies, stored credentials, upgrades, or state from one call to the next */
  set_number(call, CURLOPT_NOSIGNAL, 1);
  set_number(call, CURLOPT_FOLLOWLOCATION, 0);
  set_text(call, CURLOPT_PROTOCOLS_STR, is_plain ? "http" : "https");
  set_text(call, CURLOPT_REDIR_PROTOCOLS_STR, "https");
  set_text(call, CURLOPT_PROXY, "");
  set_text(call, CURLOPT_NOPROXY, "*");
  set_number(call, CURLOPT_NETRC, CURL_NETRC_IGNORED);
  set_number(call, CURLOPT_DISALLOW_USERNAME_IN_URL, 1);
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
  keep_connection(call, is_plain, keeping);
  sojourn_http_take(call, sojourn_curl.set(call->curl, CURLOPT_HTTPHEADER, call->headers));
  if (call->addresses != NULL) sojourn_http_take(call, sojourn_curl.set(call->curl, CURLOPT_RESOLVE, call->addresses));
  if (!is_literal) sojourn_http_take(call, sojourn_curl.set(call->curl, CURLOPT_RESOLVER_START_FUNCTION, on_lookup));
  sojourn_http_take(call, sojourn_curl.set(call->curl, CURLOPT_WRITEFUNCTION, sojourn_http_on_body));
  sojourn_http_take(call, sojourn_curl.set(call->curl, CURLOPT_WRITEDATA, call));
  sojourn_http_take(call, sojourn_curl.set(call->curl, CURLOPT_HEADERFUNCTION, sojourn_http_on_header));
  sojourn_http_take(call, sojourn_curl.set(call->curl, CURLOPT_HEADERDATA, call));
  sojourn_http_take(call, sojourn_curl.set(call->curl, CURLOPT_ERRORBUFFER, call->detail));
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

int sojourn_http_prepare(struct sojourn_http *call, const void *body, size_t count, long milliseconds, size_t cap, int is_plain, int is_literal,
                         enum sojourn_keeping keeping) {
  call->cap = cap;
  set_options(call, is_plain, is_literal, keeping);
  set_number(call, CURLOPT_CONNECTTIMEOUT_MS, milliseconds);
  set_number(call, CURLOPT_TIMEOUT_MS, milliseconds);
  set_number(call, CURLOPT_POST, 1);
  sojourn_http_take(call, sojourn_curl.set(call->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count));
  sojourn_http_take(call, sojourn_curl.set(call->curl, CURLOPT_COPYPOSTFIELDS, body));
  return !call->is_bad;
}

enum sojourn_http_outcome sojourn_http_finish(struct sojourn_http *call, CURLcode result) {
  if (result == CURLE_OK && !call->is_head_whole) {
    result = CURLE_RECV_ERROR;
    snprintf(call->detail, sizeof call->detail, "the answer's headers are cut off");
  }
  if (call->is_folded) snprintf(call->detail, sizeof call->detail, "a header of the answer is folded");
  if (call->no_memory) snprintf(call->detail, sizeof call->detail, "no memory");
  if (result != CURLE_OK && call->detail[0] == 0) snprintf(call->detail, sizeof call->detail, "%s", sojourn_curl.error_text(result));
  sojourn_curl.get(call->curl, CURLINFO_RESPONSE_CODE, &call->status);
  sojourn_curl.get(call->curl, CURLINFO_HTTP_VERSION, &call->version);
  sojourn_curl.get(call->curl, CURLINFO_NUM_CONNECTS, &call->connects);
  /* Both forms of RFC 9110 section 10.2.3. libcurl gives 0 for what is no time, and a negative number for a past date. */
  curl_off_t seconds = 0;
  sojourn_curl.get(call->curl, CURLINFO_RETRY_AFTER, &seconds);
  const char *given = sojourn_http_header_value(call, SOJOURN_HTTP_RETRY_AFTER);
  int is_time = call->count[SOJOURN_HTTP_RETRY_AFTER] == 1 && seconds >= 0 && seconds <= 86400 && (seconds > 0 || strcmp(given, "0") == 0);
  call->retry_after = is_time ? (long)seconds : -1;
  return outcome(call, result);
}

enum sojourn_http_outcome sojourn_http_post(struct sojourn_http *call, const void *body, size_t count, long milliseconds, size_t cap,
                                            int is_plain, int is_literal) {
  if (!sojourn_http_prepare(call, body, count, milliseconds, cap, is_plain, is_literal, SOJOURN_ALONE)) return SOJOURN_HTTP_NO_LIBRARY;
  struct sojourn_peace before;
  sojourn_peace_begin(&before);
  CURLcode result = sojourn_curl.perform(call->curl);
  sojourn_peace_end(&before);
  return sojourn_http_finish(call, result);
}
