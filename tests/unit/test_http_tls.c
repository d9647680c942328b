/* HTTPS: certificates of every kind, client certificates, and TLS that is none. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cases.h"
#include "http_outcome.h"
#include "tls_peer.h"

static void serve_text(int fd, const char *request, const void *ctx)
{
	(void)request;
	peer_text(fd, ctx);
}

static struct tls_files files;

static void serve_tls_text(int fd, const char *request, const void *ctx)
{
	(void)fd;
	(void)request;
	tls_peer_text(ctx);
}

static const char ok_answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static void test_certificates(void **state)
{
	(void)state;
	const struct {
		struct certificate certificate;
		bool trusted, revocation, insecure;
		const char *error, *detail; /* NULL: all is well */
	} cases[] = {
		{{"127.0.0.1", -1, 31, 0}, true, false, false, NULL, NULL},
		{{"127.0.0.1", -1, 31, 0}, true, true, false, NULL, NULL},
		{{"127.0.0.1", -40, 31, 0}, true, false, false, "expired",
			"certificate expired on 20"},
		{{"127.0.0.1", 2, 31, 0}, true, false, false, "not_yet_valid",
			"certificate is not valid before 20"},
		{{"127.0.0.1", -1, 31, 1}, true, false, false, "self_signed", "is self-signed"},
		{{"127.0.0.1", -1, 31, 0}, false, false, false, "unknown_issuer",
			"certificate was issued by 'CN=Test CA', which is not trusted"},
		{{"other.example", -1, 31, 0}, true, false, false, "wrong_host",
			"certificate is for other.example, not for '127.0.0.1'"},
		{{"revoked", -1, 31, 0}, true, true, false, "revoked",
			"certificate was revoked by 'CN=Test CA'"},
		{{"other.example", -1, 31, 0}, true, false, true, "wrong_host", NULL},
		{{"127.0.0.1", -40, 31, 0}, true, false, true, "expired", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct peer peer;
		struct outcome o;
		struct connection c = {.insecure = cases[i].insecure};

		if (cases[i].trusted)
			c.cacert = str_of(cases[i].revocation ? files.crl : files.ca);
		if (cases[i].error && strcmp(cases[i].error, "revoked") == 0)
			c.server_name = STR("revoked");
		tls_peer_start(&peer, &cases[i].certificate, serve_tls_text, ok_answer, 0, 0);
		outcome_begin(&o);
		o.keep_tls = true;
		perform(&o, &(struct http_request){.url = str_of(peer.url), .connection = &c},
			time_limit(5 * NS_PER_S));
		if (cases[i].detail) {
			assert_int_equal(o.result.failure, FAILURE_TLS);
			if (!strstr(o.result.detail, cases[i].detail))
				fail_msg("%s", o.result.detail);
		} else {
			if (o.result.failure)
				fail_msg("%s", o.result.detail);
			assert_int_equal(o.result.status, 200);
			assert_string_equal(o.tls_version, "TLSv1.3");
			assert_true(o.result.timing.tls > 0);
		}
		assert_string_equal(o.tls_error, cases[i].error ? cases[i].error : "");
		outcome_end(&o);
		peer_stop(&peer);
	}
}

static void test_client_certificate(void **state)
{
	(void)state;
	struct certificate server = {"127.0.0.1", -1, 31, 0};

	for (int version = 0; version < 2; version++)
		for (int with = 0; with < 2; with++) {
			struct peer peer;
			struct outcome o;
			struct connection c = {.cacert = str_of(files.ca)};

			if (with)
				c.cert = str_of(files.client);
			tls_peer_start(&peer, &server, serve_tls_text, ok_answer, 1, version);
			outcome_begin(&o);
			perform(&o,
				&(struct http_request){.url = str_of(peer.url), .connection = &c},
				time_limit(5 * NS_PER_S));
			assert_int_equal(o.result.failure, with ? FAILURE_NONE : FAILURE_TLS);
			assert_int_equal(o.result.status, with ? 200 : 0);
			outcome_end(&o);
			peer_stop(&peer);
		}
}

static void test_tls_problems(void **state)
{
	(void)state;
	struct peer peer;
	struct outcome o;
	struct connection missing = {.cacert = STR("/no/such/ca.pem")};
	struct connection only13 = {.cacert = str_of(files.ca), .min_tls = TLS_1_3};
	struct certificate server = {"127.0.0.1", -1, 31, 0};

	peer_start(&peer, serve_text, "HTTP/1.1 400 Bad\r\n\r\n", 1);
	snprintf(peer.url, sizeof(peer.url), "https://127.0.0.1:%u/", peer.port);
	outcome_begin(&o);
	perform(&o, &(struct http_request){.url = str_of(peer.url)}, time_limit(5 * NS_PER_S));
	assert_int_equal(o.result.failure, FAILURE_TLS);
	assert_non_null(strstr(o.result.detail, "does not speak TLS"));
	perform(&o, &(struct http_request){.url = str_of(peer.url), .connection = &missing},
		time_limit(5 * NS_PER_S));
	assert_int_equal(o.result.failure, FAILURE_TLS);
	assert_string_equal(o.result.detail,
		"cannot read CA file '/no/such/ca.pem': No such file or directory");
	peer_stop(&peer);
	tls_peer_start(&peer, &server, serve_tls_text, ok_answer, 0, 1);
	perform(&o, &(struct http_request){.url = str_of(peer.url), .connection = &only13},
		time_limit(5 * NS_PER_S));
	assert_int_equal(o.result.failure, FAILURE_TLS);
	assert_non_null(strstr(o.result.detail, "protocol version"));
	outcome_end(&o);
	peer_stop(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_client_certificate),
		cmocka_unit_test(test_tls_problems),
	};

	signal(SIGPIPE, SIG_IGN);
	tls_files_make(&files);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	tls_files_remove(&files);
	return failed;
}
