/*
 * token: access tokens as the auth service would issue them (RFC 7515, 7517, 7519): RS256, or HS256
 * when a secret is given; never both, so that no token can choose how it is verified.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "demo.h"

enum { LIFETIME_S = 900, SIGNATURE_SIZE = 256 };

static const char issuer[] = "auth-service", audience[] = "backend", key_id[] = "demo-1";
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static EVP_PKEY *key;
static const char *hs256_secret;

void base64url_encode(struct buf *out, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i < 3 ? len - i : 3;
		uint32_t bits = (uint32_t)p[i] << 16;

		if (left > 1)
			bits |= (uint32_t)p[i + 1] << 8;
		if (left > 2)
			bits |= p[i + 2];
		for (size_t k = 0; k <= left; k++)
			buf_add_char(out, alphabet[bits >> (18 - 6 * k) & 63]);
	}
}

bool base64url_decode(struct str s, unsigned char *out, size_t size, size_t *len)
{
	uint32_t bits = 0;
	unsigned have = 0;

	*len = 0;
	if (s.len % 4 == 1)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		const char *at = s.ptr[i] ? strchr(alphabet, s.ptr[i]) : NULL;

		if (!at || *len == size)
			return false;
		bits = bits << 6 | (uint32_t)(at - alphabet);
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[(*len)++] = (unsigned char)(bits >> have);
		}
	}
	return true;
}

void token_setup(const char *secret)
{
	hs256_secret = secret;
	key = EVP_RSA_gen(2048);
	if (!key)
		die("cannot make an RSA key");
}

static void random_hex(char *out, size_t bytes)
{
	unsigned char raw[32];

	if (bytes > sizeof(raw) || RAND_bytes(raw, (int)bytes) != 1)
		die("no random numbers");
	for (size_t i = 0; i < bytes; i++)
		snprintf(out + 2 * i, 3, "%02x", raw[i]);
}

static const char *algorithm(void)
{
	return hs256_secret ? "HS256" : "RS256";
}

static size_t sign(struct str text, unsigned char out[SIGNATURE_SIZE])
{
	const unsigned char *data = (const unsigned char *)text.ptr;
	size_t len = SIGNATURE_SIZE;
	unsigned hmac_len = 0;
	EVP_MD_CTX *ctx;

	if (hs256_secret) {
		if (!HMAC(EVP_sha256(), hs256_secret, (int)strlen(hs256_secret), data, text.len,
			    out, &hmac_len))
			die("cannot sign");
		return hmac_len;
	}
	ctx = EVP_MD_CTX_new();
	if (!ctx || EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
		EVP_DigestSign(ctx, out, &len, data, text.len) != 1)
		die("cannot sign");
	EVP_MD_CTX_free(ctx);
	return len;
}

void token_make(struct str email, struct buf *out)
{
	BUF_SCOPED struct buf claims;
	unsigned char signature[SIGNATURE_SIZE];
	char jti[33], header[80];
	int64_t now = clock_wall() / NS_PER_S;

	random_hex(jti, 16);
	buf_init(&claims, TOKEN_MAX);
	buf_printf(&claims, "{\"iss\":\"%s\",\"aud\":\"%s\",\"sub\":", issuer, audience);
	json_print_str(&claims, email);
	buf_printf(&claims, ",\"iat\":%lld,\"exp\":%lld,\"jti\":\"%s\"}", (long long)now,
		(long long)now + LIFETIME_S, jti);
	snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
		algorithm(), key_id);
	base64url_encode(out, header, strlen(header));
	buf_add_char(out, '.');
	base64url_encode(out, claims.data, claims.len);
	size_t len = sign(buf_str(out), signature);

	buf_add_char(out, '.');
	base64url_encode(out, signature, len);
}

static bool signature_good(struct str signed_part, struct str signature)
{
	unsigned char raw[SIGNATURE_SIZE], wanted[SIGNATURE_SIZE];
	size_t len;
	EVP_MD_CTX *ctx;
	bool good;

	if (!base64url_decode(signature, raw, sizeof(raw), &len))
		return false;
	if (hs256_secret)
		return len == sign(signed_part, wanted) && CRYPTO_memcmp(raw, wanted, len) == 0;
	ctx = EVP_MD_CTX_new();
	good = ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	       EVP_DigestVerify(
		       ctx, raw, len, (const unsigned char *)signed_part.ptr, signed_part.len) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

static bool part_parse(struct arena *arena, struct str part, struct value *out)
{
	unsigned char *raw = arena_alloc(arena, TOKEN_MAX);
	size_t len;

	return base64url_decode(part, raw, TOKEN_MAX, &len) &&
	       json_parse(arena, (struct str){(char *)raw, len}, 0, out, NULL) == 0;
}

static bool member_is(const struct value *object, const char *name, const char *wanted)
{
	return str_is(value_str_or(value_find(object, name), STR("")), wanted);
}

static const char *claims_wrong(const struct value *claims)
{
	const struct value *exp = value_find(claims, "exp");

	if (!member_is(claims, "iss", issuer))
		return "wrong issuer";
	if (!member_is(claims, "aud", audience))
		return "wrong audience";
	if (!exp || exp->type != VALUE_INTEGER)
		return "no expiry";
	if (exp->integer <= clock_wall() / NS_PER_S)
		return "token has expired";
	return NULL;
}

static const char *token_wrong(struct arena *arena, struct str token, char *email, size_t size)
{
	size_t first = str_find_char(token, '.');
	struct str rest = first == SIZE_MAX ? STR("") : str_from(token, first + 1);
	size_t second = str_find_char(rest, '.');
	struct value header, claims;
	const char *wrong;

	if (second == SIZE_MAX || token.len > TOKEN_MAX)
		return "malformed token";
	if (!part_parse(arena, str_sub(token, 0, first), &header) ||
		!part_parse(arena, str_sub(rest, 0, second), &claims))
		return "malformed token";
	if (!member_is(&header, "alg", algorithm()))
		return "algorithm not allowed";
	if (!signature_good(str_sub(token, 0, first + 1 + second), str_from(rest, second + 1)))
		return "bad signature";
	wrong = claims_wrong(&claims);
	if (!wrong)
		snprintf(email, size, "%.*s",
			STR_ARG(value_str_or(value_find(&claims, "sub"), STR(""))));
	return wrong;
}

const char *token_check(struct str token, char *email, size_t size)
{
	struct arena *arena = arena_new();
	const char *wrong = token_wrong(arena, token, email, size);

	arena_free(arena);
	return wrong;
}

static void add_number(struct buf *out, const char *name)
{
	BIGNUM *n = NULL;
	unsigned char raw[SIGNATURE_SIZE];
	int len;

	if (EVP_PKEY_get_bn_param(key, name, &n) != 1 || BN_num_bytes(n) > SIGNATURE_SIZE)
		die("cannot read the RSA key");
	len = BN_bn2bin(n, raw);
	base64url_encode(out, raw, (size_t)len);
	BN_free(n);
}

void token_jwks(struct buf *out)
{
	if (hs256_secret) {
		buf_add_text(out, "{\"keys\":[]}");
		return;
	}
	buf_printf(out,
		"{\"keys\":[{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\",\"n\":\"",
		key_id);
	add_number(out, OSSL_PKEY_PARAM_RSA_N);
	buf_add_text(out, "\",\"e\":\"");
	add_number(out, OSSL_PKEY_PARAM_RSA_E);
	buf_add_text(out, "\"}]}");
}
