/* What the tests of reports share: a folder of their own, files, and reports as text. */
#ifndef TESTS_UNIT_REPORT_HELP_H
#define TESTS_UNIT_REPORT_HELP_H

#include "report_sample.h"

struct context {
	struct arena *arena;
	char dir[64];
};

/* Fixtures: *state is a struct context with a new, then removed, folder. */
int report_setup(void **state);
int report_teardown(void **state);
char *in_dir(struct context *, const char *name);
struct str read_file(struct arena *, const char *path);
void write_text(const char *path, const char *text);
/* The reports in a format. */
struct str written(
	struct arena *, const char *format, const struct report *const *reports, size_t count);

#endif
