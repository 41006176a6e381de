// Linux-PAM as a program that logs people in calls it (pam(3)). Why a shim: the conversation is a C callback that allocates
// what libpam frees. Linked by the command line only, which has libpam; modules must not call this side.
#ifndef SOJOURN_PAM_APPLICATION_H
#define SOJOURN_PAM_APPLICATION_H
#include <security/pam_appl.h>
#include <stdlib.h>

#pragma clang assume_nonnull begin

/* Nobody is there: what a module says is passed over, what it asks for is not answered. */
static inline int sojourn_pam_nobody(int count, const struct pam_message *_Nullable *_Nonnull messages,
                                     struct pam_response *_Nullable *_Nonnull answers, void *_Nullable data) {
  (void)data;
  if (count <= 0 || count > PAM_MAX_NUM_MSG) return PAM_CONV_ERR;
  for (int i = 0; i < count; i++)
    if (messages[i]->msg_style != PAM_ERROR_MSG && messages[i]->msg_style != PAM_TEXT_INFO) return PAM_CONV_ERR;
  *answers = calloc((size_t)count, sizeof **answers);
  return *answers == NULL ? PAM_BUF_ERR : PAM_SUCCESS;
}

/* The account phase, and a session opened and closed, as a login by public key has it. `phase` is where it ended; the
   answer is PAM's own, and its words live as long as libpam (pam_strerror(3)). */
enum { sojourn_pam_phase_start, sojourn_pam_phase_account, sojourn_pam_phase_open, sojourn_pam_phase_close, sojourn_pam_phase_done };
static inline int sojourn_pam_dry_login(const char *service, const char *user, int *phase, const char *_Nullable *_Nonnull words) {
  const struct pam_conv nobody = {.conv = sojourn_pam_nobody, .appdata_ptr = NULL};
  pam_handle_t *handle = NULL;
  *phase = sojourn_pam_phase_start;
  int result = pam_start(service, user, &nobody, &handle);
  if (result != PAM_SUCCESS || handle == NULL) {
    *words = "pam_start failed";
    return result == PAM_SUCCESS ? PAM_ABORT : result;
  }
  /* sshd's word for "no terminal yet"; a remote host that is this very one. */
  if ((result = pam_set_item(handle, PAM_TTY, "ssh")) == PAM_SUCCESS) result = pam_set_item(handle, PAM_RHOST, "127.0.0.1");
  if (result == PAM_SUCCESS) {
    *phase = sojourn_pam_phase_account;
    result = pam_acct_mgmt(handle, 0);
  }
  if (result == PAM_SUCCESS) {
    *phase = sojourn_pam_phase_open;
    result = pam_open_session(handle, 0);
  }
  if (result == PAM_SUCCESS) {
    *phase = sojourn_pam_phase_close;
    result = pam_close_session(handle, 0);
  }
  if (result == PAM_SUCCESS) *phase = sojourn_pam_phase_done;
  *words = pam_strerror(handle, result);
  pam_end(handle, result);
  return result;
}

#pragma clang assume_nonnull end
#endif
