/* Vectors of RFC 7515 and 7519 beside those of test_jose.c, and the forms in which keys are handed over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "jose_help.h"
#include "probe/base64.h"

/* RFC 7515, appendix A.4: ES512 over a payload that is no JSON. */
#define A4_INPUT "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA"
#define A4_SIGNATURE                                                                               \
	"AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7Xdt" \
	"AG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"
#define A4_KEY                                                                                     \
	"{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcB" \
	"pXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk\",\"y\":\"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBX" \
	"MoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2\",\"d\":\"AY5pb7A0UFiB3RELSD64fTLO" \
	"SV_jazdF7fLYyuTw8lOfRhWg6Y6rUrPAxerEzgdRhajnu0ferB0d53vM9mE15j2C\"}"
/* Appendix A.5, and RFC 7519 section 6.1, which are the same: nothing is signed. */
#define A5                                                                                         \
	"eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGx"  \
	"lLmNvbS9pc19yb290Ijp0cnVlfQ."

static void test_es512(void **state)
{
	struct arena *arena = arena_new();
	struct jose_keys keys = keys_of(arena, A4_KEY);
	struct jwt jwt = {.alg = STR("ES512"), .signing_input = STR(A4_INPUT)};
	struct jwt_wanted wanted = {.now = NOW};

	(void)state;
	jwt.claims = value_object();
	assert_true(base64url_decode(arena, STR(A4_SIGNATURE), &jwt.signature));
	assert_int_equal(jwt.signature.len, 132);
	assert_null(jwt_verify(&jwt, &keys, &wanted));
	/* R and S have a fixed size each: not one byte more or less (RFC 7518, section 3.4). */
	jwt.signature.len--;
	assert_string_equal(jwt_verify(&jwt, &keys, &wanted), "bad_signature");
	jwt.signature.len++;
	((char *)jwt.signature.ptr)[131] ^= 1;
	assert_string_equal(jwt_verify(&jwt, &keys, &wanted), "bad_signature");
	jose_keys_release(&keys);
	arena_free(arena);
}

static void test_unsecured(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(verdict_of(arena, A5, A4_KEY), "alg_none");
	assert_string_equal(verdict_of(arena, A5, "a secret"), "alg_none");
	arena_free(arena);
}

static struct str taken(struct arena *arena, BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	struct str text = arena_str(arena, (struct str){data, (size_t)len});

	BIO_free(bio);
	return text;
}

/* SubjectPublicKeyInfo, or PKCS#1 for RSA. */
static struct str public_pem(struct arena *arena, EVP_PKEY *pkey, const char *pkcs1)
{
	BIO *bio = BIO_new(BIO_s_mem());

	if (pkcs1) {
		unsigned char *der = NULL;
		int len = i2d_PublicKey(pkey, &der);

		assert_true(len > 0);
		PEM_write_bio(bio, pkcs1, "", der, len);
		OPENSSL_free(der);
	} else {
		PEM_write_bio_PUBKEY(bio, pkey);
	}
	return taken(arena, bio);
}

static struct str private_pem(struct arena *arena, EVP_PKEY *pkey, bool traditional)
{
	BIO *bio = BIO_new(BIO_s_mem());

	if (traditional)
		PEM_write_bio_PrivateKey_traditional(bio, pkey, NULL, NULL, 0, NULL, NULL);
	else
		PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
	return taken(arena, bio);
}

/* As Google and others publish their keys: a certificate each. */
static struct str certificate_pem(struct arena *arena, EVP_PKEY *pkey)
{
	X509 *certificate = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());

	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	/* Long expired: of a certificate only the key counts here. */
	ASN1_TIME_set(X509_getm_notBefore(certificate), 0);
	ASN1_TIME_set(X509_getm_notAfter(certificate), 86400);
	X509_set_pubkey(certificate, pkey);
	assert_true(X509_sign(certificate, pkey, EVP_sha256()) > 0);
	PEM_write_bio_X509(bio, certificate);
	X509_free(certificate);
	return taken(arena, bio);
}

static struct str signed_with(struct arena *arena, const char *alg, struct str pem)
{
	struct jose_keys keys = keys_of(arena, pem.ptr);
	struct value claims = value_object();
	struct str token;
	struct error err;

	if (jwt_sign(arena, str_of(alg), &keys, NULL, &claims, &token, &err))
		fail_msg("%s", err.text);
	jose_keys_release(&keys);
	return token;
}

static void test_rsa_forms(void **state)
{
	struct arena *arena = arena_new();
	EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	struct str pkcs1 = public_pem(arena, rsa, "RSA PUBLIC KEY");

	(void)state;
	for (int traditional = 0; traditional < 2; traditional++) {
		struct str token =
			signed_with(arena, "RS256", private_pem(arena, rsa, traditional));
		const struct str forms[] = {pkcs1, public_pem(arena, rsa, NULL),
			certificate_pem(arena, rsa), private_pem(arena, rsa, traditional),
			str_of(arena_printf(arena, "\r\n  %s\r\n", pkcs1.ptr))};

		for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
			assert_string_equal(verdict_of(arena, token.ptr, forms[i].ptr), "");
		assert_string_equal(verdict_of(arena, token.ptr,
					    public_pem(arena, other, "RSA PUBLIC KEY").ptr),
			"bad_signature");
		assert_string_equal(verdict_of(arena, token.ptr, certificate_pem(arena, other).ptr),
			"bad_signature");
	}
	/* It starts like a PEM, so it is no secret either (RFC 8725, section 2.1). */
	assert_string_equal(verdict_of(arena, signed_with(arena, "HS256", STR("k")).ptr, pkcs1.ptr),
		"unsupported_alg");
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(other);
	arena_free(arena);
}

static void test_ec_forms(void **state)
{
	struct arena *arena = arena_new();
	EVP_PKEY *ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	struct str sec1 = private_pem(arena, ec, true);

	(void)state;
	assert_non_null(strstr(sec1.ptr, "BEGIN EC PRIVATE KEY"));
	struct str token = signed_with(arena, "ES384", sec1);

	assert_string_equal(verdict_of(arena, token.ptr, public_pem(arena, ec, NULL).ptr), "");
	assert_string_equal(verdict_of(arena, token.ptr, certificate_pem(arena, ec).ptr), "");
	EVP_PKEY_free(ec);
	arena_free(arena);
}

static void test_broken_pem(void **state)
{
	struct arena *arena = arena_new();
	EVP_PKEY *ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	EVP_PKEY *small = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)768);
	struct str texts[] = {
		/* A point of a curve under the name of RSA, the half of a key, and one too short. */
		public_pem(arena, ec, "RSA PUBLIC KEY"),
		STR("-----BEGIN RSA PUBLIC KEY-----\nMIIBCgKC\n-----END RSA PUBLIC KEY-----\n"),
		STR("-----BEGIN RSA PUBLIC KEY-----\n"),
		STR("-----BEGIN RSA PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
		    "AES-128-CBC,00\n\nMIIBCgKC\n-----END RSA PUBLIC KEY-----\n"),
		public_pem(arena, small, "RSA PUBLIC KEY"),
		public_pem(arena, small, NULL),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct jose_keys keys;
		struct error err = {""};

		assert_int_equal(jose_keys_text(arena, texts[i], &keys, &err), -1);
		assert_true(err.text[0] != '\0');
	}
	EVP_PKEY_free(ec);
	EVP_PKEY_free(small);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_es512),
		cmocka_unit_test(test_unsecured),
		cmocka_unit_test(test_rsa_forms),
		cmocka_unit_test(test_ec_forms),
		cmocka_unit_test(test_broken_pem),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
