// libcrypto. Why shims: EVP_* one-shot calls need contexts whose lifetime is easier to see in ten lines of C than
// through three Swift wrappers, and EVP_sha256 and friends are pointers to hidden types.
#ifndef SOJOURN_CRYPTO_H
#define SOJOURN_CRYPTO_H
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/* 1 if the digest was written (32 bytes). */
static inline int sojourn_sha256(const uint8_t *_Nullable bytes, size_t count, uint8_t *digest) {
  unsigned int size = 0;
  ERR_set_mark();
  int done = EVP_Digest(bytes, count, digest, &size, EVP_sha256(), NULL) == 1 && size == 32;
  ERR_pop_to_mark();
  return done;
}

/* RFC 8032 Ed25519 over the message itself. 1 = the signature is valid, anything else = it is not. */
static inline int sojourn_ed25519_verify(const uint8_t *key, const uint8_t *_Nullable message, size_t message_count,
                                         const uint8_t *signature) {
  int valid = 0;
  ERR_set_mark(); /* the error queue belongs to the host program: what it holds stays, what we add goes */
  EVP_PKEY *public_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, 32);
  EVP_MD_CTX *context = public_key == NULL ? NULL : EVP_MD_CTX_new();
  if (context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, public_key) == 1)
    valid = EVP_DigestVerify(context, signature, 64, message, message_count) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(public_key);
  ERR_pop_to_mark();
  return valid;
}

#pragma clang assume_nonnull end
#endif
