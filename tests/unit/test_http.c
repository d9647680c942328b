/* HTTP against well and badly behaved peers: what is recorded, which failure, in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <zlib.h>

#include <cmocka.h>

#include "cases.h"
#include "http_outcome.h"
#include "peer.h"

static struct str header(const struct outcome *o, const char *name)
{
	for (size_t i = 0; i < o->result.headers.count; i++)
		if (str_is_nocase(o->result.headers.items[i].name, name))
			return o->result.headers.items[i].value;
	return STR("");
}

static void serve_text(int fd, const char *request, const void *ctx)
{
	(void)request;
	peer_text(fd, ctx);
}

/* Answers of one piece, and what they are taken for. */
static void test_answers(void **state)
{
	(void)state;
	static const struct {
		const char *name, *answer;
		enum failure failure;
		const char *detail;
		int64_t status;
		const char *body;
	} cases[] = {
		{"plain", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", FAILURE_NONE, NULL, 200,
			"hi"},
		{"until close", "HTTP/1.0 503 Busy\r\n\r\nlater", FAILURE_NONE, NULL, 503, "later"},
		{"chunked with trailer",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n"
			"X-T: 1\r\n\r\n",
			FAILURE_NONE, NULL, 200, "hi"},
		{"informational first",
			"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No\r\n\r\n",
			FAILURE_NONE, NULL, 204, ""},
		{"no answer", "", FAILURE_PROTOCOL, "peer closed without an answer", 0, ""},
		{"short body", "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n0123456789",
			FAILURE_PROTOCOL, "peer closed after 10 of 200 bytes", 200, "0123456789"},
		{"chunk cut", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi",
			FAILURE_PROTOCOL, "peer closed after 2 bytes of an unfinished body", 200,
			"hi"},
		{"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhi\r\n",
			FAILURE_PROTOCOL, NULL, 200, ""},
		{"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n", FAILURE_PROTOCOL,
			"received HTTP/0.9 when not allowed", 0, ""},
		{"negative length", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhi",
			FAILURE_PROTOCOL, NULL, 200, NULL},
		{"unknown encoding",
			"HTTP/1.1 200 OK\r\nContent-Encoding: zz\r\nContent-Length: 2\r\n\r\nhi",
			FAILURE_PROTOCOL, NULL, 200, NULL},
		{"gzip that is none",
			"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi",
			FAILURE_PROTOCOL, NULL, 200, NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct peer peer;
		struct outcome o;

		peer_start(&peer, serve_text, cases[i].answer, 0);
		outcome_begin(&o);
		perform(&o, &(struct http_request){.url = str_of(peer.url)}, 5 * NS_PER_S);
		if (o.result.failure != cases[i].failure)
			fail_msg("%s: %d, %s", cases[i].name, (int)o.result.failure,
				o.result.detail);
		if (cases[i].failure == FAILURE_NONE)
			assert_null(o.result.detail);
		else if (cases[i].detail)
			assert_string_equal(o.result.detail, cases[i].detail);
		else
			print_message("%s: %s\n", cases[i].name, o.result.detail);
		assert_int_equal(o.result.status, cases[i].status);
		if (cases[i].body)
			assert_string_equal(o.result.body.ptr, cases[i].body);
		outcome_end(&o);
		peer_stop(&peer);
	}
}

static void serve_flood(int fd, const char *request, const void *ctx)
{
	(void)request;
	peer_text(fd, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 200000; i++)
		peer_text(fd, ctx);
}

static void serve_chunks(int fd, const char *request, const void *ctx)
{
	static char block[65536 + 16];
	int n = snprintf(block, sizeof(block), "10000\r\n");

	(void)request;
	(void)ctx;
	memset(block + n, 'x', 65536);
	memcpy(block + n + 65536, "\r\n", 2);
	peer_text(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 4000; i++)
		peer_send(fd, block, (size_t)n + 65536 + 2);
}

static void serve_reset(int fd, const char *request, const void *ctx)
{
	(void)request;
	peer_text(fd, ctx);
	usleep(20000);
	peer_reset(fd);
}

/* The address sanitizer and valgrind keep freed memory, there the figure means nothing. */
static long peak_kib(void)
{
#ifdef __SANITIZE_ADDRESS__
	return 0;
#endif
	if (RUNNING_ON_VALGRIND)
		return 0;
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* Peers that never stop are stopped at the bounds, in bounded memory. */
static void test_bounds(void **state)
{
	(void)state;
	static const struct {
		peer_serve *serve;
		const char *text, *detail;
	} cases[] = {
		{serve_flood,
			"X-Flood: 01234567890123456789012345678901234567890123456789"
			"01234567890123456789\r\n",
			"headers exceed 256 KiB"},
		{serve_flood, "X: y\r\n", "headers exceed 4096 lines"},
		{serve_chunks, NULL, "body exceeds 16 MiB (max_body)"},
	};
	long before = peak_kib();

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct peer peer;
		struct outcome o;

		peer_start(&peer, cases[i].serve, cases[i].text, 0);
		outcome_begin(&o);
		perform(&o, &(struct http_request){.url = str_of(peer.url)},
			time_limit(10 * NS_PER_S));
		assert_int_equal(o.result.failure, FAILURE_PROTOCOL);
		assert_string_equal(o.result.detail, cases[i].detail);
		assert_int_equal(o.result.status, 200);
		outcome_end(&o);
		peer_stop(&peer);
	}
	assert_true(peak_kib() - before < 64 * 1024);
}

/* 64 MiB of zeroes in 64 KiB of gzip. */
static void serve_bomb(int fd, const char *request, const void *ctx)
{
	static unsigned char in[1 << 20], out[1 << 20];
	z_stream z = {0};
	char head[128];

	(void)request;
	(void)ctx;
	deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
	z.next_out = out;
	z.avail_out = sizeof(out);
	for (int i = 0; i < 64; i++) {
		z.next_in = in;
		z.avail_in = sizeof(in);
		deflate(&z, i == 63 ? Z_FINISH : Z_NO_FLUSH);
	}
	snprintf(head, sizeof(head),
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %lu\r\n\r\n",
		z.total_out);
	peer_text(fd, head);
	peer_send(fd, out, z.total_out);
	deflateEnd(&z);
}

static void test_gzip_bomb(void **state)
{
	(void)state;
	struct peer peer;
	struct outcome o;
	long before = peak_kib();

	peer_start(&peer, serve_bomb, NULL, 0);
	outcome_begin(&o);
	perform(&o, &(struct http_request){.url = str_of(peer.url), .max_body = 1 << 20},
		time_limit(10 * NS_PER_S));
	assert_int_equal(o.result.failure, FAILURE_PROTOCOL);
	assert_string_equal(o.result.detail, "body exceeds 1 MiB (max_body)");
	assert_true(o.result.body.len <= 1 << 20);
	assert_true(peak_kib() - before < 16 * 1024);
	outcome_end(&o);
	peer_stop(&peer);
}

static void test_reset(void **state)
{
	(void)state;
	static const struct {
		const char *text, *detail;
	} cases[] = {
		{"", "connection reset by the peer without an answer"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123",
			"connection reset by the peer after 3 of 9 bytes"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct peer peer;
		struct outcome o;

		peer_start(&peer, serve_reset, cases[i].text, 0);
		outcome_begin(&o);
		perform(&o, &(struct http_request){.url = str_of(peer.url)}, 5 * NS_PER_S);
		assert_int_equal(o.result.failure, FAILURE_PROTOCOL);
		assert_string_equal(o.result.detail, cases[i].detail);
		outcome_end(&o);
		peer_stop(&peer);
	}
}

static void serve_slowly(int fd, const char *request, const void *ctx)
{
	(void)request;
	peer_text(fd, ctx);
	sleep(30);
}

/* What had come when the time was up is kept. */
static void test_partial(void **state)
{
	(void)state;
	struct peer peer;
	struct outcome o;
	int64_t before = clock_monotonic();

	peer_start(&peer, serve_slowly,
		"HTTP/1.1 503 Busy\r\nX-A: b\r\nContent-Length: 9\r\n\r\n123", 0);
	outcome_begin(&o);
	perform(&o, &(struct http_request){.url = str_of(peer.url)}, 200 * NS_PER_MS);
	assert_true(clock_monotonic() - before < 400 * NS_PER_MS);
	assert_int_equal(o.result.failure, FAILURE_TIMEOUT);
	assert_int_equal(o.result.status, 503);
	assert_string_equal(o.result.body.ptr, "123");
	assert_true(str_is(header(&o, "x-a"), "b"));
	assert_true(o.result.timing.first_byte >= 0);
	assert_string_equal(o.result.remote_ip.ptr, "127.0.0.1");
	outcome_end(&o);
	peer_stop(&peer);
}

static void test_refused(void **state)
{
	(void)state;
	struct outcome o;
	unsigned port = peer_closed_port();
	char url[64], detail[128];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", port);
	snprintf(detail, sizeof(detail), "connection refused by 127.0.0.1:%u", port);
	outcome_begin(&o);
	perform(&o, &(struct http_request){.url = str_of(url)}, 5 * NS_PER_S);
	assert_int_equal(o.result.failure, FAILURE_CONNECT);
	assert_string_equal(o.result.detail, detail);
	assert_int_equal(o.result.status, 0);
	assert_true(o.result.timing.connect == TIME_NONE);
	outcome_end(&o);
}

static void test_bad_requests(void **state)
{
	(void)state;
	struct pair name = {STR("a b"), STR("c")}, value = {STR("a"), STR("b\r\nX: y")};
	const struct {
		struct http_request request;
		const char *detail;
	} cases[] = {
		{{.url = STR("http://127.0.0.1:1/"), .headers = {&name, 1}},
			"'a b' is not a header name"},
		{{.url = STR("http://127.0.0.1:1/"), .headers = {&value, 1}},
			"the value of header 'a' holds a line break or NUL"},
		{{.url = STR("http://127.0.0.1:1/"), .method = STR("GE T")},
			"'GE T' is not a method"},
		{{.url = STR("ws://127.0.0.1:1/")}, "'ws://127.0.0.1:1/' is not an HTTP URL"},
		{{.url = STR("http://127.0.0.1:99999/")},
			"port 99999 is out of range (1 to 65535)"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct outcome o;

		outcome_begin(&o);
		perform(&o, &cases[i].request, 5 * NS_PER_S);
		assert_int_equal(o.result.failure, FAILURE_INTERNAL);
		assert_string_equal(o.result.detail, cases[i].detail);
		outcome_end(&o);
	}
}

/* ctx is where to; a request for /end is answered. */
static void serve_redirect(int fd, const char *request, const void *ctx)
{
	char text[256];

	if (strstr(request, "/end"))
		peer_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend");
	else {
		snprintf(text, sizeof(text),
			"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
			(const char *)ctx);
		peer_text(fd, text);
	}
}

static void test_redirects(void **state)
{
	(void)state;
	static const struct {
		const char *to;
		int64_t follow, status, redirects;
		const char *detail;
	} cases[] = {
		{"/end", 0, 302, 0, NULL},
		{"/end", 1, 200, 1, NULL},
		{"end", 1, 200, 1, NULL},
		{"file:///etc/passwd", 5, 302, 0,
			"redirected to 'file:///etc/passwd', which is not a URL"},
		{"http://", 5, 302, 0, "redirected to 'http://', which is not a URL"},
		{"/again", 3, 302, 3, "more than 3 redirects"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct peer peer;
		struct outcome o;

		peer_start(&peer, serve_redirect, cases[i].to, 0);
		outcome_begin(&o);
		perform(&o,
			&(struct http_request){.url = str_of(peer.url), .follow = cases[i].follow},
			5 * NS_PER_S);
		assert_int_equal(o.result.status, cases[i].status);
		assert_int_equal(o.result.redirects, cases[i].redirects);
		if (cases[i].detail) {
			assert_int_equal(o.result.failure, FAILURE_PROTOCOL);
			assert_non_null(strstr(o.result.detail, cases[i].detail));
		} else {
			assert_int_equal(o.result.failure, FAILURE_NONE);
		}
		outcome_end(&o);
		peer_stop(&peer);
	}
}

/* Credentials of any kind stay with their origin; a POST becomes a GET. */
static void test_redirect_drops_credentials(void **state)
{
	(void)state;
	struct peer first, second;
	struct outcome o;
	char to[128], request[4096];
	struct pair headers[] = {{STR("X-Keep"), STR("1")}, {STR("Content-Type"), STR("a/b")}};
	struct pair credentials[] = {{STR("X-Api-Key"), STR("s3cret")},
		{STR("Authorization"), STR("Bearer s3cret")}, {STR("Cookie"), STR("t=s3cret")}};

	peer_start(&second, serve_redirect, "", 0);
	snprintf(to, sizeof(to), "%send", second.url);
	peer_start(&first, serve_redirect, to, 0);
	outcome_begin(&o);
	perform(&o,
		&(struct http_request){.url = str_of(first.url),
			.method = STR("POST"),
			.body = STR("data"),
			.has_body = true,
			.headers = {headers, 2},
			.credentials = {credentials, 3},
			.follow = 5},
		5 * NS_PER_S);
	assert_int_equal(o.result.status, 200);
	peer_request(&first, request, sizeof(request));
	assert_non_null(strstr(request, "POST / HTTP/1.1"));
	assert_non_null(strstr(request, "X-Api-Key: s3cret"));
	assert_non_null(strstr(request, "Cookie: t=s3cret"));
	peer_request(&second, request, sizeof(request));
	assert_non_null(strstr(request, "GET /end HTTP/1.1"));
	assert_non_null(strstr(request, "X-Keep: 1"));
	assert_null(strstr(request, "s3cret"));
	assert_null(strstr(request, "Content-Type"));
	outcome_end(&o);
	peer_stop(&first);
	peer_stop(&second);
}

static void test_cookies_are_kept(void **state)
{
	(void)state;
	struct peer peer;
	struct outcome o;
	char request[4096];

	peer_start(&peer, serve_text,
		"HTTP/1.1 200 OK\r\nSet-Cookie: sid=abc; HttpOnly\r\n"
		"Set-Cookie: far=1; Path=/far\r\nContent-Length: 0\r\n\r\n",
		0);
	outcome_begin(&o);
	struct http_session *session = http_session_new(o.loop);

	for (int i = 0; i < 2; i++)
		perform(&o, &(struct http_request){.url = str_of(peer.url), .session = session},
			5 * NS_PER_S);
	assert_int_equal(o.result.cookies.count, 1);
	assert_true(str_is(o.result.cookies.items[0].name, "sid"));
	assert_true(str_is(o.result.cookies.items[0].value, "abc"));
	peer_request(&peer, request, sizeof(request));
	assert_null(strstr(request, "Cookie:"));
	peer_request(&peer, request, sizeof(request));
	assert_non_null(strstr(request, "Cookie: sid=abc\r\n"));
	http_session_free(session);
	outcome_end(&o);
	peer_stop(&peer);
}

/* Names lead where the connection says; the next transfer knows nothing of it. */
static void test_routes(void **state)
{
	(void)state;
	struct peer peer;
	struct outcome o;
	char request[4096], resolve[2][96], connect_to[96];
	unsigned closed = peer_closed_port();

	peer_start(&peer, serve_text, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0);
	snprintf(resolve[0], sizeof(resolve[0]), "api.invalid:%u:127.0.0.1", peer.port);
	snprintf(resolve[1], sizeof(resolve[1]), "api.invalid:%u:127.1.2.3,127.0.0.1", closed);
	snprintf(connect_to, sizeof(connect_to), "api.invalid:80:127.0.0.1:%u", peer.port);
	struct str item = str_of(resolve[0]), to = str_of(connect_to);
	struct connection by_resolve = {.resolve = {&item, 1}},
			  by_connect = {.connect_to = {&to, 1}};
	char url[64];

	snprintf(url, sizeof(url), "http://api.invalid:%u/", peer.port);
	outcome_begin(&o);
	perform(&o, &(struct http_request){.url = str_of(url), .connection = &by_resolve},
		5 * NS_PER_S);
	assert_int_equal(o.result.status, 200);
	peer_request(&peer, request, sizeof(request));
	assert_non_null(strstr(request, "Host: api.invalid:"));
	perform(&o, &(struct http_request){.url = str_of(url)}, NS_PER_S);
	assert_int_equal(o.result.status, 0);
	perform(&o,
		&(struct http_request){
			.url = STR("http://api.invalid/"), .connection = &by_connect},
		5 * NS_PER_S);
	assert_int_equal(o.result.status, 200);
	outcome_end(&o);
	peer_stop(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_gzip_bomb),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bad_requests),
		cmocka_unit_test(test_redirects),
		cmocka_unit_test(test_redirect_drops_credentials),
		cmocka_unit_test(test_cookies_are_kept),
		cmocka_unit_test(test_routes),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
