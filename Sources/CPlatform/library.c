// Loading a library to see whether it can be loaded. See system.h. In a file of its own: nothing that hosts load needs it.
#define _GNU_SOURCE
#include "include/system.h"
#include <dlfcn.h>
#include <stdio.h>

void *sojourn_load(const char *library, char *detail, size_t detail_size) {
  void *loaded = dlopen(library, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (loaded == NULL) {
    const char *words = dlerror();
    snprintf(detail, detail_size, "%s", words == NULL ? "unknown" : words);
  }
  return loaded;
}

int sojourn_defines(void *library, const char *symbol) { return dlsym(library, symbol) != NULL; }
