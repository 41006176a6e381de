// Linux-PAM. Why shims: pam_syslog and pam_prompt are variadic, pam_get_item hands out an untyped pointer, and the
// data that we leave in the handle between open_session and close_session must be plain C memory (its cleanup may run
// in a forked child, as another user).
#ifndef SOJOURN_PAM_H
#define SOJOURN_PAM_H
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <syslog.h>
#include <unistd.h>

#pragma clang assume_nonnull begin

static inline const char *_Nullable sojourn_pam_string(pam_handle_t *pamh, int item) {
  const void *value = NULL;
  return pam_get_item(pamh, item, &value) == PAM_SUCCESS ? (const char *)value : NULL;
}

/* The name, asked for if the host program has none yet (login). NULL if there is none to be had. */
static inline const char *_Nullable sojourn_pam_user(pam_handle_t *pamh) {
  const char *user = NULL;
  return pam_get_user(pamh, &user, NULL) == PAM_SUCCESS ? user : NULL;
}

static inline const char *_Nullable sojourn_pam_environment(pam_handle_t *pamh, const char *name) {
  return pam_getenv(pamh, name);
}

/* The text is an argument, never a format. */
static inline void sojourn_pam_log(pam_handle_t *pamh, int priority, const char *text) {
  pam_syslog(pamh, priority, "%s", text);
}
static inline void sojourn_pam_error(pam_handle_t *pamh, const char *text) { pam_error(pamh, "%s", text); }
/* What the person typed, to be freed; NULL if the program cannot ask (sshd's session phase answers PAM_CONV_ERR). */
static inline char *_Nullable sojourn_pam_ask(pam_handle_t *pamh, const char *text) {
  char *answer = NULL;
  if (pam_prompt(pamh, PAM_PROMPT_ECHO_ON, &answer, "%s", text) == PAM_SUCCESS) return answer;
  free(answer);
  return NULL;
}
static inline void sojourn_pam_info(pam_handle_t *pamh, const char *text) { pam_info(pamh, "%s", text); }

/* To be freed; what was typed does not stay in memory. */
static inline void sojourn_pam_forget(char *answer) {
  explicit_bzero(answer, strlen(answer));
  free(answer);
}

/* "NAME=VALUE", copied. */
static inline int sojourn_pam_set_environment(pam_handle_t *pamh, const char *assignment) { return pam_putenv(pamh, assignment); }

/* What a later phase must know of an earlier one. Process-bound: a forked child inherits the handle, not what is kept in it. */
struct sojourn_pam_kept {
  pid_t pid;
  char text[48];
  char user[257];
};

static inline void sojourn_pam_kept_free(pam_handle_t *pamh, void *_Nullable data, int status) {
  (void)pamh;
  (void)status;
  free(data); /* and nothing else: it may run as the target user in a forked child (PAM_DATA_SILENT) */
}

static inline int sojourn_pam_keep(pam_handle_t *pamh, const char *name, const char *text, const char *user) {
  struct sojourn_pam_kept *kept = calloc(1, sizeof *kept);
  if (kept == NULL) return PAM_BUF_ERR;
  if (strlen(text) >= sizeof kept->text || strlen(user) >= sizeof kept->user) {
    free(kept);
    return PAM_BUF_ERR;
  }
  kept->pid = getpid();
  strcpy(kept->text, text);
  strcpy(kept->user, user);
  int result = pam_set_data(pamh, name, kept, sojourn_pam_kept_free);
  if (result != PAM_SUCCESS) free(kept);
  return result;
}

static inline const struct sojourn_pam_kept *_Nullable sojourn_pam_kept(pam_handle_t *pamh, const char *name) {
  const void *data = NULL;
  if (pam_get_data(pamh, name, &data) != PAM_SUCCESS || data == NULL) return NULL;
  const struct sojourn_pam_kept *kept = data;
  return kept->pid == getpid() ? kept : NULL;
}
static inline const char *sojourn_pam_kept_text(const struct sojourn_pam_kept *kept) { return kept->text; }
static inline const char *sojourn_pam_kept_user(const struct sojourn_pam_kept *kept) { return kept->user; }

/* pam_systemd reads this C string in the same process and gives the session's scope that RuntimeMaxSec. */
static inline void sojourn_pam_text_free(pam_handle_t *pamh, void *_Nullable data, int status) {
  (void)pamh;
  (void)status;
  free(data);
}
static inline int sojourn_pam_runtime_max(pam_handle_t *pamh, const char *seconds) {
  char *copy = strdup(seconds);
  if (copy == NULL) return PAM_BUF_ERR;
  int result = pam_set_data(pamh, "systemd.runtime_max_sec", copy, sojourn_pam_text_free);
  if (result != PAM_SUCCESS) free(copy);
  return result;
}

#pragma clang assume_nonnull end
#endif
