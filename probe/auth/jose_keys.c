/* Keys for signatures: JWK (RFC 7517, 7518 section 6, 8037), PEM, shared secrets. */
#include <stdio.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "jose_private.h"
#include "probe/base64.h"
#include "probe/json.h"

/* RFC 7518 wants RSA keys of 2048 bits; shorter ones that are in use still say something. */
enum { KEYS_MAX = 256, RSA_BITS_MIN = 1024 };

const char *openssl_reason(char *out, size_t size)
{
	unsigned long code = ERR_peek_last_error();

	snprintf(out, size, "%s", code ? ERR_reason_error_string(code) : "unknown error");
	ERR_clear_error();
	return out;
}

static struct jose_key *keys_add(struct arena *arena, struct jose_keys *keys, struct jose_key key)
{
	size_t capacity = keys->count;

	if (keys->count % 4 == 0) {
		capacity = keys->count + 4;
		struct jose_key *items = ARENA_ARRAY(arena, capacity, struct jose_key);

		if (keys->count)
			memcpy(items, keys->items, keys->count * sizeof(*items));
		keys->items = items;
	}
	keys->items[keys->count] = key;
	return &keys->items[keys->count++];
}

void jose_keys_release(struct jose_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		EVP_PKEY_free(keys->items[i].pkey);
	keys->count = 0;
}

void jose_keys_secret(struct arena *arena, struct str secret, struct jose_keys *keys)
{
	*keys = (struct jose_keys){0};
	keys_add(arena, keys,
		(struct jose_key){.type = JOSE_SECRET,
			.secret = arena_str(arena, secret),
			.is_private = true});
}

/* Type and curve of a key that OpenSSL has read; false for kinds that sign nothing here. */
static bool key_describe(struct jose_key *key)
{
	char group[64];
	size_t len;
	static const char *const curves[][2] = {
		{"prime256v1", "P-256"}, {"secp384r1", "P-384"}, {"secp521r1", "P-521"}};

	switch (EVP_PKEY_get_base_id(key->pkey)) {
	case EVP_PKEY_RSA:
		key->type = JOSE_RSA;
		return EVP_PKEY_get_bits(key->pkey) >= RSA_BITS_MIN;
	case EVP_PKEY_ED25519:
		key->type = JOSE_OKP;
		key->curve = STR("Ed25519");
		return true;
	case EVP_PKEY_ED448:
		key->type = JOSE_OKP;
		key->curve = STR("Ed448");
		return true;
	case EVP_PKEY_EC:
		key->type = JOSE_EC;
		if (!EVP_PKEY_get_group_name(key->pkey, group, sizeof(group), &len))
			return false;
		for (size_t i = 0; i < 3; i++)
			if (strcmp(group, curves[i][0]) == 0)
				key->curve = str_of(curves[i][1]);
		return key->curve.len > 0;
	default: return false;
	}
}

static BIGNUM *jwk_number(struct arena *arena, const struct value *jwk, const char *name)
{
	struct str bytes;
	const struct value *text = value_find(jwk, name);

	if (!text || text->type != VALUE_STRING || text->string.len > 8192 ||
		!base64url_decode(arena, text->string, &bytes))
		return NULL;
	return BN_bin2bn((const unsigned char *)bytes.ptr, (int)bytes.len, NULL);
}

static EVP_PKEY *key_from_params(const char *type, OSSL_PARAM_BLD *builder, bool is_private)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (params && ctx && EVP_PKEY_fromdata_init(ctx) > 0)
		EVP_PKEY_fromdata(
			ctx, &pkey, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pkey;
}

static EVP_PKEY *jwk_rsa(struct arena *arena, const struct value *jwk, bool *is_private)
{
	static const struct {
		const char *jwk, *param;
	} parts[] = {{"n", OSSL_PKEY_PARAM_RSA_N}, {"e", OSSL_PKEY_PARAM_RSA_E},
		{"d", OSSL_PKEY_PARAM_RSA_D}, {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
		{"q", OSSL_PKEY_PARAM_RSA_FACTOR2}, {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
		{"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	BIGNUM *numbers[8] = {NULL};
	EVP_PKEY *pkey = NULL;

	*is_private = value_find(jwk, "d") != NULL;
	for (size_t i = 0; i < (*is_private ? 8 : 2); i++) {
		numbers[i] = jwk_number(arena, jwk, parts[i].jwk);
		if (numbers[i])
			OSSL_PARAM_BLD_push_BN(builder, parts[i].param, numbers[i]);
	}
	if (numbers[0] && numbers[1])
		pkey = key_from_params("RSA", builder, *is_private);
	for (size_t i = 0; i < 8; i++)
		BN_clear_free(numbers[i]);
	OSSL_PARAM_BLD_free(builder);
	return pkey;
}

static EVP_PKEY *jwk_ec(struct arena *arena, const struct value *jwk, bool *is_private)
{
	static const struct {
		const char *jwk, *group;
		size_t size;
	} curves[] = {{"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48},
		{"P-521", "secp521r1", 66}};
	struct str crv = value_str_or(value_find(jwk, "crv"), STR(""));
	unsigned char point[1 + 2 * 66] = {4};
	EVP_PKEY *pkey = NULL;

	for (size_t i = 0; i < 3; i++) {
		if (!str_is(crv, curves[i].jwk))
			continue;
		size_t size = curves[i].size;
		BIGNUM *x = jwk_number(arena, jwk, "x"), *y = jwk_number(arena, jwk, "y");
		BIGNUM *d = jwk_number(arena, jwk, "d");
		OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();

		*is_private = d != NULL;
		if (x && y && BN_bn2binpad(x, point + 1, (int)size) > 0 &&
			BN_bn2binpad(y, point + 1 + size, (int)size) > 0) {
			OSSL_PARAM_BLD_push_utf8_string(
				builder, OSSL_PKEY_PARAM_GROUP_NAME, curves[i].group, 0);
			OSSL_PARAM_BLD_push_octet_string(
				builder, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size);
			if (d)
				OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, d);
			pkey = key_from_params("EC", builder, *is_private);
		}
		OSSL_PARAM_BLD_free(builder);
		BN_free(x);
		BN_free(y);
		BN_clear_free(d);
	}
	return pkey;
}

static EVP_PKEY *jwk_okp(struct arena *arena, const struct value *jwk, bool *is_private)
{
	struct str crv = value_str_or(value_find(jwk, "crv"), STR("")), bytes;
	const struct value *d = value_find(jwk, "d");
	int type = str_is(crv, "Ed25519") ? EVP_PKEY_ED25519
		   : str_is(crv, "Ed448") ? EVP_PKEY_ED448
					  : 0;

	*is_private = d != NULL;
	if (!type || !base64url_decode(
			     arena, value_str_or(d ? d : value_find(jwk, "x"), STR("")), &bytes))
		return NULL;
	return d ? EVP_PKEY_new_raw_private_key(
			   type, NULL, (const unsigned char *)bytes.ptr, bytes.len)
		 : EVP_PKEY_new_raw_public_key(
			   type, NULL, (const unsigned char *)bytes.ptr, bytes.len);
}

/* 1: added, 0: not for signatures or of a kind unknown here, -1: broken. */
static int jwk_add(
	struct arena *arena, const struct value *jwk, struct jose_keys *keys, struct error *err)
{
	struct str kty = value_str_or(value_find(jwk, "kty"), STR(""));
	struct jose_key key = {
		.kid = value_str_or(value_find(jwk, "kid"), STR("")),
		.alg = value_str_or(value_find(jwk, "alg"), STR("")),
	};
	struct str use = value_str_or(value_find(jwk, "use"), STR("sig"));
	char reason[120];

	if (!str_is(use, "sig"))
		return 0;
	if (str_is(kty, "oct")) {
		key.type = JOSE_SECRET;
		key.is_private = true;
		if (!base64url_decode(
			    arena, value_str_or(value_find(jwk, "k"), STR("")), &key.secret) ||
			!key.secret.len)
			return error_set(err, "key '%.*s': 'k' is not base64url", STR_ARG(key.kid));
		keys_add(arena, keys, key);
		return 1;
	}
	if (str_is(kty, "RSA"))
		key.pkey = jwk_rsa(arena, jwk, &key.is_private);
	else if (str_is(kty, "EC"))
		key.pkey = jwk_ec(arena, jwk, &key.is_private);
	else if (str_is(kty, "OKP"))
		key.pkey = jwk_okp(arena, jwk, &key.is_private);
	else
		return 0;
	if (!key.pkey || !key_describe(&key)) {
		EVP_PKEY_free(key.pkey);
		return error_set(err, "key '%.*s' of type '%.*s' is not valid: %s",
			STR_ARG(key.kid), STR_ARG(kty), openssl_reason(reason, sizeof(reason)));
	}
	keys_add(arena, keys, key);
	return 1;
}

int jose_keys_jwks(
	struct arena *arena, const struct value *jwks, struct jose_keys *keys, struct error *err)
{
	const struct value *list = value_find(jwks, "keys");
	const struct value single = {.type = VALUE_ARRAY, .array = {(struct value *)jwks, 1}};
	struct error problem = {""};

	*keys = (struct jose_keys){0};
	if (!list && value_find(jwks, "kty"))
		list = &single;
	if (!list || list->type != VALUE_ARRAY)
		return error_set(err, "not a JWK set: it has no list 'keys'");
	for (size_t i = 0; i < list->array.count && keys->count < KEYS_MAX; i++) {
		int added = jwk_add(arena, &list->array.items[i], keys, &problem);

		/* RFC 7517, section 5: keys that are not understood are ignored. */
		if (added <= 0)
			keys->left_out++;
	}
	/* What a broken key left there would be taken for the error of a later call. */
	ERR_clear_error();
	if (keys->count)
		return 0;
	if (problem.text[0])
		return error_set(err, "%s", problem.text);
	return error_set(err, "the JWK set holds no key for signatures");
}

/* PKCS#1 ("BEGIN RSA PUBLIC KEY", RFC 8017 appendix A.1.1) as older tools write it. */
static EVP_PKEY *pem_read_pkcs1(BIO *bio)
{
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	long len = 0;
	EVP_PKEY *pkey = NULL;

	if (PEM_read_bio(bio, &name, &header, &der, &len) && !*header) {
		const unsigned char *at = der;

		pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, len);
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	return pkey;
}

static EVP_PKEY *pem_read(const char *begin, BIO *bio, bool *is_private)
{
	EVP_PKEY *pkey = NULL;

	*is_private = false;
	if (strstr(begin, "PRIVATE KEY-----") &&
		strstr(begin, "PRIVATE KEY-----") < strchr(begin, '\n')) {
		*is_private = true;
		return PEM_read_bio_PrivateKey(bio, NULL, NULL, "");
	}
	if (strncmp(begin, "-----BEGIN CERTIFICATE", 22) == 0) {
		X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, "");

		if (certificate)
			pkey = X509_get_pubkey(certificate);
		X509_free(certificate);
		return pkey;
	}
	if (strncmp(begin, "-----BEGIN RSA PUBLIC KEY", 25) == 0)
		return pem_read_pkcs1(bio);
	return PEM_read_bio_PUBKEY(bio, NULL, NULL, "");
}

int jose_keys_pem(struct arena *arena, struct str pem, struct jose_keys *keys, struct error *err)
{
	char *text = (char *)arena_str(arena, pem).ptr;
	char reason[120];

	*keys = (struct jose_keys){0};
	for (char *begin = text;
		(begin = strstr(begin, "-----BEGIN ")) && keys->count < KEYS_MAX;) {
		char *next = strstr(begin + 1, "-----BEGIN ");
		BIO *bio = BIO_new_mem_buf(begin, next ? (int)(next - begin) : -1);
		struct jose_key key = {0};

		/* `openssl ecparam -genkey` writes the curve before the key, which names it too. */
		if (strncmp(begin, "-----BEGIN EC PARAMETERS", 24) == 0) {
			BIO_free(bio);
			begin++;
			continue;
		}
		if (strchr(begin, '\n'))
			key.pkey = pem_read(begin, bio, &key.is_private);
		BIO_free(bio);
		if (!key.pkey || !key_describe(&key)) {
			EVP_PKEY_free(key.pkey);
			jose_keys_release(keys);
			return error_set(err, "the PEM key cannot be used: %s",
				openssl_reason(reason, sizeof(reason)));
		}
		keys_add(arena, keys, key);
		begin++;
	}
	if (!keys->count)
		return error_set(err, "no PEM key ('-----BEGIN ...') in the text");
	return 0;
}

int jose_keys_text(struct arena *arena, struct str text, struct jose_keys *keys, struct error *err)
{
	struct str trimmed = str_trim(text);
	struct value jwk;

	if (str_starts(trimmed, "-----BEGIN "))
		return jose_keys_pem(arena, trimmed, keys, err);
	if (str_starts(trimmed, "{")) {
		if (json_parse(arena, trimmed, 0, &jwk, err))
			return error_context(err, "the key");
		return jose_keys_jwks(arena, &jwk, keys, err);
	}
	if (!text.len)
		return error_set(err, "the key is empty");
	jose_keys_secret(arena, text, keys);
	return 0;
}

int jose_key_pem(
	struct arena *arena, const struct jose_key *key, struct str *pem, struct error *err)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	int result = 0;

	if (!key->pkey || !PEM_write_bio_PUBKEY(bio, key->pkey)) {
		result = error_set(err, "the key has no public half");
	} else {
		long len = BIO_get_mem_data(bio, &data);

		*pem = arena_str(arena, (struct str){data, (size_t)len});
	}
	BIO_free(bio);
	return result;
}
