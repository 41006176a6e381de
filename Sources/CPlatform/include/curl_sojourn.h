// libcurl, opened at first use. Why shims: curl_easy_setopt and curl_easy_getinfo are variadic; and linking libcurl
// would have every sshd, sudo and cron that starts load its thirty libraries, so it is opened by name when a decision is
// really asked for, and kept (its TLS library registers handlers that must never dangle).
#ifndef SOJOURN_CURL_H
#define SOJOURN_CURL_H
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/* One HTTP POST of JSON, blocking, without signals, threads, redirects, proxies, netrc or anything from the environment. */
struct sojourn_http_request {
  const char *url;
  const char *_Nullable resolve;      /* "host:port:address[,address]" or NULL */
  const char *_Nullable unix_socket;  /* path or NULL */
  const char *_Nullable ca_file, *_Nullable client_certificate, *_Nullable client_key;
  const char *_Nullable bearer_token;
  const char *request_id;
  const char *user_agent;
  const char *body;
  size_t body_count;
  long connect_milliseconds, total_milliseconds;
  size_t response_cap; /* bytes; one more makes the transfer fail */
};

enum sojourn_http_outcome {
  SOJOURN_HTTP_ANSWERED = 0,
  SOJOURN_HTTP_NO_LIBRARY,
  SOJOURN_HTTP_TIMED_OUT,
  SOJOURN_HTTP_UNREACHABLE,
  SOJOURN_HTTP_TLS,
  SOJOURN_HTTP_TOO_LARGE,
  SOJOURN_HTTP_BROKEN,
};

struct sojourn_http_response {
  enum sojourn_http_outcome outcome;
  long status;
  long retry_after;             /* seconds, 0 if the header is absent */
  char *_Nullable body;         /* response_cap bytes at most; free with sojourn_http_free */
  size_t body_count;
  char content_type[128];
  char request_id[160];         /* of the answer; "" if the header is absent */
  int request_id_count;         /* how often the header came */
  char detail[256];             /* for the log */
};

void sojourn_http_post(const struct sojourn_http_request *request, struct sojourn_http_response *response);
void sojourn_http_free(struct sojourn_http_response *response);

#pragma clang assume_nonnull end
#endif
