// See curl_sojourn.h: many calls at once, over connections that stay open.
#include "curl_parts.h"
#include <stdio.h>
#include <stdlib.h>

static struct {
  __typeof__(&curl_multi_init) init;
  CURLMcode (*set)(CURLM *, CURLMoption, ...);
  __typeof__(&curl_multi_add_handle) add;
  __typeof__(&curl_multi_remove_handle) remove;
  __typeof__(&curl_multi_poll) poll;
  __typeof__(&curl_multi_perform) perform;
  __typeof__(&curl_multi_info_read) read;
  __typeof__(&curl_multi_cleanup) cleanup;
} multi;

struct sojourn_pool {
  CURLM *handle;
};

static int load(char *detail, size_t detail_size) {
  if (!sojourn_curl_load(detail, detail_size)) return 0;
  if (sojourn_curl_find("curl_multi_init", &multi.init) && sojourn_curl_find("curl_multi_setopt", &multi.set) &&
      sojourn_curl_find("curl_multi_add_handle", &multi.add) && sojourn_curl_find("curl_multi_remove_handle", &multi.remove) &&
      sojourn_curl_find("curl_multi_poll", &multi.poll) && sojourn_curl_find("curl_multi_perform", &multi.perform) &&
      sojourn_curl_find("curl_multi_info_read", &multi.read) && sojourn_curl_find("curl_multi_cleanup", &multi.cleanup))
    return 1;
  snprintf(detail, detail_size, "libcurl.so.4 is too old");
  return 0;
}

struct sojourn_pool *sojourn_pool_new(long kept, char *detail, size_t detail_size) {
  struct sojourn_peace before;
  struct sojourn_pool *pool = NULL;
  sojourn_peace_begin(&before);
  if (load(detail, detail_size)) {
    pool = calloc(1, sizeof *pool);
    if (pool != NULL) pool->handle = multi.init();
    if (pool != NULL && pool->handle == NULL) {
      free(pool);
      pool = NULL;
    }
    if (pool == NULL)
      snprintf(detail, detail_size, "no memory");
    else
      multi.set(pool->handle, CURLMOPT_MAXCONNECTS, kept);
  }
  sojourn_peace_end(&before);
  return pool;
}

void sojourn_pool_free(struct sojourn_pool *pool) {
  struct sojourn_peace before;
  sojourn_peace_begin(&before);
  multi.cleanup(pool->handle);
  sojourn_peace_end(&before);
  free(pool);
}

int sojourn_pool_begin(struct sojourn_pool *pool, struct sojourn_http *call, const void *body, size_t count, long milliseconds, size_t cap,
                       int is_plain, int is_literal, int is_fresh) {
  if (!sojourn_http_prepare(call, body, count, milliseconds, cap, is_plain, is_literal, is_fresh ? SOJOURN_FRESH : SOJOURN_KEPT)) return 0;
  struct sojourn_peace before;
  sojourn_peace_begin(&before);
  int is_taken = sojourn_http_take(call, sojourn_curl.set(call->curl, CURLOPT_PRIVATE, call)) && multi.add(pool->handle, call->curl) == CURLM_OK;
  sojourn_peace_end(&before);
  return is_taken;
}

void sojourn_pool_cancel(struct sojourn_pool *pool, struct sojourn_http *call) {
  struct sojourn_peace before;
  sojourn_peace_begin(&before);
  multi.remove(pool->handle, call->curl);
  sojourn_peace_end(&before);
}

void sojourn_pool_wait(struct sojourn_pool *pool, int fd, int milliseconds) {
  struct curl_waitfd also = {.fd = fd, .events = CURL_WAIT_POLLIN};
  struct sojourn_peace before;
  int count = 0;
  sojourn_peace_begin(&before);
  multi.poll(pool->handle, &also, 1, milliseconds, &count);
  multi.perform(pool->handle, &count);
  sojourn_peace_end(&before);
}

struct sojourn_http *sojourn_pool_next(struct sojourn_pool *pool, enum sojourn_http_outcome *outcome) {
  int left = 0;
  struct CURLMsg *message;
  while ((message = multi.read(pool->handle, &left)) != NULL) {
    if (message->msg != CURLMSG_DONE) continue;
    struct sojourn_http *call = NULL;
    CURLcode result = message->data.result; /* the message is gone once its handle is removed */
    CURL *curl = message->easy_handle;
    if (sojourn_curl.get(curl, CURLINFO_PRIVATE, (char **)&call) != CURLE_OK || call == NULL) continue;
    *outcome = sojourn_http_finish(call, result);
    sojourn_pool_cancel(pool, call);
    return call;
  }
  return NULL;
}
