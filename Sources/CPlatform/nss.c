#include "include/nss_sojourn.h"
#include <stdlib.h>

gid_t *sojourn_grow_groups(gid_t *groups, long count) {
  if (count <= 0 || (unsigned long)count > (unsigned long)-1 / 2 / sizeof *groups) return NULL;
  return realloc(groups, (size_t)count * sizeof *groups);
}
