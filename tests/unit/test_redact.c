/* redact: every encoding and alignment of a secret disappears, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "probe/json.h"
#include "probe/redact.h"

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct redactor *redactor_of(const char *const *secrets)
{
	struct redactor *r = redactor_new();

	for (; *secrets; secrets++)
		redactor_add(r, str_of(*secrets));
	return r;
}

#define REDACTOR(...) redactor_of((const char *const[]){__VA_ARGS__, NULL})

static void assert_shown(struct redactor *r, const char *text, const char *shown)
{
	assert_string_equal(redact_text(r, arena, text), shown);
	redactor_free(r);
}

static void test_raw(void **state)
{
	(void)state;
	assert_shown(REDACTOR("hunter22"), "pw=hunter22&x", "pw=***&x");
	assert_shown(REDACTOR("hunter22"), "hunter22 hunter2", "*** hunter2");
	assert_shown(REDACTOR("hunter22"), "hunter22hunter22", "***");
	assert_shown(REDACTOR("abcd", "cdef", "bcde"), "xabcdefx", "x***x");
	assert_shown(REDACTOR("she sells", "sells"), "she sells, he sells", "***, he ***");
	assert_shown(REDACTOR("ushers", "hers!"), "ushershers!", "***");
	assert_shown(REDACTOR("p\xC3\xA4ss"), "p\xC3\xA4ss pass", "*** pass");
}

static void test_same_slice_without_secrets(void **state)
{
	(void)state;
	const char *text = "nothing \\n %20 here";
	struct redactor *r = REDACTOR("hunter22");

	assert_ptr_equal(redact_text(r, arena, text), text);
	assert_ptr_equal(redact_text(NULL, arena, text), text);
	assert_null(redact_text(r, arena, NULL));
	redactor_free(r);
	redactor_free(NULL);
}

static void test_short_only_as_a_whole(void **state)
{
	(void)state;
	struct redactor *r = redactor_new();

	assert_false(redactor_add(r, STR("abc")));
	assert_false(redactor_add(r, STR("\xE2\x82\xAC\xE2\x82\xAC")));
	assert_true(redactor_add(r, STR("abcd")));
	assert_true(redactor_add(r, STR("")));
	assert_string_equal(redact_text(r, arena, "abc"), "***");
	assert_string_equal(redact_text(r, arena, "\\u20ac%e2%82%ac"), "***");
	assert_string_equal(redact_text(r, arena, "YWJj"), "***");
	assert_string_equal(redact_text(r, arena, "abcx abc"), "abcx abc");
	redactor_free(r);
}

static void test_json_escapes(void **state)
{
	(void)state;
	assert_shown(REDACTOR("a\"b\\c/d"), "{\"p\":\"a\\\"b\\\\c\\/d\"}", "{\"p\":\"***\"}");
	assert_shown(REDACTOR("a\"b\\c/d"), "a\\u0022b\\u005Cc\\u002fd.", "***.");
	assert_shown(REDACTOR("p\xC3\xA4ss"), "p\\u00e4ss p\\u00E4ss", "*** ***");
	assert_shown(REDACTOR("k\xF0\x9F\x94\x91key"), "k\\ud83d\\uDD11key", "***");
	assert_shown(REDACTOR("a<b>&c"), "a\\u003cb\\u003e\\u0026c", "***");
	assert_shown(REDACTOR("one\ntwo"), "say one\\ntwo, one\\u000atwo", "say ***, ***");
	/* JSON in a string of JSON, as log agents wrap it. */
	assert_shown(REDACTOR("a\"b\\c"), "\"{\\\"p\\\":\\\"a\\\\\\\"b\\\\\\\\c\\\"}\"",
		"\"{\\\"p\\\":\\\"***\\\"}\"");
	/* Python's repr. */
	assert_shown(REDACTOR("it's \xC3\xA4"), "b'it\\'s \\xc3\\xa4'", "b'***'");
}

static void test_percent(void **state)
{
	(void)state;
	assert_shown(REDACTOR("a b/c?d"), "q=a%20b%2fc%3Fd&x", "q=***&x");
	assert_shown(REDACTOR("a b/c?d"), "q=a+b/c%3fd&x", "q=***&x");
	assert_shown(REDACTOR("a+b c"), "a+b%20c a%2Bb+c", "*** ***");
	assert_shown(REDACTOR("hunter22"), "%68unter%32%32", "***");
	assert_shown(
		REDACTOR("p@ss/w"), "to=%2Flogin%3Fp%3Dp%2540ss%252Fw", "to=%2Flogin%3Fp%3D***");
	assert_shown(REDACTOR("p@ss/w"), "\"http:\\/\\/h\\/?p=p%40ss\\/w\"",
		"\"http:\\/\\/h\\/?p=***\"");
}

static struct str base64(const char *alphabet, bool pad, struct str s)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < s.len; i += 3) {
		unsigned group = 0;

		for (size_t k = 0; k < 3; k++)
			group = group << 8 | (i + k < s.len ? (unsigned char)s.ptr[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			if (i + k <= s.len)
				buf_add_char(&b, alphabet[group >> (18 - 6 * k) & 63]);
			else if (pad)
				buf_add_char(&b, '=');
	}
	struct str copy = arena_str(arena, buf_str(&b));

	buf_release(&b);
	return copy;
}

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void test_base64_known(void **state)
{
	(void)state;
	assert_shown(REDACTOR("hunter22"), "x aHVudGVyMjI= y", "x *** y");
	assert_shown(REDACTOR("hunter22"), "aHVudGVyMjI", "***");
	/* {"password":"hunter22"} */
	assert_shown(REDACTOR("hunter22"),
		"eyJwYXNzd29yZCI6Imh1bnRlcjIyIn0=", "eyJwYXNzd29yZCI6I***In0=");
	/* Basic, and inside JSON or a URL. */
	assert_shown(REDACTOR("user:hunter22"), "Basic dXNlcjpodW50ZXIyMg==", "Basic ***");
	assert_shown(REDACTOR("hunter22"), "t=aHVudGVyMjI%3D&", "t=***&");
	assert_shown(REDACTOR("\xFF\xFE\xFD\xFC\xFB\xFA"), "\"\\/\\/79\\/Pv6\"", "\"***\"");
}

/* Text outside of A-Z so that no part of it appears by chance in what surrounds it. */
static struct str random_secret(unsigned *seed)
{
	static const char any[] = "abcdefghijklmnop0123456789 \"\\/+&%<>\n\t~\xC3\xA4\xE2\x82\xAC";
	size_t len = 6 + (size_t)rand_r(seed) % 60;
	char *out = arena_alloc(arena, len + 1);

	for (size_t i = 0; i < len; i++)
		out[i] = any[(size_t)rand_r(seed) % (sizeof(any) - 1)];
	/* Whole characters only, so that JSON can carry it. */
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)out[i] >= 0x80)
			out[i] = 'z';
	if (len > 10)
		memcpy(out + 3, "\xE2\x82\xAC", 3);
	return (struct str){out, len};
}

static void assert_hidden(const struct redactor *r, struct str text, struct str core)
{
	struct str shown = redact(r, arena, text, false);

	assert_true(str_find(text, core) != SIZE_MAX);
	assert_true(str_find(shown, core) == SIZE_MAX);
	assert_true(str_contains(shown, "***"));
}

static void test_property_base64(void **state)
{
	(void)state;
	unsigned seed = 7;

	for (int round = 0; round < 300; round++) {
		struct redactor *r = redactor_new();
		struct str secret = random_secret(&seed);

		redactor_add(r, secret);
		for (int before = 0; before < 5; before++) {
			for (int after = 0; after < 4; after++) {
				struct str text = str_of(arena_printf(arena, "%.*s%.*s%.*s", before,
					"<{Q\x7F!", STR_ARG(secret), after, "}>~"));
				struct str coded =
					base64(round % 2 ? standard : url_safe, round % 3, text);
				size_t first = ((size_t)before * 8 + 5) / 6;
				size_t last = ((size_t)before + secret.len) * 8 / 6;
				struct str core = str_sub(coded, first, last - first);

				assert_hidden(r, coded, core);
				struct str shown = redact(r, arena, coded, false);
				/* What is before stays, but for the character that is shared. */
				size_t kept = (size_t)before * 8 / 6;

				assert_true(str_equal(
					str_sub(shown, 0, kept), str_sub(coded, 0, kept)));
			}
		}
		redactor_free(r);
	}
}

static struct str percent(struct str s, bool upper, bool form, bool all)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (form && c == ' ')
			buf_add_char(&b, '+');
		else if (!all && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '~'))
			buf_add_char(&b, (char)c);
		else
			buf_printf(&b, upper ? "%%%02X" : "%%%02x", c);
	}
	struct str copy = arena_str(arena, buf_str(&b));

	buf_release(&b);
	return copy;
}

static void test_property_escapes(void **state)
{
	(void)state;
	unsigned seed = 11;

	for (int round = 0; round < 300; round++) {
		struct redactor *r = redactor_new();
		struct str secret = random_secret(&seed);
		struct buf json;

		redactor_add(r, secret);
		for (int how = 0; how < 8; how++) {
			struct str text = percent(secret, how & 1, how & 2, how & 4);

			text = str_of(arena_printf(arena, "p=%.*s&x", STR_ARG(text)));
			struct str shown = redact(r, arena, text, false);

			assert_true(str_is(shown, "p=***&x"));
		}
		buf_init(&json, 1 << 20);
		json_print_str(&json, secret);
		struct str shown = redact(r, arena, buf_str(&json), false);

		assert_true(str_is(shown, "\"***\""));
		/* And the JSON in a string of JSON. */
		struct buf twice;

		buf_init(&twice, 1 << 20);
		json_print_str(&twice, buf_str(&json));
		shown = redact(r, arena, buf_str(&twice), false);
		assert_true(str_is(shown, "\"\\\"***\\\"\""));
		buf_release(&twice);
		buf_release(&json);
		redactor_free(r);
	}
}

static struct str cut_to(struct redactor *r, struct str text, size_t len)
{
	return redact(r, arena, str_sub(text, 0, len), true);
}

static void test_cut(void **state)
{
	(void)state;
	struct redactor *r = REDACTOR("sesame/open wide");
	struct str text = STR("x=sesame\\/open wide");

	assert_true(str_is(cut_to(r, text, 5), "x=ses"));
	assert_true(str_is(cut_to(r, text, 6), "x=***"));
	for (size_t len = 6; len <= text.len; len++)
		assert_true(str_is(cut_to(r, text, len), "x=***"));
	text = STR("x=sesame%2Fopen%20wide");
	for (size_t len = 6; len <= text.len; len++)
		assert_true(str_is(cut_to(r, text, len), "x=***"));
	text = STR("c2VzYW1lL29wZW4gd2lkZQ==");
	for (size_t len = 4; len <= text.len; len++)
		assert_true(str_is(cut_to(r, text, len), "***"));
	/* Not cut: a beginning is no secret. */
	assert_true(str_is(redact(r, arena, STR("x=sesame"), false), "x=sesame"));
	redactor_free(r);
}

static void test_added_later(void **state)
{
	(void)state;
	struct redactor *r = REDACTOR("abcdefgh");

	assert_string_equal(redact_text(r, arena, "xcdefx abcdefgh"), "xcdefx ***");
	redactor_add(r, STR("cdef"));
	redactor_add(r, STR("cdef"));
	assert_string_equal(redact_text(r, arena, "xcdefx abcdefx"), "x***x ab***x");
	redactor_free(r);
}

static void test_lines_of_a_key(void **state)
{
	(void)state;
	assert_shown(REDACTOR("-----BEGIN KEY-----\nMIIBVgIBADANBgkqhkiG9w0BAQEFAASC\nshort\n"
			      "-----END KEY-----"),
		"log: MIIBVgIBADANBgkqhkiG9w0BAQEFAASC short", "log: *** short");
}

static void test_huge_secret_is_hidden_whole(void **state)
{
	(void)state;
	size_t len = 300000;
	char *secret = arena_alloc(arena, len + 1);
	unsigned seed = 3;

	for (size_t i = 0; i < len; i++)
		secret[i] = (char)('a' + rand_r(&seed) % 26);
	struct redactor *r = redactor_new();

	redactor_add(r, (struct str){secret, len});
	const char *text = arena_printf(arena, "<%s>", secret);

	assert_string_equal(redact_text(r, arena, text), "<***");
	redactor_free(r);
}

static void test_hostile_text_is_linear(void **state)
{
	(void)state;
	size_t len = 1 << 20;
	char *text = arena_alloc(arena, len + 1);
	struct redactor *r = REDACTOR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "\\\\\\\\u", "a a+a%a");

	memset(text, 'a', len);
	assert_true(redact(r, arena, (struct str){text, len}, true).len < len);
	for (size_t i = 0; i < len; i++)
		text[i] = "\\%+u25"[i % 6];
	redact(r, arena, (struct str){text, len}, true);
	redactor_free(r);
}

static void test_any_bytes(void **state)
{
	(void)state;
	static const char any[] = "\\\\u%+/=dD8cCx0029aAbB\xFF\xC3\xA4\x00=";
	unsigned seed = 5;
	struct redactor *r = REDACTOR("aAbB", "\xFF\xC3\xA4", "a+b c", "ab");

	for (int round = 0; round < 5000; round++) {
		char text[48];
		size_t len = (size_t)rand_r(&seed) % sizeof(text);

		for (size_t i = 0; i < len; i++)
			text[i] = any[(size_t)rand_r(&seed) % sizeof(any)];
		struct str shown = redact(r, arena, (struct str){text, len}, round % 2);

		assert_true(str_find(shown, STR("aAbB")) == SIZE_MAX);
	}
	redactor_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_same_slice_without_secrets),
		cmocka_unit_test(test_short_only_as_a_whole),
		cmocka_unit_test(test_json_escapes),
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_base64_known),
		cmocka_unit_test(test_property_base64),
		cmocka_unit_test(test_property_escapes),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_added_later),
		cmocka_unit_test(test_lines_of_a_key),
		cmocka_unit_test(test_huge_secret_is_hidden_whole),
		cmocka_unit_test(test_hostile_text_is_linear),
		cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
