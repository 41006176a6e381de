// libcrypto for the daemon, opened at first use. sojournd starts itself anew for each end, and of what such a worker costs before its
// first instruction a third was libcrypto: 3,400 symbols and 200 pages, of which an end needs nothing. So the calls of crypto.h end
// here instead of in the library, which is what the linker would take; the compiler holds each against OpenSSL's own declaration.
//
// Hidden: libcurl, which the relay opens, must go on to find the library's own. A function that cannot be had says no (0, NULL), which
// its callers take for a refusal.
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>
#pragma GCC visibility push(hidden)
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>
#include <openssl/param_build.h>
#pragma GCC visibility pop

#define TEXT_OF(number) #number
#define LIBRARY(version) "libcrypto.so." TEXT_OF(version)

static int find(const char *name, void *slot) {
  static void *library;
  static int is_tried;
  if (!is_tried) library = dlopen(LIBRARY(OPENSSL_SHLIB_VERSION), RTLD_NOW | RTLD_LOCAL);
  is_tried = 1;
  void *symbol = library != NULL ? dlsym(library, name) : NULL;
  memcpy(slot, &symbol, sizeof symbol); /* ISO C has no conversion from object to function pointer */
  return symbol != NULL;
}

#define GIVES(type, name, parameters, arguments) \
  type name parameters { \
    static type(*real) parameters; \
    return real != NULL || find(#name, &real) ? real arguments : 0; \
  }
#define DOES(name, parameters, arguments) \
  void name parameters { \
    static void(*real) parameters; \
    if (real != NULL || find(#name, &real)) real arguments; \
  }

GIVES(BIGNUM *, BN_bin2bn, (const unsigned char *bytes, int count, BIGNUM *into), (bytes, count, into))
GIVES(int, BN_cmp, (const BIGNUM *a, const BIGNUM *b), (a, b))
DOES(BN_free, (BIGNUM *number), (number))
GIVES(int, BN_num_bits, (const BIGNUM *number), (number))
GIVES(int, BN_sub_word, (BIGNUM *number, BN_ULONG word), (number, word))
DOES(CRYPTO_free, (void *memory, const char *file, int line), (memory, file, line))
DOES(ECDSA_SIG_free, (ECDSA_SIG *pair), (pair))
GIVES(ECDSA_SIG *, ECDSA_SIG_new, (void), ())
GIVES(int, ECDSA_SIG_set0, (ECDSA_SIG *pair, BIGNUM *r, BIGNUM *s), (pair, r, s))
GIVES(int, i2d_ECDSA_SIG, (const ECDSA_SIG *pair, unsigned char **der), (pair, der))
GIVES(int, ERR_set_mark, (void), ())
GIVES(int, ERR_pop_to_mark, (void), ())
GIVES(int, EVP_Digest, (const void *bytes, size_t count, unsigned char *digest, unsigned int *size, const EVP_MD *type, ENGINE *engine),
      (bytes, count, digest, size, type, engine))
GIVES(int, EVP_DigestVerify, (EVP_MD_CTX *context, const unsigned char *signature, size_t size, const unsigned char *bytes, size_t count),
      (context, signature, size, bytes, count))
GIVES(int, EVP_DigestVerifyInit, (EVP_MD_CTX *context, EVP_PKEY_CTX **inner, const EVP_MD *type, ENGINE *engine, EVP_PKEY *key),
      (context, inner, type, engine, key))
DOES(EVP_MD_CTX_free, (EVP_MD_CTX *context), (context))
GIVES(EVP_MD_CTX *, EVP_MD_CTX_new, (void), ())
DOES(EVP_PKEY_CTX_free, (EVP_PKEY_CTX *context), (context))
GIVES(EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_name, (OSSL_LIB_CTX *library, const char *name, const char *properties), (library, name, properties))
GIVES(EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_pkey, (OSSL_LIB_CTX *library, EVP_PKEY *key, const char *properties), (library, key, properties))
DOES(EVP_PKEY_free, (EVP_PKEY *key), (key))
GIVES(int, EVP_PKEY_fromdata, (EVP_PKEY_CTX *context, EVP_PKEY **key, int selection, OSSL_PARAM *values), (context, key, selection, values))
GIVES(int, EVP_PKEY_fromdata_init, (EVP_PKEY_CTX *context), (context))
GIVES(int, EVP_PKEY_get_bn_param, (const EVP_PKEY *key, const char *name, BIGNUM **number), (key, name, number))
GIVES(EVP_PKEY *, EVP_PKEY_new_raw_public_key, (int type, ENGINE *engine, const unsigned char *bytes, size_t count), (type, engine, bytes, count))
GIVES(int, EVP_PKEY_public_check, (EVP_PKEY_CTX *context), (context))
GIVES(const EVP_MD *, EVP_sha1, (void), ())
GIVES(const EVP_MD *, EVP_sha256, (void), ())
GIVES(const EVP_MD *, EVP_sha384, (void), ())
GIVES(const EVP_MD *, EVP_sha512, (void), ())
DOES(OSSL_PARAM_BLD_free, (OSSL_PARAM_BLD *build), (build))
GIVES(OSSL_PARAM_BLD *, OSSL_PARAM_BLD_new, (void), ())
GIVES(int, OSSL_PARAM_BLD_push_BN, (OSSL_PARAM_BLD *build, const char *name, const BIGNUM *number), (build, name, number))
GIVES(int, OSSL_PARAM_BLD_push_octet_string, (OSSL_PARAM_BLD *build, const char *name, const void *bytes, size_t count), (build, name, bytes, count))
GIVES(int, OSSL_PARAM_BLD_push_utf8_string, (OSSL_PARAM_BLD *build, const char *name, const char *bytes, size_t count), (build, name, bytes, count))
GIVES(OSSL_PARAM *, OSSL_PARAM_BLD_to_param, (OSSL_PARAM_BLD *build), (build))
DOES(OSSL_PARAM_free, (OSSL_PARAM *values), (values))
