// libcrypto. Why shims: keys and contexts have lifetimes that are easier to see in ten lines of C than through three Swift
// wrappers, and EVP_sha256, EVP_RSA_gen and friends are macros or pointers to hidden types.
//
// All answers are 1 for yes and 0 for everything else. The error queue belongs to the host program: what it holds stays,
// what is added here goes.
#ifndef SOJOURN_CRYPTO_H
#define SOJOURN_CRYPTO_H
#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
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

/* 1 if the digest was written (64 bytes). */
static inline int sojourn_sha512(const uint8_t *_Nullable bytes, size_t count, uint8_t *digest) {
  unsigned int size = 0;
  ERR_set_mark();
  int done = EVP_Digest(bytes, count, digest, &size, EVP_sha512(), NULL) == 1 && size == 64;
  ERR_pop_to_mark();
  return done;
}

/* 1 if the digest was written (20 bytes). For OpenSSH's lists of SHA-1 fingerprints: nothing is signed or verified by it. */
static inline int sojourn_sha1(const uint8_t *_Nullable bytes, size_t count, uint8_t *digest) {
  unsigned int size = 0;
  ERR_set_mark();
  int done = EVP_Digest(bytes, count, digest, &size, EVP_sha1(), NULL) == 1 && size == 20;
  ERR_pop_to_mark();
  return done;
}

/* `digest` NULL: the scheme hashes by itself (Ed25519). Takes the key over. */
static inline int sojourn_verify(EVP_PKEY *_Nullable key, const EVP_MD *_Nullable digest, const uint8_t *signature, size_t signature_count,
                                 const uint8_t *_Nullable message, size_t message_count) {
  int valid = 0;
  EVP_MD_CTX *context = key == NULL ? NULL : EVP_MD_CTX_new();
  if (context != NULL && EVP_DigestVerifyInit(context, NULL, digest, NULL, key) == 1)
    valid = EVP_DigestVerify(context, signature, signature_count, message, message_count) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  return valid;
}

/* RFC 8032 Ed25519 over the message itself; key of 32 bytes, signature of 64. */
static inline int sojourn_ed25519_verify(const uint8_t *key, const uint8_t *_Nullable message, size_t message_count,
                                         const uint8_t *signature) {
  ERR_set_mark();
  int valid = sojourn_verify(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, 32), NULL, signature, 64, message, message_count);
  ERR_pop_to_mark();
  return valid;
}

static inline EVP_PKEY *_Nullable sojourn_key_from(const char *type, OSSL_PARAM_BLD *build) {
  EVP_PKEY *key = NULL;
  OSSL_PARAM *values = OSSL_PARAM_BLD_to_param(build);
  EVP_PKEY_CTX *context = values == NULL ? NULL : EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
  if (context != NULL && EVP_PKEY_fromdata_init(context) == 1 && EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, values) != 1) {
    EVP_PKEY_free(key);
    key = NULL;
  }
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(values);
  return key;
}

/* A point of NIST P-256, P-384 or P-521, as SEC 1 writes it without compression. NULL if it is no point of the curve. */
static inline EVP_PKEY *_Nullable sojourn_ecdsa_key(int bits, const uint8_t *point, size_t count) {
  const char *group = bits == 256 ? "P-256" : bits == 384 ? "P-384" : bits == 521 ? "P-521" : NULL;
  OSSL_PARAM_BLD *build = group == NULL ? NULL : OSSL_PARAM_BLD_new();
  EVP_PKEY *key = NULL;
  if (build != NULL && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1 &&
      OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, count) == 1)
    key = sojourn_key_from("EC", build);
  OSSL_PARAM_BLD_free(build);
  return key;
}

/* Is each coordinate more than half as long as the group's order, and smaller than the order less one? OpenSSH up to 9.7
   demands that of every key it reads (sshkey.c:sshkey_ec_validate_public); a key that was drawn by chance always is so. */
static inline int sojourn_ecdsa_key_is_ordinary(const EVP_PKEY *key, const uint8_t *point, size_t count) {
  BIGNUM *order = NULL;
  size_t size = (count - 1) / 2;
  int ordinary = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_ORDER, &order) == 1;
  int half = ordinary ? BN_num_bits(order) / 2 : 0;
  ordinary = ordinary && BN_sub_word(order, 1) == 1;
  for (size_t at = 1; ordinary && at < count; at += size) {
    BIGNUM *coordinate = BN_bin2bn(point + at, (int)size, NULL);
    ordinary = coordinate != NULL && BN_num_bits(coordinate) > half && BN_cmp(coordinate, order) < 0;
    BN_free(coordinate);
  }
  BN_free(order);
  return ordinary;
}

/* Is it a usable public key: on the curve, in its group, not at infinity (SP 800-56A section 5.6.2.3.3), and ordinary? */
static inline int sojourn_ecdsa_key_is_valid(int bits, const uint8_t *point, size_t count) {
  if (count < 3 || count > 133 || count % 2 == 0) return 0; /* 4, x, y; of P-521 at most */
  ERR_set_mark();
  EVP_PKEY *key = sojourn_ecdsa_key(bits, point, count);
  EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
  int valid = context != NULL && EVP_PKEY_public_check(context) == 1 && sojourn_ecdsa_key_is_ordinary(key, point, count);
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(key);
  ERR_pop_to_mark();
  return valid;
}

/* FIPS 186-5 ECDSA with the curve's own digest (RFC 5656 section 6.2.1); r and s big endian. */
static inline int sojourn_ecdsa_verify(int bits, const uint8_t *point, size_t count, const uint8_t *r, size_t r_count, const uint8_t *s,
                                       size_t s_count, const uint8_t *_Nullable message, size_t message_count) {
  if (r_count > 66 || s_count > 66) return 0;
  ERR_set_mark();
  int valid = 0;
  unsigned char *der = NULL;
  BIGNUM *first = BN_bin2bn(r, (int)r_count, NULL), *second = BN_bin2bn(s, (int)s_count, NULL);
  ECDSA_SIG *pair = ECDSA_SIG_new();
  if (first != NULL && second != NULL && pair != NULL && ECDSA_SIG_set0(pair, first, second) == 1) {
    first = second = NULL; /* the pair has them now */
    int size = i2d_ECDSA_SIG(pair, &der);
    if (size > 0)
      valid = sojourn_verify(sojourn_ecdsa_key(bits, point, count), bits == 256 ? EVP_sha256() : bits == 384 ? EVP_sha384() : EVP_sha512(),
                             der, (size_t)size, message, message_count);
  }
  OPENSSL_free(der);
  ECDSA_SIG_free(pair);
  BN_free(first);
  BN_free(second);
  ERR_pop_to_mark();
  return valid;
}

/* RSASSA-PKCS1-v1_5 with SHA-256 or SHA-512 (RFC 8332 section 3); the signature has as many bytes as the modulus. */
static inline int sojourn_rsa_verify(int digest_bits, const uint8_t *modulus, size_t modulus_count, const uint8_t *exponent,
                                     size_t exponent_count, const uint8_t *signature, const uint8_t *_Nullable message,
                                     size_t message_count) {
  if (modulus_count > 2048 || exponent_count > 8) return 0;
  ERR_set_mark();
  int valid = 0;
  BIGNUM *n = BN_bin2bn(modulus, (int)modulus_count, NULL), *e = BN_bin2bn(exponent, (int)exponent_count, NULL);
  OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
  if (n != NULL && e != NULL && build != NULL && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
      OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
    valid = sojourn_verify(sojourn_key_from("RSA", build), digest_bits == 512 ? EVP_sha512() : EVP_sha256(), signature, modulus_count, message,
                           message_count);
  OSSL_PARAM_BLD_free(build);
  BN_free(n);
  BN_free(e);
  ERR_pop_to_mark();
  return valid;
}

#pragma clang assume_nonnull end
#endif
