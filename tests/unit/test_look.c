/* What the first words of a line tell, and times as log entries have them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../probe/logs/look_private.h"
#include "data_test.h"
#include "probe/buf.h"

static void add_traits(struct buf *b, const struct look *look)
{
	static const struct {
		unsigned trait;
		const char *name;
	} names[] = {{LOG_PLATFORM, "platform"}, {LOG_REQUEST, "request"},
		{LOG_STARTING, "starting"}, {LOG_LISTENING, "listening"}, {LOG_STARTED, "started"},
		{LOG_PROBE, "probe"}, {LOG_EXIT, "exit"}, {LOG_OOM, "oom"}};
	unsigned left = look->traits;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (left & names[i].trait)
			buf_printf(b, " %s", names[i].name);
		left &= ~names[i].trait;
	}
	assert_int_equal(left, 0);
	if (look->suspicious)
		buf_add_text(b, " trouble");
}

/* "LEVEL [begins] [TIME] TRAITS [METHOD URL STATUS]"; an input with "\e" has colours. */
static const char *run_look(const struct data_case *c, bool *failed)
{
	struct buf line, out;
	struct str s = c->lines[0], before, after;
	struct look look;
	char time[36];

	(void)failed;
	buf_init(&line, 1 << 16);
	buf_init(&out, 1 << 16);
	for (size_t at; (at = str_find(s, STR("\\e"))) != SIZE_MAX; s = after) {
		before = str_sub(s, 0, at);
		after = str_from(s, at + 2);
		buf_add_str(&line, before);
		buf_add_char(&line, '\x1b');
	}
	buf_add_str(&line, s);
	look_at(buf_str(&line), &look);
	buf_add_text(&out, look.level < 0 ? "-" : severity_name((enum severity)look.level));
	if (look.starts)
		buf_add_text(&out, " begins");
	if (look.time != TIME_NONE) {
		time_print_utc(look.time, 3, time);
		buf_printf(&out, " %s", time);
	}
	add_traits(&out, &look);
	if (look.status >= 0)
		buf_printf(&out, " %.*s %.*s %d", STR_ARG(look.method), STR_ARG(look.url),
			look.status);
	const char *text = arena_str(c->arena, buf_str(&out)).ptr;

	buf_release(&line);
	buf_release(&out);
	return text;
}

static void test_look(void **state)
{
	(void)state;
	data_test("look.test", run_look);
}

/* In memory of its own, so that a byte read outside is found. */
static struct str alone(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	return (struct str){memcpy(copy, text, len), len};
}

static unsigned signs_alone(const char *text, size_t len)
{
	struct str s = alone(text, len);
	unsigned found = signs_look(s);

	free((char *)s.ptr);
	return found;
}

static const struct {
	const char *text;
	unsigned signs;
} phrases[] = {
	{"fail", SIGN_OF_TROUBLE},
	{"can't", SIGN_OF_TROUBLE},
	{"ready", LOG_STARTED},
	{"timed out", SIGN_OF_TROUBLE},
	{"listening", LOG_LISTENING},
	{"memory limit of", LOG_PLATFORM | LOG_OOM},
	{"startup complete", LOG_STARTED},
	{"container called exit(", LOG_PLATFORM | LOG_EXIT},
	{"started on port", LOG_STARTED | LOG_LISTENING},
	{"the instance was not started", LOG_PLATFORM},
	{"back-off restarting failed container", LOG_PLATFORM | LOG_EXIT | SIGN_OF_TROUBLE},
	{"failed to start and listen on the port", LOG_PLATFORM | SIGN_OF_TROUBLE},
};

enum { PHRASES = sizeof(phrases) / sizeof(*phrases) };

static char in_case(char c, unsigned which)
{
	return which && c >= 'a' && c <= 'z' ? (char)(c & ~32) : c;
}

/* Wherever in a text they are, in any case. */
static void test_signs_anywhere(void **state)
{
	static const char filler[] = "st0ex-7 taf ner list fa(x)is unpro'b 0:12 d";
	char text[128];

	(void)state;
	assert_int_equal(signs_alone(filler, sizeof(filler) - 1), 0);
	for (size_t i = 0; i < PHRASES; i++) {
		size_t len = strlen(phrases[i].text);

		for (size_t from = 0; from < 40; from++)
			for (size_t to = 0; to < 5; to++) {
				memcpy(text, filler, from);
				for (size_t k = 0; k < len; k++)
					text[from + k] = in_case(phrases[i].text[k], (k + to) % 3);
				memcpy(text + from + len, filler + 2, to);
				assert_int_equal(
					signs_alone(text, from + len + to), phrases[i].signs);
			}
	}
}

/* A sign is a sign wherever it stands: a text has those that its parts have. */
static void test_signs_of_parts(void **state)
{
	enum { LONGEST = 40 };
	unsigned seed = 7;
	char text[160];

	(void)state;
	for (size_t round = 0; round < 20000; round++) {
		size_t len = 0;

		while (len < 100) {
			const char *phrase = phrases[(size_t)rand_r(&seed) % PHRASES].text;
			size_t from = (size_t)rand_r(&seed) % strlen(phrase);

			if (rand_r(&seed) % 2)
				from = 0;
			while (phrase[from] && rand_r(&seed) % 40)
				text[len++] = in_case(phrase[from++], rand_r(&seed) % 4 == 0);
			/* Also by what the comparison of letters must not take for equal. */
			if (rand_r(&seed) % 3 == 0)
				text[len - (len > 0)] ^= (char)(1 << rand_r(&seed) % 8);
		}
		unsigned parts = 0;

		for (size_t i = 0; i < len; i++)
			parts |= signs_look(
				(struct str){text + i, len - i < LONGEST ? len - i : LONGEST});
		assert_int_equal(signs_alone(text, len), parts);
	}
}

/* One wrong bit, but for that of capitals, makes it another text. */
static void test_signs_nearly(void **state)
{
	char text[16];

	(void)state;
	for (size_t i = 0; i < PHRASES; i++) {
		size_t len = strlen(phrases[i].text);

		/* Longer ones have others in them, which say the same. */
		if (len > 9)
			continue;
		memcpy(text, phrases[i].text, len);
		for (size_t bit = 0; bit < len * 8; bit++) {
			char c = text[bit / 8];
			bool same = bit % 8 == 5 && c >= 'a' && c <= 'z';

			text[bit / 8] = (char)(c ^ 1 << bit % 8);
			assert_int_equal(signs_alone(text, len), same ? phrases[i].signs : 0);
			text[bit / 8] = c;
		}
	}
}

static void test_severity(void **state)
{
	static const char *const names[SEVERITY_COUNT] = {
		[SEVERITY_DEFAULT] = "DEFAULT",
		[SEVERITY_DEBUG] = "TRACE VERBOSE SILLY FINE FINER FINEST DEBUG DBG D",
		[SEVERITY_INFO] = "INFO INFORMATION INFORMATIONAL INF I LOG SUCCESS CONFIG NORMAL",
		[SEVERITY_NOTICE] = "NOTICE N",
		[SEVERITY_WARNING] = "WARN WARNING WRN W",
		[SEVERITY_ERROR] = "ERROR ERR E SEVERE FAIL",
		[SEVERITY_CRITICAL] = "CRITICAL CRIT FATAL FTL F PANIC DPANIC",
		[SEVERITY_ALERT] = "ALERT",
		[SEVERITY_EMERGENCY] = "EMERGENCY EMERG",
	};
	char text[16];

	(void)state;
	assert_int_equal(severity_find(STR("")), -1);
	assert_int_equal(severity_find(STR("1nfo")), -1);
	assert_int_equal(severity_find(STR("warned")), -1);
	assert_int_equal(severity_find(STR("informationally")), -1);
	for (int i = 0; i < SEVERITY_COUNT; i++)
		for (const char *p = names[i]; *p; p += strspn(p, " ")) {
			size_t len = strcspn(p, " ");

			assert_int_equal(severity_find((struct str){p, len}), i);
			/* One wrong bit makes it another text, if it is not that of capitals. */
			for (size_t bit = 0; len > 1 && bit < len * 8; bit++) {
				memcpy(text, p, len);
				text[bit / 8] ^= (char)(1 << bit % 8);
				assert_int_equal(severity_find((struct str){text, len}),
					bit % 8 == 5 ? i : -1);
			}
			p += len;
		}
}

static int64_t time_of_text(const char *text, size_t len)
{
	struct str s = alone(text, len);
	struct json_scalar scalar = {.ptr = s.ptr, .len = (uint32_t)len, .kind = '"'};
	int64_t time = time_of_scalar(&scalar);

	free((char *)s.ptr);
	return time;
}

/* The usual form is read on a way of its own, which a blank for the T keeps off. */
static void assert_same_time(const char *text, size_t len)
{
	char general[48];

	assert_true(len > 10 && len < sizeof(general));
	memcpy(general, text, len);
	general[10] = ' ';
	int64_t want = time_of_text(general, len), got = time_of_text(text, len);

	if (got != want)
		fail_msg("'%.*s' is %lld, and with a blank %lld", (int)len, text, (long long)got,
			(long long)want);
}

static int below(unsigned *seed, int limit)
{
	return rand_r(seed) % limit;
}

/* One of many moments: valid ones and some that are none, with up to ten digits after the seconds. */
static size_t make_time(unsigned *seed, char text[64])
{
	int len = snprintf(text, 64, "%04d-%02d-%02dT%02d:%02d:%02d", 1960 + below(seed, 260),
		below(seed, 14), below(seed, 33), below(seed, 26), below(seed, 62),
		below(seed, 62));
	int digits = below(seed, 12) - 1;

	if (digits >= 0)
		text[len++] = '.';
	for (; digits > 0; digits--)
		text[len++] = (char)('0' + below(seed, 10));
	text[len++] = 'Z';
	return (size_t)len;
}

static void test_time(void **state)
{
	static const char others[] = "0/:9-.,+ TtZz\t\x00\x10\xB0\xFF";
	unsigned seed = 3;
	char text[64];

	(void)state;
	assert_int_equal(time_of_text("1970-01-01T00:00:00Z", 20), 0);
	assert_int_equal(time_of_text("2026-03-14T09:00:00.052950Z", 27), 1773478800052950000);
	assert_int_equal(time_of_text("2026-03-14T09:00:00.123456789Z", 30), 1773478800123456789);
	assert_int_equal(time_of_text("2026-13-14T09:00:00Z", 20), TIME_NONE);
	assert_int_equal(time_of_text("9999999999999999999", 19), TIME_NONE);
	for (int round = 0; round < 20000; round++) {
		size_t len = make_time(&seed, text);

		assert_same_time(text, len);
		for (size_t i = 0; i < len; i++) {
			char c = text[i];

			if (i == 10)
				continue;
			text[i] = others[(size_t)rand_r(&seed) % (sizeof(others) - 1)];
			assert_same_time(text, len);
			text[i] = c;
		}
		for (size_t cut = 11; cut < len; cut++)
			assert_same_time(text, cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_signs_anywhere),
		cmocka_unit_test(test_signs_of_parts),
		cmocka_unit_test(test_signs_nearly),
		cmocka_unit_test(test_severity),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests_name("look", tests, NULL, NULL);
}
