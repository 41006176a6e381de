// jansson. Why shims: its type tests, reference counting and iteration are macros and inline functions over a struct,
// and a JSON object is walked here without handing out pointers that outlive it.
#ifndef SOJOURN_JSON_H
#define SOJOURN_JSON_H
#include <jansson.h>
#include <stdlib.h>

#pragma clang assume_nonnull begin

static inline int sojourn_json_type(const json_t *value) { return (int)json_typeof(value); }
static inline void sojourn_json_release(json_t *_Nullable value) { json_decref(value); }
/* Duplicate member names and trailing text are errors; numbers that do not fit are errors in jansson itself. */
static inline json_t *_Nullable sojourn_json_parse(const char *bytes, size_t count, json_error_t *error) {
  return json_loadb(bytes, count, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, error);
}
static inline char *_Nullable sojourn_json_text(const json_t *value, int sorted, int ascii) {
  return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | (sorted ? JSON_SORT_KEYS : JSON_PRESERVE_ORDER) | (ascii ? JSON_ENSURE_ASCII : 0));
}
static inline void *_Nullable sojourn_json_first(json_t *object) { return json_object_iter(object); }
static inline void *_Nullable sojourn_json_next(json_t *object, void *iterator) { return json_object_iter_next(object, iterator); }
static inline const char *sojourn_json_key(void *iterator) { return json_object_iter_key(iterator); }
static inline json_t *sojourn_json_member(void *iterator) { return json_object_iter_value(iterator); }
static inline int sojourn_json_set(json_t *object, const char *key, json_t *value) {
  return json_object_set_new(object, key, value);
}
static inline int sojourn_json_append(json_t *array, json_t *value) { return json_array_append_new(array, value); }
static inline json_t *_Nullable sojourn_json_string(const char *bytes, size_t count) { return json_stringn(bytes, count); }
static inline json_t *_Nullable sojourn_json_boolean(int value) { return json_boolean(value); }

#pragma clang assume_nonnull end
#endif
