// What the parts of the libcurl shim share; see include/curl_sojourn.h. Not for Swift.
#ifndef SOJOURN_CURL_PARTS_H
#define SOJOURN_CURL_PARTS_H
#define _GNU_SOURCE
#define CURL_DISABLE_TYPECHECK
#include "include/curl_sojourn.h"
#include <curl/curl.h>
#include <signal.h>

#pragma GCC visibility push(hidden)

/* --- the library (curl_library.c) --- */

struct sojourn_curl {
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
};
extern struct sojourn_curl sojourn_curl;

/* Opens it at the first call; 0 with the reason in `detail` if it cannot be used. */
int sojourn_curl_load(char *detail, size_t detail_size);
/* A function of it; 1 if it is there. */
int sojourn_curl_find(const char *name, void *slot);

/* No environment and no SIGPIPE while libcurl runs; the reasons are in curl_library.c. */
struct sojourn_peace {
  char **environment;
  sigset_t mask;
  int pipe_was_pending;
};
void sojourn_peace_begin(struct sojourn_peace *before);
void sojourn_peace_end(const struct sojourn_peace *before);

/* --- one call (curl_call.c, curl_answer.c) --- */

enum { SOJOURN_HEADERS = 3, SOJOURN_VALUE = 256 };

struct sojourn_http {
  CURL *curl;
  struct curl_slist *headers, *addresses;
  int is_bad; /* an option was not taken */
  size_t cap, received;
  int is_too_large, is_folded, is_head_whole, no_memory;
  int is_ordered, is_interim, is_foreign; /* answers come in the order of questions; 1xx; not to our question */
  char id[SOJOURN_VALUE];
  uint8_t *body;
  size_t body_count, body_room;
  long status, retry_after, version, connects;
  int count[SOJOURN_HEADERS];
  char value[SOJOURN_HEADERS][SOJOURN_VALUE];
  char detail[CURL_ERROR_SIZE];
};

/* How its connection is had. */
enum sojourn_keeping { SOJOURN_ALONE, SOJOURN_KEPT, SOJOURN_FRESH };

/* All options of a post; 0 if one was not taken. */
int sojourn_http_prepare(struct sojourn_http *call, const void *body, size_t count, long milliseconds, size_t cap, int is_plain, int is_literal,
                         enum sojourn_keeping keeping);
/* What came of it, when libcurl is through with it. */
enum sojourn_http_outcome sojourn_http_finish(struct sojourn_http *call, CURLcode result);
int sojourn_http_take(struct sojourn_http *call, CURLcode result);

size_t sojourn_http_on_body(char *bytes, size_t one, size_t count, void *context);
size_t sojourn_http_on_header(char *line, size_t one, size_t count, void *context);

#pragma GCC visibility pop
#endif
