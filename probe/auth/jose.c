#include "probe/jose.h"

#include <math.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "jose_private.h"
#include "probe/base64.h"
#include "probe/clock.h"
#include "probe/json.h"

static const struct jose_alg algs[] = {
	{"HS256", JOSE_SECRET, SCHEME_HMAC, "SHA256", NULL},
	{"HS384", JOSE_SECRET, SCHEME_HMAC, "SHA384", NULL},
	{"HS512", JOSE_SECRET, SCHEME_HMAC, "SHA512", NULL},
	{"RS256", JOSE_RSA, SCHEME_PKCS1, "SHA256", NULL},
	{"RS384", JOSE_RSA, SCHEME_PKCS1, "SHA384", NULL},
	{"RS512", JOSE_RSA, SCHEME_PKCS1, "SHA512", NULL},
	{"PS256", JOSE_RSA, SCHEME_PSS, "SHA256", NULL},
	{"PS384", JOSE_RSA, SCHEME_PSS, "SHA384", NULL},
	{"PS512", JOSE_RSA, SCHEME_PSS, "SHA512", NULL},
	{"ES256", JOSE_EC, SCHEME_ECDSA, "SHA256", "P-256"},
	{"ES384", JOSE_EC, SCHEME_ECDSA, "SHA384", "P-384"},
	{"ES512", JOSE_EC, SCHEME_ECDSA, "SHA512", "P-521"},
	{"EdDSA", JOSE_OKP, SCHEME_EDDSA, NULL, NULL},
};

const struct jose_alg *jose_alg_find(struct str name)
{
	for (size_t i = 0; i < sizeof(algs) / sizeof(*algs); i++)
		if (str_is(name, algs[i].name))
			return &algs[i];
	return NULL;
}

bool jose_key_serves(const struct jose_key *key, const struct jose_alg *alg)
{
	if (key->type != alg->type || (alg->curve && !str_is(key->curve, alg->curve)))
		return false;
	return !key->alg.len || str_is(key->alg, alg->name) ||
	       /* RFC 9864 names the curve where RFC 8037 said EdDSA. */
	       (alg->type == JOSE_OKP && str_equal(key->alg, key->curve));
}

const char *jose_key_alg(const struct jose_key *key)
{
	if (key->alg.len && jose_alg_find(key->alg))
		return jose_alg_find(key->alg)->name;
	for (size_t i = 0; i < sizeof(algs) / sizeof(*algs); i++)
		if (jose_key_serves(key, &algs[i]))
			return algs[i].name;
	return "none";
}

/* Parse */

static int part_json(struct arena *arena, struct str part, const char *name, struct value *out,
	struct error *err)
{
	struct str bytes;

	if (!base64url_decode(arena, part, &bytes))
		return error_set(err, "the %s part is not base64url", name);
	if (json_parse(arena, bytes, 0, out, err))
		return error_context(err, "the %s part is not JSON", name);
	if (out->type != VALUE_OBJECT)
		return error_set(err, "the %s part is not a JSON object", name);
	return 0;
}

int jwt_parse(struct arena *arena, struct str token, struct jwt *out, struct error *err)
{
	size_t first = str_find_char(token, '.');
	size_t second =
		first == SIZE_MAX ? SIZE_MAX : str_find_char(str_from(token, first + 1), '.');

	*out = (struct jwt){0};
	if (second == SIZE_MAX)
		return error_set(err, "not three parts separated by dots");
	second += first + 1;
	if (str_find_char(str_from(token, second + 1), '.') != SIZE_MAX)
		return error_set(err, "more than three parts (an encrypted token?)");
	out->signing_input = str_sub(token, 0, second);
	if (part_json(arena, str_sub(token, 0, first), "header", &out->header, err) ||
		part_json(arena, str_sub(token, first + 1, second - first - 1), "claims",
			&out->claims, err))
		return -1;
	if (!base64url_decode(arena, str_from(token, second + 1), &out->signature))
		return error_set(err, "the signature is not base64url");
	const struct value *alg = value_find(&out->header, "alg");

	if (!alg || alg->type != VALUE_STRING)
		return error_set(err, "the header has no 'alg'");
	/* Extensions that must be understood and are not (RFC 7515, section 4.1.11). */
	if (value_find(&out->header, "crit"))
		return error_set(err, "the header has a 'crit' extension that is not supported");
	out->alg = alg->string;
	out->kid = value_str_or(value_find(&out->header, "kid"), STR(""));
	return 0;
}

/* Signatures */

static struct str hmac(struct arena *arena, struct str key, const char *digest, struct str input)
{
	unsigned char *out = arena_alloc(arena, EVP_MAX_MD_SIZE);
	size_t len = 0;
	/* OpenSSL wants a pointer even for an empty key. */
	const char *bytes = key.len ? key.ptr : "";

	if (!EVP_Q_mac(NULL, "HMAC", NULL, digest, NULL, bytes, key.len,
		    (const unsigned char *)input.ptr, input.len, out, EVP_MAX_MD_SIZE, &len))
		len = 0;
	return (struct str){(char *)out, len};
}

static bool set_padding(EVP_PKEY_CTX *ctx, const struct jose_alg *alg)
{
	if (alg->scheme != SCHEME_PSS)
		return true;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) > 0;
}

static size_t curve_size(struct str curve)
{
	return str_is(curve, "P-256") ? 32 : str_is(curve, "P-384") ? 48 : 66;
}

/* R || S of fixed length (RFC 7518, section 3.4) to DER; NULL when the length is wrong. */
static unsigned char *ecdsa_to_der(struct str raw, size_t size, int *len)
{
	unsigned char *der = NULL;
	ECDSA_SIG *sig;

	if (raw.len != 2 * size)
		return NULL;
	sig = ECDSA_SIG_new();
	ECDSA_SIG_set0(sig, BN_bin2bn((const unsigned char *)raw.ptr, (int)size, NULL),
		BN_bin2bn((const unsigned char *)raw.ptr + size, (int)size, NULL));
	*len = i2d_ECDSA_SIG(sig, &der);
	ECDSA_SIG_free(sig);
	return *len > 0 ? der : NULL;
}

static struct str ecdsa_to_raw(
	struct arena *arena, const unsigned char *der, size_t len, size_t size)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	unsigned char *raw = arena_alloc(arena, 2 * size);

	if (!sig)
		return STR("");
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, (int)size);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + size, (int)size);
	ECDSA_SIG_free(sig);
	return (struct str){(char *)raw, 2 * size};
}

static bool verify_pkey(
	const struct jwt *jwt, const struct jose_key *key, const struct jose_alg *alg)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	struct str signature = jwt->signature;
	unsigned char *der = NULL;
	int len;
	bool valid = false;

	if (alg->scheme == SCHEME_ECDSA) {
		der = ecdsa_to_der(signature, curve_size(key->curve), &len);
		signature = (struct str){(char *)der, der ? (size_t)len : 0};
	}
	if (signature.len &&
		EVP_DigestVerifyInit_ex(ctx, &pctx, alg->digest, NULL, NULL, key->pkey, NULL) > 0 &&
		set_padding(pctx, alg))
		valid = EVP_DigestVerify(ctx, (const unsigned char *)signature.ptr, signature.len,
				(const unsigned char *)jwt->signing_input.ptr,
				jwt->signing_input.len) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	/* TLS of the same thread must not find our failures in the queue. */
	ERR_clear_error();
	return valid;
}

static bool verify_key(
	const struct jwt *jwt, const struct jose_key *key, const struct jose_alg *alg)
{
	if (alg->scheme != SCHEME_HMAC)
		return verify_pkey(jwt, key, alg);
	struct arena *arena = arena_new();
	struct str mac = hmac(arena, key->secret, alg->digest, jwt->signing_input);
	bool valid = mac.len && mac.len == jwt->signature.len &&
		     CRYPTO_memcmp(mac.ptr, jwt->signature.ptr, mac.len) == 0;

	arena_free(arena);
	return valid;
}

static bool in_list(const struct strs *list, struct str item)
{
	for (size_t i = 0; list && i < list->count; i++)
		if (str_equal(list->items[i], item))
			return true;
	return false;
}

static const char *verify_signature(
	const struct jwt *jwt, const struct jose_keys *keys, const struct jwt_wanted *wanted)
{
	const struct jose_alg *alg = jose_alg_find(jwt->alg);
	bool any_kid = false, fits = false, serves = false;

	if (str_is_nocase(jwt->alg, "none"))
		return "alg_none";
	if (!alg || (wanted->algorithms && !in_list(wanted->algorithms, jwt->alg)))
		return "unsupported_alg";
	for (size_t i = 0; i < keys->count; i++)
		any_kid = any_kid || keys->items[i].kid.len > 0;
	for (size_t i = 0; i < keys->count; i++) {
		const struct jose_key *key = &keys->items[i];

		/* A kid chooses, unless no key of the set has one. */
		if (jwt->kid.len && any_kid && !str_equal(key->kid, jwt->kid))
			continue;
		fits = true;
		if (!jose_key_serves(key, alg))
			continue;
		serves = true;
		if (verify_key(jwt, key, alg))
			return NULL;
	}
	return !fits ? "unknown_key" : !serves ? "unsupported_alg" : "bad_signature";
}

/* NumericDate (RFC 7519, section 2): seconds, possibly with a fraction. */
static bool claim_time(const struct jwt *jwt, const char *name, int64_t *ns, bool *malformed)
{
	const struct value *value = value_find(&jwt->claims, name);

	*malformed = false;
	if (!value)
		return false;
	if (value->type != VALUE_INTEGER && value->type != VALUE_NUMBER) {
		*malformed = true;
		return false;
	}
	double seconds = value_double(value);

	if (fabs(seconds) > 9e9) {
		*ns = seconds < 0 ? INT64_MIN / 2 : INT64_MAX / 2;
		return true;
	}
	*ns = (int64_t)(seconds * 1e9);
	return true;
}

static bool audience_fits(const struct jwt *jwt, const struct strs *wanted)
{
	const struct value *aud = value_find(&jwt->claims, "aud");

	if (!aud)
		return false;
	if (aud->type == VALUE_STRING)
		return in_list(wanted, aud->string);
	for (size_t i = 0; aud->type == VALUE_ARRAY && i < aud->array.count; i++)
		if (aud->array.items[i].type == VALUE_STRING &&
			in_list(wanted, aud->array.items[i].string))
			return true;
	return false;
}

const char *jwt_verify(
	const struct jwt *jwt, const struct jose_keys *keys, const struct jwt_wanted *wanted)
{
	const char *problem = verify_signature(jwt, keys, wanted);
	bool bad_exp, bad_nbf;
	int64_t at;

	if (problem)
		return problem;
	bool has_exp = claim_time(jwt, "exp", &at, &bad_exp);

	/* "on or after" the time in exp is expired (RFC 7519, section 4.1.4). */
	if (has_exp && wanted->now >= at + wanted->leeway)
		return "expired";
	if (claim_time(jwt, "nbf", &at, &bad_nbf) && wanted->now + wanted->leeway < at)
		return "not_yet_valid";
	if (bad_exp || bad_nbf)
		return "malformed";
	if (wanted->audience && !audience_fits(jwt, wanted->audience))
		return "wrong_audience";
	if (wanted->issuer.len &&
		!str_equal(value_str_or(value_find(&jwt->claims, "iss"), STR("")), wanted->issuer))
		return "wrong_issuer";
	return NULL;
}

/* Sign */

static int sign_pkey(struct arena *arena, const struct jose_key *key, const struct jose_alg *alg,
	struct str input, struct str *signature, struct error *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	unsigned char *out = NULL;
	size_t len = 0;
	char reason[120];
	int result = -1;

	if (EVP_DigestSignInit_ex(ctx, &pctx, alg->digest, NULL, NULL, key->pkey, NULL) > 0 &&
		set_padding(pctx, alg) &&
		EVP_DigestSign(ctx, NULL, &len, (const unsigned char *)input.ptr, input.len) > 0) {
		out = arena_alloc(arena, len);
		if (EVP_DigestSign(ctx, out, &len, (const unsigned char *)input.ptr, input.len) > 0)
			result = 0;
	}
	EVP_MD_CTX_free(ctx);
	if (result)
		return error_set(err, "cannot sign with %s: %s", alg->name,
			openssl_reason(reason, sizeof(reason)));
	*signature = alg->scheme == SCHEME_ECDSA
			     ? ecdsa_to_raw(arena, out, len, curve_size(key->curve))
			     : (struct str){(char *)out, len};
	return 0;
}

static struct str part_encode(struct arena *arena, const struct value *value)
{
	return base64url_encode(arena, value_to_str(arena, value));
}

int jwt_sign(struct arena *arena, struct str alg_name, const struct jose_keys *keys,
	const struct value *header, const struct value *claims, struct str *token,
	struct error *err)
{
	const struct jose_alg *alg = jose_alg_find(alg_name);
	struct value head = value_object();
	struct str signature;

	if (!alg)
		return error_set(err,
			"unknown algorithm '%.*s' (HS, RS, PS, ES 256 384 512, EdDSA)",
			STR_ARG(alg_name));
	for (size_t i = 0; i < keys->count; i++) {
		const struct jose_key *key = &keys->items[i];

		if (!key->is_private || !jose_key_serves(key, alg))
			continue;
		value_set(arena, &head, STR("alg"), value_text(alg->name));
		value_set(arena, &head, STR("typ"), value_text("JWT"));
		if (key->kid.len)
			value_set(arena, &head, STR("kid"), value_string(key->kid));
		for (size_t j = 0;
			header && header->type == VALUE_OBJECT && j < header->object.count; j++)
			if (!str_is(header->object.members[j].key, "alg"))
				value_set(arena, &head, header->object.members[j].key,
					header->object.members[j].value);
		struct str h = part_encode(arena, &head), c = part_encode(arena, claims);
		struct str input = str_of(arena_printf(arena, "%.*s.%.*s", STR_ARG(h), STR_ARG(c)));

		if (alg->scheme == SCHEME_HMAC)
			signature = hmac(arena, key->secret, alg->digest, input);
		else if (sign_pkey(arena, key, alg, input, &signature, err))
			return -1;
		struct str s = base64url_encode(arena, signature);

		*token = str_of(arena_printf(arena, "%.*s.%.*s", STR_ARG(input), STR_ARG(s)));
		return 0;
	}
	return error_set(err, "the key cannot sign with %s: it is %s", alg->name,
		keys->count && !keys->items[0].is_private ? "a public key" : "of another type");
}
