/* URLs: what is taken apart, what is refused and with which words, how paths join targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe/url.h"

static void test_parse(void **state)
{
	(void)state;
	static const struct {
		const char *text, *host, *path;
		unsigned port;
		bool tls;
	} cases[] = {
		{"http://h", "h", "/", 80, false},
		{"HTTPS://Example.COM:8443/a?b=c#d", "example.com", "/a?b=c", 8443, true},
		{"http://h?x=1", "h", "/?x=1", 80, false},
		{"wss://u:p@ss@[::1]:9/ws", "::1", "/ws", 9, true},
		{"tcp://db.internal:5432", "db.internal", "", 5432, false},
		{"grpcs://api/pkg.Service", "api", "/pkg.Service", 443, true},
		{"http://h/a?u=http://x:y@z/", "h", "/a?u=http://x:y@z/", 80, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *arena = arena_new();
		struct error err = {"none"};
		struct url url;

		if (url_parse(arena, str_of(cases[i].text), &url, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_true(str_is(url.host, cases[i].host));
		assert_true(str_is(url.path, cases[i].path));
		assert_int_equal(url.port, cases[i].port);
		assert_int_equal(url.tls, cases[i].tls);
		arena_free(arena);
	}
}

static void test_refuse(void **state)
{
	(void)state;
	static const struct {
		const char *text, *problem;
	} cases[] = {
		{"", "'' has no scheme, such as http://"},
		{"localhost:8080", "'localhost:8080' has no scheme, such as http://"},
		{"http://", "no host in 'http://'"},
		{"http://:80/", "no host in 'http://:80/'"},
		{"http://h:0", "port 0 is out of range (1 to 65535)"},
		{"http://h:70000", "port 70000 is out of range (1 to 65535)"},
		{"http://h:", "'' is not a port"},
		{"http://h:+80", "'+80' is not a port"},
		{"http://h:99999999999999999999", "'99999999999999999999' is not a port"},
		{"http://a b/", "blank in 'http://a b/', write %20"},
		{"http://h/\r\nX: y", "control character 0x0d in a URL"},
		{"http://::1/", "'::1' has several colons; write an IPv6 address in brackets"},
		{"http://[::1/", "'[::1' lacks a ']'"},
		{"http://[zz]/", "'[zz]' is not an IPv6 address"},
		{"http://[]/", "no host"},
		{"http://[::1]x/", "'x' follows the host"},
		{"http://a<b/", "'a<b' is not a host name"},
		{"http://a%62/", "'a%62' is not a host name"},
		{"ftp://h/",
			"unknown scheme 'ftp', known are http, https, ws, wss, tcp, tls, grpc, "
			"grpcs"},
		{"tcp://h", "no port in 'tcp://h'"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *arena = arena_new();
		struct error err = {"none"};
		struct url url;

		assert_int_equal(url_parse(arena, str_of(cases[i].text), &url, &err), -1);
		assert_string_equal(err.text, cases[i].problem);
		arena_free(arena);
	}
}

static void test_join(void **state)
{
	(void)state;
	static const struct {
		const char *target, *path;
		bool websocket;
		const char *joined; /* NULL: refused */
	} cases[] = {
		{"http://h/base", "/x", false, "http://h/base/x"},
		{"http://h/base/", "/x", false, "http://h/base/x"},
		{"http://h", "/x?y=1", false, "http://h/x?y=1"},
		{"http://h/b?q=1", "/x", false, "http://h/b/x"},
		{"http://h/b", "?q=1", false, "http://h/b?q=1"},
		{"http://h/b", "", false, "http://h/b"},
		{"http://h", "x", false, "http://h/x"},
		{"http://h", "/ws", true, "ws://h/ws"},
		{"https://u:p@h:8443", "/ws", true, "wss://u:p@h:8443/ws"},
		{"wss://h", "/x", false, "https://h/x"},
		{"http://h", "https://other/x", false, "https://other/x"},
		{"http://h", "https://other/x", true, "wss://other/x"},
		{"", "http://h/x", false, "http://h/x"},
		{"http://h", "/go?to=http://x/", false, "http://h/go?to=http://x/"},
		{"", "/x", false, NULL},
		{"tcp://h:1", "/x", false, NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *arena = arena_new();
		struct str out = STR("");
		int rc = url_join(arena, str_of(cases[i].target), str_of(cases[i].path),
			cases[i].websocket, &out, NULL);

		assert_int_equal(rc, cases[i].joined ? 0 : -1);
		if (cases[i].joined)
			assert_string_equal(out.ptr, cases[i].joined);
		arena_free(arena);
	}
}

static void test_addresses(void **state)
{
	(void)state;
	static const struct {
		const char *target, *address;
		unsigned fallback;
		const char *host; /* NULL: refused */
		unsigned port;
	} cases[] = {
		{"http://h:81", "db:5432", 0, "db", 5432},
		{"http://h:81", "[::1]:80", 0, "::1", 80},
		{"http://h:81", ":5432", 0, "h", 5432},
		{"http://h:81", "", 0, "h", 81},
		{"", "db", 443, "db", 443},
		{"", "tls://db", 0, "db", 443},
		{"http://h:81", "db", 0, NULL, 0},
		{"", ":80", 0, NULL, 0},
		{"", "::1:80", 0, NULL, 0},
		{"", "a b:80", 0, NULL, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *arena = arena_new();
		struct str host;
		unsigned port;
		int rc = address_join(arena, str_of(cases[i].target), str_of(cases[i].address),
			cases[i].fallback, &host, &port, NULL);

		assert_int_equal(rc, cases[i].host ? 0 : -1);
		if (cases[i].host) {
			assert_true(str_is(host, cases[i].host));
			assert_int_equal(port, cases[i].port);
		}
		arena_free(arena);
	}
}

static void test_small_helpers(void **state)
{
	(void)state;
	struct arena *arena = arena_new();

	assert_true(str_is(url_masked(arena, STR("http://u:p@q@h/x@y")), "http://***@h/x@y"));
	assert_true(str_is(url_masked(arena, STR("http://h/x@y")), "http://h/x@y"));
	assert_true(str_is(url_masked(arena, STR("db:5432")), "db:5432"));
	assert_true(url_same_origin(arena, STR("http://H/a"), STR("http://h:80/b")));
	assert_false(url_same_origin(arena, STR("http://h/"), STR("https://h/")));
	assert_false(url_same_origin(arena, STR("http://h/"), STR("http://h:81/")));
	assert_true(str_is(url_encode(arena, STR("a b/\xc3\xbc~")), "a%20b%2F%C3%BC~"));
	assert_true(str_is(url_add_query(arena, STR("/x"), STR("a"), STR("1&2")), "/x?a=1%262"));
	assert_true(str_is(url_add_query(arena, STR("/x?b#f"), STR("a"), STR("1")), "/x?b&a=1#f"));
	assert_true(host_is_loopback(STR("LOCALHOST.")));
	assert_true(host_is_loopback(STR("127.8.9.1")));
	assert_true(host_is_loopback(STR("::1")));
	assert_true(host_is_loopback(STR("app.localhost")));
	assert_false(host_is_loopback(STR("127.example.com")));
	assert_false(host_is_loopback(STR("10.0.0.1")));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_refuse),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_small_helpers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
