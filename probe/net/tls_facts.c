/* See probe/tls.h: from OpenSSL's structures to facts, and facts in words. */
#include <arpa/inet.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "tls_private.h"

enum { NAMES_MAX = 100, DAY_SECONDS = 86400 };

/* "CN=example.com,O=Example" (RFC 2253, but in the certificate's order). */
static const char *name_text(struct arena *arena, const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	const char *copy = "";

	if (bio && X509_NAME_print_ex(bio, name, 0,
			   (XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB & ~XN_FLAG_SPC_EQ) |
				   XN_FLAG_SEP_CPLUS_SPC) >= 0) {
		long len = BIO_get_mem_data(bio, &text);

		copy = arena_str(arena, (struct str){text, len > 0 ? (size_t)len : 0}).ptr;
	}
	BIO_free(bio);
	return copy;
}

static int64_t time_ns(const ASN1_TIME *time)
{
	struct tm tm;

	if (!time || ASN1_TIME_to_tm(time, &tm) != 1)
		return TIME_NONE;
	int64_t days = time_days(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday);
	int64_t seconds = days * DAY_SECONDS + tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;

	/* Years like 9999 do not fit in nanoseconds. */
	if (seconds > INT64_MAX / NS_PER_S)
		return INT64_MAX;
	return seconds < INT64_MIN / NS_PER_S + 1 ? INT64_MIN + 1 : seconds * NS_PER_S;
}

static const char *general_name_text(struct arena *arena, const GENERAL_NAME *name)
{
	char text[INET6_ADDRSTRLEN];

	switch (name->type) {
	case GEN_DNS:
	case GEN_EMAIL:
	case GEN_URI:
		return arena_str(
			arena, (struct str){(const char *)ASN1_STRING_get0_data(name->d.ia5),
				       (size_t)ASN1_STRING_length(name->d.ia5)})
			.ptr;
	case GEN_IPADD: {
		int len = ASN1_STRING_length(name->d.ip);
		int family = len == 4 ? AF_INET : len == 16 ? AF_INET6 : 0;

		if (!family ||
			!inet_ntop(family, ASN1_STRING_get0_data(name->d.ip), text, sizeof(text)))
			return NULL;
		return arena_strdup(arena, text);
	}
	default: return NULL;
	}
}

static void read_names(struct arena *arena, struct tls_facts *facts, X509 *leaf)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	int count = sk_GENERAL_NAME_num(names);

	if (count > NAMES_MAX)
		count = NAMES_MAX;
	if (count > 0)
		facts->san.items = ARENA_ARRAY(arena, (size_t)count, struct str);
	for (int i = 0; i < count; i++) {
		const char *text = general_name_text(arena, sk_GENERAL_NAME_value(names, i));

		if (text)
			facts->san.items[facts->san.count++] = str_of(text);
	}
	GENERAL_NAMES_free(names);
}

static int64_t floor_days(int64_t ns)
{
	int64_t day = DAY_SECONDS * NS_PER_S;

	return ns / day - (ns % day < 0);
}

void tls_facts_certificate(struct arena *arena, struct tls_facts *facts, X509 *leaf)
{
	if (!leaf)
		return;
	facts->subject = name_text(arena, X509_get_subject_name(leaf));
	facts->issuer = name_text(arena, X509_get_issuer_name(leaf));
	facts->not_before = time_ns(X509_get0_notBefore(leaf));
	facts->not_after = time_ns(X509_get0_notAfter(leaf));
	if (facts->not_after == INT64_MAX)
		facts->days_left = floor_days(INT64_MAX);
	else if (facts->not_after != TIME_NONE)
		facts->days_left = floor_days(facts->not_after - clock_wall());
	read_names(arena, facts, leaf);
}

void tls_facts_session(struct arena *arena, struct tls_facts *facts, const SSL *ssl)
{
	const unsigned char *alpn = NULL;
	unsigned len = 0;

	facts->version = arena_strdup(arena, SSL_get_version(ssl));
	facts->cipher = arena_strdup(arena, SSL_get_cipher_name(ssl));
	SSL_get0_alpn_selected(ssl, &alpn, &len);
	if (len)
		facts->alpn = arena_str(arena, (struct str){(const char *)alpn, len}).ptr;
}

void tls_facts_verdict(struct arena *arena, struct tls_facts *facts, int code)
{
	static const struct {
		int code;
		const char *name;
	} names[] = {
		{X509_V_ERR_CERT_HAS_EXPIRED, "expired"},
		{X509_V_ERR_CERT_NOT_YET_VALID, "not_yet_valid"},
		{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "self_signed"},
		{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "unknown_issuer"},
		{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "unknown_issuer"},
		{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "unknown_issuer"},
		{X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "unknown_issuer"},
		{X509_V_ERR_CERT_UNTRUSTED, "unknown_issuer"},
		{X509_V_ERR_HOSTNAME_MISMATCH, "wrong_host"},
		{X509_V_ERR_IP_ADDRESS_MISMATCH, "wrong_host"},
		{X509_V_ERR_CERT_REVOKED, "revoked"},
	};

	facts->verified = code == X509_V_OK;
	if (facts->verified)
		return;
	facts->verify_error = "other";
	facts->verify_text = arena_strdup(arena, X509_verify_cert_error_string(code));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].code == code)
			facts->verify_error = names[i].name;
}

static const char *day_text(struct arena *arena, int64_t wall)
{
	char text[36];

	if (wall == TIME_NONE)
		return "an unknown day";
	time_print_utc(wall, 0, text);
	return arena_printf(arena, "%.10s", text);
}

static const char *joined_names(struct arena *arena, const struct tls_facts *facts)
{
	const char *text = "";

	for (size_t i = 0; i < facts->san.count && i < 5; i++)
		text = arena_printf(
			arena, "%s%s%.*s", text, i ? ", " : "", STR_ARG(facts->san.items[i]));
	if (facts->san.count > 5)
		text = arena_printf(arena, "%s and %zu more", text, facts->san.count - 5);
	return *text ? text : facts->subject ? facts->subject : "nobody";
}

const char *tls_problem(struct arena *arena, const struct tls_facts *facts)
{
	struct str error = str_of(facts->verify_error);
	const char *issuer = facts->issuer ? facts->issuer : "nobody";

	if (facts->verified)
		return NULL;
	if (str_is(error, "expired"))
		return arena_printf(arena, "certificate expired on %s (%lld days ago)",
			day_text(arena, facts->not_after), -(long long)facts->days_left - 1);
	if (str_is(error, "not_yet_valid"))
		return arena_printf(arena, "certificate is not valid before %s",
			day_text(arena, facts->not_before));
	if (str_is(error, "self_signed"))
		return arena_printf(arena,
			"certificate '%s' is self-signed and not trusted (cacert names a CA file)",
			issuer);
	if (str_is(error, "unknown_issuer"))
		return arena_printf(arena,
			"certificate was issued by '%s', which is not trusted: %s", issuer,
			facts->verify_text);
	if (str_is(error, "wrong_host"))
		return arena_printf(arena, "certificate is for %s, not for '%s'",
			joined_names(arena, facts), facts->host);
	if (str_is(error, "revoked"))
		return arena_printf(arena, "certificate was revoked by '%s'", issuer);
	return arena_printf(arena, "certificate is not valid: %s",
		facts->verify_text ? facts->verify_text : "unknown reason");
}

static void set_text(struct arena *arena, struct value *object, const char *key, const char *text)
{
	if (text && *text)
		value_set(arena, object, str_of(key), value_text(text));
}

struct value tls_facts_value(struct arena *arena, const struct tls_facts *facts)
{
	struct value object = value_object(), san = value_array();

	set_text(arena, &object, "version", facts->version);
	set_text(arena, &object, "cipher", facts->cipher);
	set_text(arena, &object, "alpn", facts->alpn);
	set_text(arena, &object, "subject", facts->subject);
	set_text(arena, &object, "issuer", facts->issuer);
	for (size_t i = 0; i < facts->san.count; i++)
		value_push(arena, &san, value_string(facts->san.items[i]));
	value_set(arena, &object, STR("san"), san);
	if (facts->subject)
		value_set(arena, &object, STR("days_left"), value_integer(facts->days_left));
	value_set(arena, &object, STR("verified"), value_boolean(facts->verified));
	set_text(arena, &object, "verify_error", facts->verify_error);
	return object;
}

const char *tls_error_text(struct arena *arena)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	if (!reason && code)
		reason = strerror(ERR_GET_REASON(code));
	ERR_clear_error();
	return reason ? arena_strdup(arena, reason) : "unknown error";
}
