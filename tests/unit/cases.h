/*
 * cases: tests as data. A file below tests/data holds cases, each of an input and an expectation:
 *
 *   == its name
 *   lines of input
 *   --
 *   lines of expectation
 *
 * The blank line before the next "==" counts to neither. Lines before the first "==" are comments.
 */
#ifndef TESTS_UNIT_CASES_H
#define TESTS_UNIT_CASES_H

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

#include "probe/arena.h"

struct one_case {
	struct str name, input, wanted; /* texts without the last line break; "" for none */
	int line;
};

/* Calls `run` for every case; it returns what was seen. All that differ are printed; returns how
 * many. Fails the process when the file cannot be read or is empty. */
int cases_run(const char *path, const char *(*run)(struct arena *, const struct one_case *));

/* Processor time of this process, ns (wall time would depend on what else the machine does), and how
 * much a thing that takes `ns` may take here: more under a sanitizer or valgrind. */
int64_t cpu_time(void);
int64_t time_limit(int64_t ns);

#endif
