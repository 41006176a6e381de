// See curl_sojourn.h: what comes back, taken as it comes.
#include "curl_parts.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const header_names[SOJOURN_HEADERS] = {"x-request-id", "content-type", "retry-after"};

static int fits(struct sojourn_http *call, size_t more) {
  if (more > call->cap - call->received) {
    call->is_too_large = 1;
    return 0;
  }
  call->received += more;
  return 1;
}

size_t sojourn_http_on_body(char *bytes, size_t one, size_t count, void *context) {
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

/* Over a connection that others used, HTTP/1.1 tells only by our id that an answer is to our question: else it may be what
   the other end still had to say to somebody. Such an answer is cut off, and its connection with it. */
static int is_foreign(const struct sojourn_http *call) {
  long connects = 1;
  if (!call->is_ordered || call->is_interim) return 0;
  if (sojourn_curl.get(call->curl, CURLINFO_NUM_CONNECTS, &connects) != CURLE_OK || connects > 0) return 0;
  return call->count[SOJOURN_HTTP_REQUEST_ID] != 1 || strcmp(call->value[SOJOURN_HTTP_REQUEST_ID], call->id) != 0;
}

/* A whole header line with its line end, also of interim answers and of trailers. A status line begins anew. */
size_t sojourn_http_on_header(char *line, size_t one, size_t count, void *context) {
  struct sojourn_http *call = context;
  (void)one;
  if (count == 0) return 0;
  if (!fits(call, count)) return 0;
  if (count >= 5 && memcmp(line, "HTTP/", 5) == 0) {
    memset(call->count, 0, sizeof call->count);
    call->is_head_whole = 0;
    call->is_ordered = count > 5 && line[5] == '1';
    call->is_interim = count > 9 && line[9] == '1';
    return count;
  }
  if (line[0] == '\r' || line[0] == '\n') { /* the empty line: libcurl itself is content with headers that are cut off */
    call->is_head_whole = 1;
    call->is_foreign = is_foreign(call);
    return call->is_foreign ? 0 : count;
  }
  if (count > 1 && (line[0] == ' ' || line[0] == '\t')) { /* RFC 9112 section 5.2: obsolete, and a way to hide half a value */
    call->is_folded = 1;
    return 0;
  }
  const char *colon = memchr(line, ':', count);
  if (colon == NULL) return count;
  for (int i = 0; i < SOJOURN_HEADERS; i++) {
    size_t name = strlen(header_names[i]);
    if ((size_t)(colon - line) != name || strncasecmp(line, header_names[i], name) != 0) continue;
    const char *begin = colon + 1, *end = line + count;
    while (begin < end && (*begin == ' ' || *begin == '\t')) begin++;
    while (end > begin && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\t')) end--;
    size_t length = (size_t)(end - begin) < SOJOURN_VALUE - 1 ? (size_t)(end - begin) : SOJOURN_VALUE - 1;
    memcpy(call->value[i], begin, length);
    call->value[i][length] = 0;
    call->count[i]++;
  }
  return count;
}

long sojourn_http_status(const struct sojourn_http *call) { return call->status; }
long sojourn_http_retry_after(const struct sojourn_http *call) { return call->retry_after; }
const uint8_t *sojourn_http_body(const struct sojourn_http *call, size_t *count) {
  *count = call->body_count;
  return call->body;
}
int sojourn_http_header_count(const struct sojourn_http *call, enum sojourn_http_header which) {
  return (int)which < SOJOURN_HEADERS ? call->count[which] : 0;
}
const char *sojourn_http_header_value(const struct sojourn_http *call, enum sojourn_http_header which) {
  return (int)which < SOJOURN_HEADERS && call->count[which] > 0 ? call->value[which] : "";
}
const char *sojourn_http_detail(const struct sojourn_http *call) { return call->detail; }
long sojourn_http_version(const struct sojourn_http *call) { return call->version; }
int sojourn_http_was_kept(const struct sojourn_http *call) { return call->connects == 0; }
int sojourn_http_is_unheard(const struct sojourn_http *call) { return call->received == 0 || call->is_foreign; }
