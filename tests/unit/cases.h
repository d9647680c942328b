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

#include "probe/arena.h"

struct one_case {
	struct str name, input, wanted; /* texts without the last line break; "" for none */
	int line;
};

/* Calls `run` for every case; it returns what was seen. All that differ are printed; returns how
 * many. Fails the process when the file cannot be read or is empty. */
int cases_run(const char *path, const char *(*run)(struct arena *, const struct one_case *));

/* Processor time of this process, ns, and how much of it a thing that takes `ns` may use: more under
 * a sanitizer. Wall time would depend on what else the machine does. */
int64_t cpu_time(void);
int64_t cpu_limit(int64_t ns);

#endif
