/* Signatures and keys: vectors of the RFCs, every algorithm both ways, and what must not verify. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "cases.h"
#include "jose_help.h"
#include "probe/base64.h"
#include "probe/clock.h"
#include "probe/jose.h"
#include "probe/json.h"

/* RFC 7515, appendix A. */
#define PAYLOAD                                                                                    \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0" \
	"cnVlfQ"
#define A1                                                                                         \
	"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." PAYLOAD                                        \
	".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define A1_KEY                                                                                     \
	"{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0" \
	"iPS4hcgUuTwjAzZr1Z9CAow\"}"
#define A2                                                                                         \
	"eyJhbGciOiJSUzI1NiJ9." PAYLOAD                                                            \
	".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8" \
	"W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvk" \
	"SjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCn" \
	"vWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
#define A2_KEY                                                                                     \
	"{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQ" \
	"p-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wG" \
	"zjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4u" \
	"DZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9" \
	"gb54h4FRWyuXpoQ\",\"e\":\"AQAB\"}"
#define A3                                                                                         \
	"eyJhbGciOiJFUzI1NiJ9." PAYLOAD                                                            \
	".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define A3_KEY                                                                                     \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\","                                   \
	"\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"}"
/* RFC 8037, appendix A; its payload is plain text, so the parts are set by hand. */
#define ED_INPUT "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
#define ED_SIGNATURE                                                                               \
	"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
#define ED_KEY                                                                                     \
	"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"

static struct value json(struct arena *arena, const char *text)
{
	struct value value;
	struct error err;

	if (json_parse(arena, str_of(text), 0, &value, &err))
		fail_msg("%s: %s", text, err.text);
	return value;
}

static void test_vectors(void **state)
{
	struct arena *arena = arena_new();
	struct jose_keys keys = keys_of(arena, ED_KEY);
	struct jwt jwt = {.alg = STR("EdDSA"), .signing_input = STR(ED_INPUT)};
	struct jwt_wanted wanted = {.now = NOW};

	(void)state;
	assert_string_equal(verdict_of(arena, A1, A1_KEY), "");
	assert_string_equal(verdict_of(arena, A2, A2_KEY), "");
	assert_string_equal(verdict_of(arena, A3, A3_KEY), "");
	jwt.claims = value_object();
	assert_true(base64url_decode(arena, STR(ED_SIGNATURE), &jwt.signature));
	assert_null(jwt_verify(&jwt, &keys, &wanted));
	((char *)jwt.signature.ptr)[5] ^= 1;
	assert_string_equal(jwt_verify(&jwt, &keys, &wanted), "bad_signature");
	jose_keys_release(&keys);
	arena_free(arena);
}

/* The parts that RFC 7519, section 3.1, names. */
static void test_parse(void **state)
{
	struct arena *arena = arena_new();
	struct jwt jwt;

	(void)state;
	assert_int_equal(jwt_parse(arena, STR(A1), &jwt, NULL), 0);
	assert_true(str_is(jwt.alg, "HS256"));
	assert_int_equal(jwt.kid.len, 0);
	assert_int_equal(jwt.signature.len, 32);
	assert_true(str_is(value_str_or(value_find(&jwt.claims, "iss"), STR("")), "joe"));
	assert_int_equal(value_find(&jwt.claims, "exp")->integer, 1300819380);
	assert_true(value_find(&jwt.claims, "http://example.com/is_root")->boolean);
	arena_free(arena);
}

static const char *run_jwt(struct arena *arena, const struct one_case *it)
{
	BUF_SCOPED struct buf token;
	struct str rest = it->input, line;
	struct jwt jwt;
	struct error err;

	/* Lines in braces are encoded, others stand as they are; dots between. */
	buf_init(&token, 1 << 16);
	for (bool first = true; str_line(&rest, &line); first = false) {
		if (!first)
			buf_add_char(&token, '.');
		buf_add_str(&token, str_starts(line, "{") || str_starts(line, "[")
					    ? base64url_encode(arena, line)
					    : line);
	}
	if (jwt_parse(arena, buf_str(&token), &jwt, &err))
		return arena_strdup(arena, err.text);
	return arena_printf(arena, "%.*s kid=%.*s", STR_ARG(jwt.alg), STR_ARG(jwt.kid));
}

static void test_malformed(void **state)
{
	(void)state;
	assert_int_equal(cases_run("tests/data/jwt.test", run_jwt), 0);
}

static struct str pem_of(struct arena *arena, EVP_PKEY *pkey, bool is_private)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;

	if (is_private)
		assert_true(PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL));
	else
		assert_true(PEM_write_bio_PUBKEY(bio, pkey));
	long len = BIO_get_mem_data(bio, &data);
	struct str pem = arena_str(arena, (struct str){data, (size_t)len});

	BIO_free(bio);
	return pem;
}

enum { RSA2048, P256, P384, P521, ED25519, ED448, SECRET, TYPES };

static struct str private_pem[TYPES], public_pem[TYPES];
static struct arena *pem_arena;

static int make_keys(void **state)
{
	EVP_PKEY *made[] = {EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048),
		EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"),
		EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384"),
		EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521"),
		EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), EVP_PKEY_Q_keygen(NULL, NULL, "ED448")};

	(void)state;
	pem_arena = arena_new();
	for (size_t i = 0; i < SECRET; i++) {
		private_pem[i] = pem_of(pem_arena, made[i], true);
		public_pem[i] = pem_of(pem_arena, made[i], false);
		EVP_PKEY_free(made[i]);
	}
	private_pem[SECRET] = public_pem[SECRET] = STR("a secret that both sides know");
	return 0;
}

static int drop_keys(void **state)
{
	(void)state;
	arena_free(pem_arena);
	return 0;
}

static const struct {
	const char *name;
	int key;
} algs[] = {{"HS256", SECRET}, {"HS384", SECRET}, {"HS512", SECRET}, {"RS256", RSA2048},
	{"RS384", RSA2048}, {"RS512", RSA2048}, {"PS256", RSA2048}, {"PS384", RSA2048},
	{"PS512", RSA2048}, {"ES256", P256}, {"ES384", P384}, {"ES512", P521}, {"EdDSA", ED25519},
	{"EdDSA", ED448}};

enum { ALGS = sizeof(algs) / sizeof(*algs) };

static struct str sign_with(struct arena *arena, const char *alg, struct str key,
	const char *header, const char *claims)
{
	struct jose_keys keys = keys_of(arena, key.ptr);
	struct value head = json(arena, header), body = json(arena, claims);
	struct str token = STR("");
	struct error err;

	if (jwt_sign(arena, str_of(alg), &keys, &head, &body, &token, &err))
		fail_msg("%s: %s", alg, err.text);
	jose_keys_release(&keys);
	return token;
}

/* Every algorithm verifies what it signed, with the public half alone, and nothing else does. */
static void test_round_trips(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ALGS; i++) {
		struct str token = sign_with(arena, algs[i].name, private_pem[algs[i].key],
			"{\"kid\": \"k\", \"alg\": \"none\"}", "{\"sub\": \"a\"}");

		for (int key = 0; key < TYPES; key++) {
			const char *got = verdict_of(arena, token.ptr, public_pem[key].ptr);
			const char *want = key == algs[i].key ? "" : "unsupported_alg";

			/* Ed448 is as much EdDSA as Ed25519, with another key. */
			if (algs[i].key >= ED25519 && algs[i].key < SECRET && key >= ED25519 &&
				key < SECRET && key != algs[i].key)
				want = "bad_signature";
			if (strcmp(got, want) != 0)
				fail_msg("%s with key %d: '%s', wanted '%s'", algs[i].name, key,
					got, want);
		}
		/* Each bit of the middle counts, and so does the length. */
		char *end = strrchr(token.ptr, '.') + 1;

		end[10] = end[10] == 'A' ? 'B' : 'A';
		assert_string_equal(
			verdict_of(arena, token.ptr, public_pem[algs[i].key].ptr), "bad_signature");
		end[4] = '\0';
		assert_string_equal(
			verdict_of(arena, token.ptr, public_pem[algs[i].key].ptr), "bad_signature");
		*end = '\0';
		assert_string_equal(
			verdict_of(arena, token.ptr, public_pem[algs[i].key].ptr), "bad_signature");
	}
	arena_free(arena);
}

/* RFC 8725, section 2.1: a public key is no shared secret, in whatever form it was given. */
static void test_key_confusion(void **state)
{
	struct arena *arena = arena_new();
	struct jose_keys secret = {0}, rsa;
	struct value claims = json(arena, "{\"sub\": \"a\"}");
	struct str token, pem;

	(void)state;
	jose_keys_secret(arena, public_pem[RSA2048], &secret);
	assert_int_equal(jwt_sign(arena, STR("HS256"), &secret, NULL, &claims, &token, NULL), 0);
	assert_string_equal(
		verdict_of(arena, token.ptr, public_pem[RSA2048].ptr), "unsupported_alg");
	assert_string_equal(
		verdict_of(arena, token.ptr, private_pem[RSA2048].ptr), "unsupported_alg");
	rsa = keys_of(arena, A2_KEY);
	assert_int_equal(jose_key_pem(arena, &rsa.items[0], &pem, NULL), 0);
	assert_true(str_starts(pem, "-----BEGIN PUBLIC KEY-----\n"));
	assert_int_equal(jwt_sign(arena, STR("RS256"), &rsa, NULL, &claims, &token, NULL), -1);
	assert_int_equal(jose_key_pem(arena, &secret.items[0], &pem, NULL), -1);
	jose_keys_release(&rsa);
	arena_free(arena);
}

static void test_none(void **state)
{
	struct arena *arena = arena_new();
	static const char *const names[] = {"none", "None", "NONE", "nOnE"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct str head = base64url_encode(
			arena, str_of(arena_printf(arena, "{\"alg\":\"%s\"}", names[i])));

		for (int key = 0; key < TYPES; key++)
			assert_string_equal(
				verdict_of(arena, arena_printf(arena, "%.*s.e30.", STR_ARG(head)),
					public_pem[key].ptr),
				"alg_none");
	}
	arena_free(arena);
}

/* Two secrets with a kid, one RSA key, one that is not for signatures, one of an unknown type. */
static const char set[] =
	"{\"keys\": ["
	"{\"kty\":\"oct\",\"kid\":\"one\",\"k\":\"b25lLXNlY3JldA\"},"
	"{\"kty\":\"oct\",\"kid\":\"two\",\"k\":\"dHdvLXNlY3JldA\",\"alg\":\"HS512\"},"
	"{\"kty\":\"RSA\",\"kid\":\"rsa\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"use\":\"enc\"},"
	"{\"kty\":\"new\",\"kid\":\"new\"}, 5, null, {\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\"}]}";

static void test_kid(void **state)
{
	struct arena *arena = arena_new();
	struct str one = STR("one-secret"), two = STR("two-secret");
	struct jose_keys keys = keys_of(arena, set);

	(void)state;
	assert_int_equal(keys.count, 2);
	assert_int_equal(keys.left_out, 5);
	jose_keys_release(&keys);
#define SIGNED(alg, key, kid) sign_with(arena, alg, key, "{" kid "}", "{}").ptr
	assert_string_equal(verdict_of(arena, SIGNED("HS256", one, "\"kid\":\"one\""), set), "");
	assert_string_equal(
		verdict_of(arena, SIGNED("HS256", two, "\"kid\":\"one\""), set), "bad_signature");
	assert_string_equal(
		verdict_of(arena, SIGNED("HS256", one, "\"kid\":\"three\""), set), "unknown_key");
	assert_string_equal(
		verdict_of(arena, SIGNED("HS256", one, "\"kid\":\"rsa\""), set), "unknown_key");
	/* A key's own `alg` is the only one it serves (RFC 7517, section 4.4). */
	assert_string_equal(
		verdict_of(arena, SIGNED("HS256", two, "\"kid\":\"two\""), set), "unsupported_alg");
	assert_string_equal(verdict_of(arena, SIGNED("HS512", two, "\"kid\":\"two\""), set), "");
	/* Without a kid all keys are tried. */
	assert_string_equal(verdict_of(arena, SIGNED("HS512", two, ""), set), "");
	assert_string_equal(verdict_of(arena, SIGNED("HS384", STR("x"), ""), set), "bad_signature");
	/* A set without kids serves a token that has one. */
	assert_string_equal(
		verdict_of(arena, SIGNED("HS256", one, "\"kid\":\"z\""), "one-secret"), "");
#undef SIGNED
	arena_free(arena);
}

static const char *run_claims(struct arena *arena, const struct one_case *it)
{
	struct str rest = it->input, claims, wanted_text = STR("");
	struct strs audience = {0}, algorithms = {0};
	struct jwt_wanted wanted = {.now = 1000 * NS_PER_S};
	struct str name;

	str_line(&rest, &claims);
	str_line(&rest, &wanted_text);
	struct value want = json(arena, wanted_text.len ? arena_str(arena, wanted_text).ptr : "{}");
	const struct value *leeway = value_find(&want, "leeway");

	if (leeway)
		wanted.leeway = leeway->integer * NS_PER_S;
	wanted.issuer = value_str_or(value_find(&want, "iss"), STR(""));
	name = value_str_or(value_find(&want, "aud"), STR(""));
	if (name.len) {
		audience = (struct strs){&name, 1};
		wanted.audience = &audience;
	}
	struct str alg = value_str_or(value_find(&want, "alg"), STR(""));

	if (alg.len) {
		algorithms = (struct strs){&alg, 1};
		wanted.algorithms = &algorithms;
	}
	struct jose_keys keys = keys_of(arena, "k");
	struct str token = sign_with(arena, "HS256", STR("k"), "{}", arena_str(arena, claims).ptr);
	const char *got = verdict(arena, token, &keys, wanted);

	return *got ? got : "valid";
}

static void test_claims(void **state)
{
	(void)state;
	assert_int_equal(cases_run("tests/data/jwt-claims.test", run_claims), 0);
}

/* JWK of every type, public and private, as other libraries write them. */
static void test_key_forms(void **state)
{
	struct arena *arena = arena_new();
	struct str token = sign_with(arena, "ES256", STR(A3_KEY), "{}", "{}");
	struct jose_keys keys;
	struct error err;
	static const char *const broken[] = {"{\"keys\": []}", "{\"keys\": 5}", "{}",
		"{\"kty\":\"oct\"}", "{\"kty\":\"oct\",\"k\":\"a b\"}",
		"{\"kty\":\"oct\",\"k\":\"\"}", "{\"kty\":\"RSA\",\"n\":\"AQAB\"}",
		"{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}",
		"{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AA\",\"y\":\"AA\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}",
		"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AA\"}", "{\"kty\":5}", "{", "",
		"-----BEGIN PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----\nAAAA\n",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"};

	(void)state;
	assert_string_equal(verdict_of(arena, token.ptr, A3_KEY), "");
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		err.text[0] = '\0';
		assert_int_equal(jose_keys_text(arena, str_of(broken[i]), &keys, &err), -1);
		assert_true(err.text[0] != '\0');
	}
	/* Several PEM keys after each other, parameters of a curve before its key. */
	struct str many = str_of(arena_printf(arena,
		"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n%s"
		"some text\n%s",
		public_pem[P256].ptr, private_pem[ED25519].ptr));

	assert_int_equal(jose_keys_text(arena, many, &keys, &err), 0);
	assert_int_equal(keys.count, 2);
	assert_false(keys.items[0].is_private);
	assert_true(keys.items[1].is_private);
	assert_string_equal(jose_key_alg(&keys.items[0]), "ES256");
	assert_string_equal(jose_key_alg(&keys.items[1]), "EdDSA");
	jose_keys_release(&keys);
	arena_free(arena);
}

/* Bytes of no sense, and of too much: no crash, and no more time than their length deserves. */
static void test_garbage(void **state)
{
	struct arena *arena = arena_new();
	size_t size = 4 << 20;
	char *bytes = arena_alloc(arena, size + 1);
	struct jwt jwt;
	struct jose_keys keys;
	struct error err;
	int64_t began = cpu_time();

	(void)state;
	for (int fill = 0; fill < 4; fill++) {
		memset(bytes, ".aA{"[fill], size);
		assert_int_equal(jwt_parse(arena, (struct str){bytes, size}, &jwt, &err), -1);
	}
	for (size_t i = 0; i + 11 <= size; i += 11)
		memcpy(bytes + i, "-----BEGIN ", 11);
	assert_int_equal(jose_keys_pem(arena, (struct str){bytes, size}, &keys, &err), -1);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(i * 2654435761u >> 13);
	assert_int_equal(jwt_parse(arena, (struct str){bytes, size}, &jwt, &err), -1);
	assert_true(cpu_time() - began < time_limit(2 * NS_PER_S));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_key_confusion),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_kid),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_key_forms),
		cmocka_unit_test(test_garbage),
	};
	return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
