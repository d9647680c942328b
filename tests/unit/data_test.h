/*
 * Cases as data: a block of lines, blocks parted by blank lines. The last line is what must come
 * out, those before it are the input. A block that begins with %%FAIL must fail with exactly the
 * error text of its last line. '#' at the beginning of a line before a block is a comment; \n, \t and \\ in an
 * input stand for themselves when the block begins with %%ESCAPES.
 */
#ifndef TESTS_DATA_TEST_H
#define TESTS_DATA_TEST_H

#include <stdbool.h>

#include "probe/arena.h"

enum { DATA_LINES_MAX = 64 };

struct data_case {
	struct arena *arena;
	struct str lines[DATA_LINES_MAX]; /* the input; of an arena, NUL-ended */
	size_t count;
};

/* What came out, or the error text with *failed set. */
typedef const char *data_run(const struct data_case *, bool *failed);

/* Runs all cases of tests/data/FILE; fails the test after naming each wrong one as FILE:LINE. */
void data_test(const char *file, data_run *run);
/* A whole file, or a slice with ptr NULL. */
struct str data_read(struct arena *, const char *path);

#endif
