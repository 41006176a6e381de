// libcurl, opened at first use. Why shims: curl_easy_setopt and curl_easy_getinfo are variadic; and linking libcurl
// would have every sshd, sudo and cron that starts load its thirty libraries, so it is opened by name when a decision is
// really asked for, and kept for ever (its TLS library registers handlers that must never dangle).
//
// A call is one HTTP POST of JSON, or a GET if there is nothing to post. By itself (`sojourn_http_post`) it has a connection of its own and blocks; in a pool it
// goes over connections that are kept, and `sojourn_pool_wait` waits for all at once. Either way it starts no thread, installs no signal
// handler, follows no redirect, asks no proxy, reads no netrc and no environment variable, looks no name up; and
// without a pool it leaves no descriptor open. One thread at a time: `environ` and the signal mask are exchanged while it runs.
#ifndef SOJOURN_CURL_H
#define SOJOURN_CURL_H
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

struct sojourn_http;

enum sojourn_http_text {
  SOJOURN_HTTP_URL,
  SOJOURN_HTTP_HEADER,             /* "Name: value", any number of them */
  SOJOURN_HTTP_ID,                 /* the header X-Request-ID */
  SOJOURN_HTTP_RESOLVE,            /* "host:port:address[,address]": all that is known of the name; nothing is looked up */
  SOJOURN_HTTP_SOCKET,             /* a unix socket's absolute path, instead of the URL's host and port */
  SOJOURN_HTTP_CA_FILE,            /* PEM; nothing else is trusted */
  SOJOURN_HTTP_CLIENT_CERTIFICATE, /* PEM file */
  SOJOURN_HTTP_CLIENT_KEY,         /* PEM file without a passphrase */
};

enum sojourn_http_outcome {
  SOJOURN_HTTP_ANSWERED = 0,
  SOJOURN_HTTP_NO_LIBRARY, /* not there, or too old for an option */
  SOJOURN_HTTP_TIMED_OUT,
  SOJOURN_HTTP_UNREACHABLE,
  SOJOURN_HTTP_NOT_RESOLVED,
  SOJOURN_HTTP_TLS,
  SOJOURN_HTTP_TOO_LARGE,
  SOJOURN_HTTP_BROKEN,
};

enum sojourn_http_header { SOJOURN_HTTP_REQUEST_ID, SOJOURN_HTTP_CONTENT_TYPE, SOJOURN_HTTP_RETRY_AFTER };

/* NULL: no memory, or no library; `detail` (256 bytes) then says which. */
struct sojourn_http *_Nullable sojourn_http_new(char *detail, size_t detail_size);
void sojourn_http_free(struct sojourn_http *call);

/* 1 if the value was taken. One that was not makes the post fail. */
int sojourn_http_set(struct sojourn_http *call, enum sojourn_http_text what, const char *value);

/* `cap`: bytes of answer, status line and headers included; one more makes the transfer fail.
   `is_plain`: http, else https; nothing else. `is_literal`: the URL's host is an address. */
enum sojourn_http_outcome sojourn_http_post(struct sojourn_http *call, const void *body, size_t count, long milliseconds, size_t cap,
                                            int is_plain, int is_literal);

/* Calls that share connections, at most `kept` of which stay open without one. NULL as above. */
struct sojourn_pool;
struct sojourn_pool *_Nullable sojourn_pool_new(long kept, char *detail, size_t detail_size);
void sojourn_pool_free(struct sojourn_pool *pool); /* when no call is under way */
/* As `sojourn_http_post`, without waiting; 0 if it cannot begin (see `sojourn_http_detail`). `is_fresh`: over a
   connection that nobody used before and nobody will use after. */
int sojourn_pool_begin(struct sojourn_pool *pool, struct sojourn_http *call, const void *body, size_t count, long milliseconds, size_t cap,
                       int is_plain, int is_literal, int is_fresh);
void sojourn_pool_cancel(struct sojourn_pool *pool, struct sojourn_http *call);
/* Until a call has got further, `fd` has something to read, or the time is over. */
void sojourn_pool_wait(struct sojourn_pool *pool, int fd, int milliseconds);
/* A call that is through, taken out of the pool; NULL if there is none. */
struct sojourn_http *_Nullable sojourn_pool_next(struct sojourn_pool *pool, enum sojourn_http_outcome *outcome);

/* The same without a body, and as GET: only `sojourn check` does this. */
enum sojourn_http_outcome sojourn_http_get(struct sojourn_http *call, long milliseconds, size_t cap, int is_plain, int is_literal);
/* Before a post or get: libcurl is to remember the server's certificates. */
void sojourn_http_watch_certificate(struct sojourn_http *call);
/* After it: when the first of them ends, in seconds since 1970; -1 if there is none, or libcurl does not say. */
int64_t sojourn_http_certificate_end(const struct sojourn_http *call);

/* The answer; all that is handed out belongs to the call. */
long sojourn_http_status(const struct sojourn_http *call);
long sojourn_http_retry_after(const struct sojourn_http *call); /* seconds; -1 if the header is absent or no time */
const uint8_t *_Nullable sojourn_http_body(const struct sojourn_http *call, size_t *count);
/* How often a header came, trailers included, and its last value, cut after 255 bytes. */
int sojourn_http_header_count(const struct sojourn_http *call, enum sojourn_http_header which);
const char *sojourn_http_header_value(const struct sojourn_http *call, enum sojourn_http_header which);
long sojourn_http_version(const struct sojourn_http *call);   /* as libcurl numbers them: 2 is HTTP/1.1, 3 is HTTP/2 */
int sojourn_http_was_kept(const struct sojourn_http *call);   /* no connection was made for it */
int sojourn_http_is_unheard(const struct sojourn_http *call); /* not one byte of an answer to this question came */
const char *sojourn_http_detail(const struct sojourn_http *call); /* libcurl's words, for the log */

#pragma clang assume_nonnull end
#endif
