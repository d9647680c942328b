/*
 * jose: JSON Web Tokens (RFC 7519) as signed JWS (RFC 7515) with the algorithms of RFC 7518 and
 * RFC 8037: HS256 HS384 HS512, RS*, PS*, ES256 ES384 ES512, EdDSA (Ed25519, Ed448). Keys are JWK
 * sets (RFC 7517), PEM, or shared secrets. On OpenSSL's EVP.
 *
 * A key serves only the algorithms of its type: an RSA key never verifies HS256, whatever the
 * header of a token says (RFC 8725, section 3.1).
 */
#ifndef PROBE_JOSE_H
#define PROBE_JOSE_H

#include "probe/error.h"
#include "probe/field.h"
#include "probe/value.h"

enum jose_type { JOSE_SECRET, JOSE_RSA, JOSE_EC, JOSE_OKP };

struct jose_key {
	enum jose_type type;
	struct str kid, alg; /* empty: none given */
	struct str curve;    /* "P-256" ..., "Ed25519", "Ed448" */
	struct str secret;   /* JOSE_SECRET */
	void *pkey;          /* EVP_PKEY */
	bool is_private;
};

/* Owns OpenSSL handles: release it. */
struct jose_keys {
	struct jose_key *items;
	size_t count;
	size_t left_out; /* keys of the set that are not for signatures or of an unknown type */
};

/* Reads a JWK set or a single JWK. Errors say which key is wrong; a set without a usable key is one. */
int jose_keys_jwks(struct arena *, const struct value *jwks, struct jose_keys *, struct error *);
/* PEM: public keys, certificates, private keys; several may follow each other. */
int jose_keys_pem(struct arena *, struct str pem, struct jose_keys *, struct error *);
void jose_keys_secret(struct arena *, struct str secret, struct jose_keys *);
/* PEM when it begins so, a JWK when it is a JSON object, else a shared secret. */
int jose_keys_text(struct arena *, struct str text, struct jose_keys *, struct error *);
void jose_keys_release(struct jose_keys *);
/* The public half as PEM (SubjectPublicKeyInfo), as servers are often configured with it. */
int jose_key_pem(struct arena *, const struct jose_key *, struct str *pem, struct error *);

struct jwt {
	struct value header, claims; /* objects */
	struct str alg, kid;         /* kid empty: none */
	struct str signing_input, signature;
};

/* Compact serialization, strictly: three base64url parts, header and claims JSON objects, `alg` a
 * string, no unknown `crit`. Anything else is malformed: -1. */
int jwt_parse(struct arena *, struct str token, struct jwt *, struct error *);

struct jwt_wanted {
	struct str issuer;       /* empty: any */
	struct strs *audience;   /* NULL: any; one of them must be in `aud` */
	struct strs *algorithms; /* NULL: all */
	int64_t leeway;          /* ns */
	int64_t now;             /* wall ns */
};

/* NULL when valid, else one of: unsupported_alg alg_none unknown_key bad_signature expired
 * not_yet_valid wrong_audience wrong_issuer malformed. */
const char *jwt_verify(const struct jwt *, const struct jose_keys *, const struct jwt_wanted *);

/* Signs claims with the first key that serves `alg`; `header` members are added to alg and typ. */
int jwt_sign(struct arena *, struct str alg, const struct jose_keys *, const struct value *header,
	const struct value *claims, struct str *token, struct error *);
/* The usual algorithm of a key: HS256, RS256, ES256/384/512 by curve, EdDSA. */
const char *jose_key_alg(const struct jose_key *);

#endif
