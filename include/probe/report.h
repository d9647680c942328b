/*
 * report: bytes from a run, its logs and its diagnosis. A format is one file that ends in one const
 * struct; the framework opens, renames and reports errors of files. Formats see data only, all of
 * it masked.
 *
 * Whatever text a backend put into the data is shown and never acts: it cannot move a terminal's
 * cursor, open a tag, end a quote or start a command in any format.
 */
#ifndef PROBE_REPORT_H
#define PROBE_REPORT_H

#include <stdio.h>

#include "probe/error.h"
#include "probe/run.h"

struct logs;
struct diagnosis;

/* One scenario's outcome, or that of `logs` alone (then the run has no scenario and no steps). */
struct report {
	const struct run *run;             /* never NULL */
	const struct logs *logs;           /* NULL: none were read */
	const struct diagnosis *diagnosis; /* NULL: the run speaks for itself */
	int64_t now;                       /* wall, for ages */
	bool color;                        /* terminal only */
	unsigned width;                    /* columns; 0: 80 */
	bool verbose, quiet;
};

struct report_format {
	const char *name, *help;
	/* Writes all scenarios of one invocation as one document, or as one document each and line
	 * (json). Errors of the stream are sticky and seen by the caller. */
	void (*write)(FILE *, const struct report *const *reports, size_t count);
	/* What goes elsewhere than to the target (GITHUB_STEP_SUMMARY); NULL: nothing. */
	int (*aside)(const struct report *const *reports, size_t count, struct error *);
};

extern const struct report_format *const report_formats[]; /* ended by NULL */
/* By name; NULL when there is none. */
const struct report_format *report_find(const char *name);

/* Where a report goes: "FORMAT" or "FORMAT=FILE" ("-" is stdout). */
struct report_target {
	const struct report_format *format;
	const char *file; /* NULL: stdout */
};

/* Parses the text of -r. Errors name the formats. */
int report_target_parse(struct arena *, const char *text, struct report_target *, struct error *);
/* Before the first packet: the directory must exist and be writable, unless the file can be
 * written in place. Touches nothing. */
int report_target_check(const struct report_target *, struct error *);
/* Writes the reports to the target. A regular file is written beside its place and renamed: whole or
 * not at all; through a symbolic link its target is replaced and the link stays. What cannot be
 * replaced (device, FIFO, mount point) is written in place; a FIFO without a reader is an error. */
int report_write(const struct report_target *, const struct report *const *reports, size_t count,
	struct error *);

/* How many bytes of saved runs are read at most. */
enum { REPORT_LOAD_MAX = 256 << 20 };

/* Reads saved runs (goldprobe.run/v1), one document per scenario, each on its line or all one
 * document laid out freely; "-" is stdin. NULL with err when the file is unreadable or anything in it
 * is not such a document; the error says where. Else *count is at least 1. */
const struct report *const *report_load(
	struct arena *, const char *file, size_t *count, struct error *);

/* The one of a scenario by its name; a single one serves for any. NULL when there is none. */
const struct report *report_of_scenario(
	const struct report *const *reports, size_t count, const char *scenario);

/* The JSON Schema (2020-12) of the run document. */
void report_schema_print(FILE *);

#endif
