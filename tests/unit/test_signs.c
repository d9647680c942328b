#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "../../probe/logs/signs.h"

static const char *const words[] = {"rror", "xception", "\tat ", ":in '", "*** ", "exec",
	"malloc()", "aaaaaaaa", "token ", "\xc3\xa9t\xc3\xa9", NULL};

static bool contains_one(struct str text)
{
	for (size_t i = 0; words[i]; i++)
		if (str_contains(text, words[i]))
			return true;
	return false;
}

static void test_alone(void **state)
{
	struct signs signs;

	(void)state;
	signs_init(&signs, words);
	assert_false(signs_in(&signs, STR("")));
	assert_false(signs_in(&signs, STR("rro")));
	assert_false(signs_in(&signs, STR("an ordinary line of a log")));
	for (size_t i = 0; words[i]; i++) {
		struct str word = str_of(words[i]);

		assert_true(signs_in(&signs, word));
		assert_false(signs_in(&signs, str_sub(word, 0, word.len - 1)));
	}
}

/* Pieces of the words in any order and place. */
static void test_as_plain_search(void **state)
{
	struct signs signs;
	uint32_t random = 1;
	char text[64];

	(void)state;
	signs_init(&signs, words);
	for (int round = 0; round < 200000; round++) {
		size_t len = 0;

		while (len < sizeof(text)) {
			random = random * 1664525 + 1013904223;
			struct str word =
				str_of(words[(random >> 8) % (sizeof(words) / sizeof(*words) - 1)]);
			struct str piece = str_sub(word, (random >> 16) % 4, (random >> 20) % 10);

			piece = str_sub(piece, 0, sizeof(text) - len);
			memcpy(text + len, piece.ptr, piece.len);
			len += piece.len;
			if (random >> 28 == 0)
				break;
		}
		struct str whole = {text, len};

		assert_int_equal(signs_in(&signs, whole), contains_one(whole));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_as_plain_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
