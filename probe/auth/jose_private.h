/* Shared by the jose files only. */
#ifndef AUTH_JOSE_PRIVATE_H
#define AUTH_JOSE_PRIVATE_H

#include <openssl/evp.h>

#include "probe/jose.h"

enum jose_scheme { SCHEME_HMAC, SCHEME_PKCS1, SCHEME_PSS, SCHEME_ECDSA, SCHEME_EDDSA };

/* One algorithm of RFC 7518, section 3.1, and RFC 8037, section 3.1. */
struct jose_alg {
	const char *name;
	enum jose_type type;
	enum jose_scheme scheme;
	const char *digest; /* NULL for EdDSA */
	const char *curve;  /* ES*: the only one that fits */
};

const struct jose_alg *jose_alg_find(struct str name);
/* Whether the key may serve the algorithm: by type, curve, and its own `alg` when it has one. */
bool jose_key_serves(const struct jose_key *, const struct jose_alg *);
/* "unknown error" or the newest of OpenSSL's queue, which is emptied. */
const char *openssl_reason(char *out, size_t size);

#endif
