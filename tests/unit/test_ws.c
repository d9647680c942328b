/* WebSockets against raw peers: every rule of RFC 6455 that a peer can break is a case with a name. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "fake_attempt.h"
#include "peer.h"
#include "tls_peer.h"

/* What a peer does after the handshake, as bytes. */
struct script {
	const char *extra;  /* headers of the 101 */
	const char *accept; /* NULL: the right one */
	const char *bytes;
	size_t len;
	int stay;    /* keeps the connection */
	int dribble; /* one byte at a time */
};

static void upgrade_text(const char *request, const struct script *s, char *out, size_t size)
{
	char key[128] = "", text[256];
	unsigned char digest[20], accept[64];
	const char *at = strstr(request, "Sec-WebSocket-Key: ");

	if (at)
		sscanf(at, "Sec-WebSocket-Key: %64s", key);
	snprintf(text, sizeof(text), "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	SHA1((const unsigned char *)text, strlen(text), digest);
	EVP_EncodeBlock(accept, digest, 20);
	snprintf(out, size,
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, "
		"Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s\r\n",
		s->accept ? s->accept : (char *)accept, s->extra ? s->extra : "");
}

static void drain(int fd)
{
	char bytes[4096];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
}

static void serve_script(int fd, const char *request, const void *ctx)
{
	const struct script *s = ctx;
	char text[1024];

	upgrade_text(request, s, text, sizeof(text));
	peer_text(fd, text);
	for (size_t i = 0; s->dribble && i < s->len; i++) {
		peer_send(fd, s->bytes + i, 1);
		usleep(500);
	}
	if (!s->dribble)
		peer_send(fd, s->bytes, s->len);
	if (s->stay)
		drain(fd);
}

static void serve_text(int fd, const char *request, const void *ctx)
{
	(void)request;
	peer_text(fd, ctx);
}

#define BYTES(text) .bytes = "" text, .len = sizeof(text) - 1

static void test_violations(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct script script;
		const char *detail;
	} cases[] = {
		{"wrong accept", {.accept = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", .bytes = "", .stay = 1},
			"wrong Sec-WebSocket-Accept: 'AAAAAAAAAAAAAAAAAAAAAAAAAAA='"},
		{"unrequested subprotocol",
			{.extra = "Sec-WebSocket-Protocol: x\r\n", .bytes = "", .stay = 1},
			"subprotocol 'x', which was not requested"},
		{"unoffered extension",
			{.extra = "Sec-WebSocket-Extensions: permessage-deflate\r\n",
				.bytes = "",
				.stay = 1},
			"extension 'permessage-deflate', none was offered"},
		{"masked frame", {BYTES("\x81\x82\x01\x02\x03\x04\x69\x6b"), .stay = 1},
			"masked frame from a server"},
		{"reserved bit", {BYTES("\xc1\x02hi"), .stay = 1},
			"frame with reserved bits (0x40), no extension was agreed"},
		{"reserved opcode", {BYTES("\x83\x02hi"), .stay = 1},
			"frame with the reserved opcode 3"},
		{"bad UTF-8", {BYTES("\x81\x02\xc3("), .stay = 1},
			"text message that is not UTF-8"},
		{"bad UTF-8 across fragments", {BYTES("\x01\x01\xc3\x80\x01("), .stay = 1},
			"text message that is not UTF-8"},
		{"UTF-8 cut at the end", {BYTES("\x81\x02\xe2\x82"), .stay = 1},
			"text message that is not UTF-8"},
		{"surrogate", {BYTES("\x81\x03\xed\xa0\x80"), .stay = 1},
			"text message that is not UTF-8"},
		{"long control frame", {BYTES("\x89\x7e\x00\x7e"), .stay = 1},
			"control frame of more than 125 bytes"},
		{"fragmented control frame", {BYTES("\x09\x01x"), .stay = 1},
			"fragmented control frame"},
		{"length 2^62", {BYTES("\x82\x7f\x40\0\0\0\0\0\0\0"), .stay = 1},
			"message exceeds 16 MiB (max_message)"},
		{"length 2^63", {BYTES("\x82\x7f\x80\0\0\0\0\0\0\0"), .stay = 1},
			"frame length with the highest bit set"},
		{"continuation of nothing", {BYTES("\x80\x01x"), .stay = 1},
			"continuation frame without a message"},
		{"message in a message", {BYTES("\x01\x01x\x81\x01y"), .stay = 1},
			"new message inside a fragmented one"},
		{"close 999", {BYTES("\x88\x02\x03\xe7"), .stay = 1},
			"close code 999, which may not be sent"},
		{"close 1005", {BYTES("\x88\x02\x03\xed"), .stay = 1},
			"close code 1005, which may not be sent"},
		{"close 1006", {BYTES("\x88\x02\x03\xee"), .stay = 1},
			"close code 1006, which may not be sent"},
		{"close 1015", {BYTES("\x88\x02\x03\xf7"), .stay = 1},
			"close code 1015, which may not be sent"},
		{"close 5000", {BYTES("\x88\x02\x13\x88"), .stay = 1},
			"close code 5000, which may not be sent"},
		{"half a close code", {BYTES("\x88\x01\x03"), .stay = 1},
			"close frame with half a code"},
		{"close reason no UTF-8", {BYTES("\x88\x03\x03\xe8\xff"), .stay = 1},
			"close reason that is not UTF-8"},
		{"end in a frame", {BYTES("\x81\x05he")},
			"the connection ended in the middle of a message"},
		{"end between fragments", {BYTES("\x01\x02he")},
			"the connection ended in the middle of a message"},
		{"good first, bad after", {BYTES("\x81\x02ok\xc1\x02hi"), .stay = 1},
			"frame with reserved bits (0x40), no extension was agreed"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (int dribble = 0; dribble < 2; dribble++) {
			struct peer peer;
			struct attempt a;
			struct script script = cases[i].script;
			int64_t before = clock_monotonic();

			script.dribble = dribble;
			peer_start(&peer, serve_script, &script, 0);
			fake_begin(&a, &step_websocket, "{path: /ws, dialog: [{expect: never}]}",
				peer.url);
			fake_run(&a, 20 * NS_PER_S);
			if (a.failure != FAILURE_PROTOCOL || !strstr(a.detail, cases[i].detail))
				fail_msg("%s: %d, %s", cases[i].name, (int)a.failure, a.detail);
			assert_string_equal(fake_fact(&a, "status"), "101");
			assert_true(clock_monotonic() - before < time_limit(10 * NS_PER_S));
			fake_end(&a);
			peer_stop(&peer);
		}
}

static void test_closes(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct script script;
		const char *dialog;
		enum failure failure;
		const char *detail, *code;
	} cases[] = {
		{"1000", {BYTES("\x88\x02\x03\xe8"), .stay = 1}, "[{expect: x}]", FAILURE_CHECK,
			"the peer closed with 1000 while waiting for x; no message came", "1000"},
		{"1012", {BYTES("\x88\x02\x03\xf4"), .stay = 1}, "[{expect: {close: 1012}}]",
			FAILURE_NONE, "", "1012"},
		{"1014", {BYTES("\x88\x02\x03\xf6"), .stay = 1}, "[{expect: {close: true}}]",
			FAILURE_NONE, "", "1014"},
		{"reason",
			{BYTES("\x81\x02hi\x88\x05\x0f\xa1"
			       "bad"),
				.stay = 1},
			"[{expect: x}]", FAILURE_CHECK,
			"the peer closed with 4001 'bad' while waiting for x; 1 message came, the "
			"last: hi",
			"4001"},
		{"no code", {BYTES("\x88\x00"), .stay = 1}, "[{hold: 1s}]", FAILURE_CHECK,
			"the peer closed without a code (1005) during hold", "1005"},
		{"lost", {.bytes = ""}, "[{hold: 1s}]", FAILURE_CHECK,
			"the connection was lost without a close (1006) during hold", "1006"},
		{"other code", {BYTES("\x88\x02\x03\xf0"), .stay = 1}, "[{expect: {close: 4001}}]",
			FAILURE_CHECK, "the peer closed with 1008 while waiting for close 4001",
			"1008"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct peer peer;
		struct attempt a;
		char body[256];

		snprintf(body, sizeof(body), "{path: /ws, dialog: %s}", cases[i].dialog);
		peer_start(&peer, serve_script, &cases[i].script, 0);
		fake_begin(&a, &step_websocket, body, peer.url);
		fake_run(&a, 3 * NS_PER_S);
		if (a.failure != cases[i].failure || !strstr(a.detail, cases[i].detail))
			fail_msg("%s: %d, %s", cases[i].name, (int)a.failure, a.detail);
		assert_string_equal(fake_fact(&a, "close_code"), cases[i].code);
		fake_end(&a);
		peer_stop(&peer);
	}
}

static void test_refusals(void **state)
{
	(void)state;
	static const struct {
		const char *answer, *status, *body;
		enum failure failure;
		const char *detail;
	} cases[] = {
		{"HTTP/1.1 403 Forbidden\r\nContent-Length: 12\r\n\r\nbad origin\r\nXX", "403",
			"bad origin\r\n", FAILURE_NONE, "bad origin"},
		{"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nno \r\n4\r\ntoken\r\n0"
		 "\r\n\r\n",
			"401", "no toke", FAILURE_NONE, "no toke"},
		{"HTTP/1.0 200 OK\r\n\r\nhello", "200", "hello", FAILURE_NONE,
			"a plain HTTP answer: what answers here, or a proxy before it, does not "
			"upgrade"},
		{"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n", "302", "",
			FAILURE_NONE, "redirected to '/login', which a WebSocket does not follow"},
		{"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 426 Upgrade\r\nContent-Length: 0\r\n\r\n",
			"426", "", FAILURE_NONE, ""},
		{"SSH-2.0-x\r\n", "", "", FAILURE_PROTOCOL,
			"the answer to the handshake is not HTTP/1.1"},
		{"", "", "", FAILURE_PROTOCOL,
			"the peer closed without an answer to the handshake"},
		{"HTTP/1.1 101 X\r\n", "", "", FAILURE_PROTOCOL,
			"the peer closed within the answer to the handshake"},
		{"HTTP/1.1 101 X\r\n\r\n", "101", "", FAILURE_PROTOCOL,
			"101 without 'Upgrade: websocket'"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct peer peer;
		struct attempt a;

		peer_start(&peer, serve_text, cases[i].answer, 0);
		fake_begin(&a, &step_websocket, "/ws", peer.url);
		fake_run(&a, 3 * NS_PER_S);
		if (a.failure != cases[i].failure || strcmp(a.detail, cases[i].detail) != 0)
			fail_msg("%zu: %d, %s", i, (int)a.failure, a.detail);
		assert_string_equal(fake_fact(&a, "status"), cases[i].status);
		assert_string_equal(fake_fact(&a, "body"), cases[i].body);
		fake_end(&a);
		peer_stop(&peer);
	}
}

static void test_dialogs(void **state)
{
	(void)state;
	static const struct {
		const char *name, *dialog;
		enum failure failure;
		const char *detail;
	} cases[] = {
		{"skips", "[{expect: {json: {$.type: done}}}]", FAILURE_NONE, ""},
		{"strict", "[{expect: {json: {$.type: done}, strict: true}}]", FAILURE_CHECK,
			"got {\"type\":\"start\"}"},
		{"in any order",
			"[{expect_all: {within: 1s, messages: [{json: {$.type: done}}, {text: "
			"{contains: start}}, {binary: {exists: true}}]}}]",
			FAILURE_NONE, ""},
		{"one after the other",
			"[{expect: {json: {$.type: start}}}, {expect: {json: {$.type: done}}}]",
			FAILURE_NONE, ""},
		{"never", "[{expect: {json: {$.type: never}, within: 200ms}}]", FAILURE_TIMEOUT,
			"within 200ms; 3 messages came, the last: {\"type\":\"done\"}"},
		{"one lacks",
			"[{expect_all: {within: 200ms, messages: [{text: nope}, {text: {contains: "
			"start}}]}}]",
			FAILURE_TIMEOUT, "nothing that fits {\"text\":\"nope\"} within 200ms"},
		{"no pong", "[{send: {ping: x}}, {expect: {pong: x, within: 200ms}}]",
			FAILURE_TIMEOUT, "nothing that fits a pong within 200ms"},
	};
	static const struct script script = {
		BYTES("\x01\x08{\"type\":\x80\x08\"start\"}"
		      "\x82\x03\x00\x01\x02\x81\x0f{\"type\":\"done\"}"),
		.stay = 1};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct peer peer;
		struct attempt a;
		char body[512];

		snprintf(body, sizeof(body), "{path: /ws, dialog: %s}", cases[i].dialog);
		peer_start(&peer, serve_script, &script, 0);
		fake_begin(&a, &step_websocket, body, peer.url);
		fake_run(&a, 2500 * NS_PER_MS);
		if (a.failure != cases[i].failure || !strstr(a.detail, cases[i].detail))
			fail_msg("%s: %d, %s", cases[i].name, (int)a.failure, a.detail);
		fake_end(&a);
		peer_stop(&peer);
	}
}

static void test_handshake_request(void **state)
{
	(void)state;
	static const struct script script = {.extra = "Sec-WebSocket-Protocol: b\r\n",
		.bytes = "\x88\x02\x03\xe8",
		.len = 4,
		.stay = 1};
	struct peer peer;
	struct attempt a;
	char request[4096];
	struct pair header = {STR("X-A"), STR("1")}, auth = {STR("Authorization"), STR("Bearer t")};
	struct str protocol = STR("jwt.abc");
	struct pair query = {STR("token"), STR("q")};

	peer_start(&peer, serve_script, &script, 0);
	fake_begin(&a, &step_websocket,
		"{path: /chat, origin: 'https://app.example', subprotocols: [b, c]}", peer.url);
	a.headers = (struct pairs){&header, 1};
	a.credential.headers = (struct pairs){&auth, 1};
	a.credential.query = (struct pairs){&query, 1};
	a.credential.subprotocols = (struct strs){&protocol, 1};
	fake_run(&a, 3 * NS_PER_S);
	assert_int_equal(a.failure, FAILURE_NONE);
	assert_string_equal(fake_fact(&a, "subprotocol"), "b");
	peer_request(&peer, request, sizeof(request));
	assert_non_null(strstr(request, "GET /chat?token=q HTTP/1.1\r\nHost: 127.0.0.1:"));
	assert_non_null(strstr(request, "Sec-WebSocket-Protocol: jwt.abc, b, c\r\n"));
	assert_non_null(strstr(request, "Origin: https://app.example\r\n"));
	assert_non_null(strstr(request, "X-A: 1\r\nAuthorization: Bearer t\r\n"));
	fake_end(&a);
	peer_stop(&peer);
}

static void serve_silence(int fd, const char *request, const void *ctx)
{
	(void)request;
	(void)ctx;
	drain(fd);
	sleep(30);
}

static void serve_flood(int fd, const char *request, const void *ctx)
{
	static char block[65536];
	char text[1024];
	struct script script = {.bytes = ""};

	(void)ctx;
	upgrade_text(request, &script, text, sizeof(text));
	peer_text(fd, text);
	for (size_t i = 0; i + 4 <= sizeof(block); i += 4)
		memcpy(block + i, "\x81\x02hi", 4);
	for (;;)
		if (write(fd, block, sizeof(block)) <= 0)
			return;
}

static void test_nothing_outlives_its_time(void **state)
{
	(void)state;
	static const struct script half = {BYTES("\x81\x7e\x10\x00half"), .stay = 1};
	static const struct {
		peer_serve *serve;
		const void *ctx;
		const char *body;
	} cases[] = {
		{serve_silence, NULL, "/ws"},
		{serve_text, "HTTP/1.1 101 Switching", "{path: /ws, dialog: [{hold: 1ms}]}"},
		{serve_flood, NULL, "{path: /ws, dialog: [{expect: never}]}"},
		{serve_script, &half, "{path: /ws, dialog: [{expect: never}]}"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct peer peer;
		struct attempt a;
		int64_t before = clock_monotonic();

		peer_start(&peer, cases[i].serve, cases[i].ctx, 0);
		fake_begin(&a, &step_websocket, cases[i].body, peer.url);
		fake_run(&a, 300 * NS_PER_MS);
		assert_true(clock_monotonic() - before < time_limit(500 * NS_PER_MS));
		assert_int_equal(a.failure, i == 1 ? FAILURE_PROTOCOL : FAILURE_TIMEOUT);
		fake_end(&a);
		peer_stop(&peer);
	}
}

static void test_settle(void **state)
{
	(void)state;
	static const struct {
		struct script script;
		const char *code;
	} cases[] = {
		{{BYTES("\x81\x05"
			"error\x88\x02\x03\xf0"),
			 .stay = 1},
			"1008"},
		{{.bytes = "", .stay = 1}, ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct peer peer;
		struct attempt a;

		peer_start(&peer, serve_script, &cases[i].script, 0);
		fake_begin(&a, &step_websocket, "/ws", peer.url);
		a.settle = 150 * NS_PER_MS;
		fake_run(&a, 3 * NS_PER_S);
		assert_int_equal(a.failure, FAILURE_NONE);
		assert_string_equal(fake_fact(&a, "status"), "101");
		assert_string_equal(fake_fact(&a, "close_code"), cases[i].code);
		fake_end(&a);
		peer_stop(&peer);
	}
}

/* TLS and refusals of certificates reach the step as they do for HTTP. */
static void serve_tls_script(int fd, const char *request, const void *ctx)
{
	char text[1024];

	(void)fd;
	upgrade_text(request, ctx, text, sizeof(text));
	tls_peer_text(text);
	tls_peer_text("\x81\x02hi");
	sleep(3);
}

static void test_wss(void **state)
{
	(void)state;
	static const struct script script = {.bytes = ""};
	const struct certificate certificates[] = {
		{"127.0.0.1", -1, 31, 0}, {"other.example", -1, 31, 0}};
	struct tls_files files;

	tls_files_make(&files);
	for (size_t i = 0; i < 2; i++) {
		struct peer peer;
		struct attempt a;

		tls_peer_start(&peer, &certificates[i], serve_tls_script, &script, 0, 0);
		fake_begin(&a, &step_websocket,
			"{path: /ws, dialog: [{expect: hi}, {expect: {pong: true, within: 50ms}}]}",
			peer.url);
		a.connection.cacert = str_of(files.ca);
		fake_run(&a, 3 * NS_PER_S);
		assert_int_equal(a.failure, i ? FAILURE_TLS : FAILURE_TIMEOUT);
		if (i)
			assert_string_equal(
				a.detail, "certificate is for other.example, not for '127.0.0.1'");
		assert_string_equal(fake_fact(&a, "tls.verified"), i ? "false" : "true");
		fake_end(&a);
		peer_stop(&peer);
	}
	tls_files_remove(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_violations),
		cmocka_unit_test(test_closes),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_dialogs),
		cmocka_unit_test(test_handshake_request),
		cmocka_unit_test(test_nothing_outlives_its_time),
		cmocka_unit_test(test_settle),
		cmocka_unit_test(test_wss),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
