// See curl_sojourn.h: what only `sojourn check` does. In a file of its own, so that the module that sshd loads has none of it.
#include "curl_parts.h"
#include <string.h>
#include <time.h>

enum sojourn_http_outcome sojourn_http_get(struct sojourn_http *call, long milliseconds, size_t cap, int is_plain, int is_literal) {
  if (!sojourn_http_prepare(call, "", 0, milliseconds, cap, is_plain, is_literal, SOJOURN_ALONE)) return SOJOURN_HTTP_NO_LIBRARY;
  if (!sojourn_http_take(call, sojourn_curl.set(call->curl, CURLOPT_HTTPGET, 1L))) return SOJOURN_HTTP_NO_LIBRARY;
  struct sojourn_peace before;
  sojourn_peace_begin(&before);
  CURLcode result = sojourn_curl.perform(call->curl);
  sojourn_peace_end(&before);
  return sojourn_http_finish(call, result);
}

void sojourn_http_watch_certificate(struct sojourn_http *call) { (void)sojourn_curl.set(call->curl, CURLOPT_CERTINFO, 1L); }

int64_t sojourn_http_certificate_end(const struct sojourn_http *call) {
  static const char mark[] = "Expire date:";
  time_t (*date)(const char *, const time_t *) = NULL;
  struct curl_certinfo *chain = NULL;
  if (!sojourn_curl_find("curl_getdate", &date)) return -1;
  if (sojourn_curl.get(call->curl, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == NULL) return -1;
  int64_t first = -1;
  for (int i = 0; i < chain->num_of_certs; i++) {
    for (const struct curl_slist *line = chain->certinfo[i]; line != NULL; line = line->next) {
      if (strncmp(line->data, mark, sizeof mark - 1) != 0) continue;
      int64_t end = (int64_t)date(line->data + sizeof mark - 1, NULL);
      if (end >= 0 && (first < 0 || end < first)) first = end;
    }
  }
  return first;
}
