/*
 * fake_kinds: a vocabulary for tests of loader and plan, without sockets. `probe` has the keys of a
 * request, `note` uses nothing of the framework's.
 */
#ifndef TESTS_UNIT_FAKE_KINDS_H
#define TESTS_UNIT_FAKE_KINDS_H

#include "probe/scenario.h"

struct fake_spec {
	struct str path, method, url;
	int64_t wait;
	struct value json;
};

extern const struct vocabulary fake_vocabulary;

/* Writes the files of a case into the working directory: the text up to the first line "+++ NAME" is
 * t.yaml, what follows such a line is that file. */
void fake_files(struct arena *, struct str text);

/* Set-up and tear-down of a group: a scratch directory to work in, removed at the end. */
int fake_enter(void **state);
int fake_leave(void **state);
/* A path of the directory that the tests were started in. */
const char *fake_path(const char *relative);

/* The diagnostics as they are printed. */
const char *fake_diags_text(struct arena *, const struct diags *);

#endif
