/*
 * report: bytes from a run, its logs and its diagnosis. A format is one file that ends in one const
 * struct; the framework opens, renames and reports errors of files. Formats see data only, all of
 * it masked.
 */
#ifndef PROBE_REPORT_H
#define PROBE_REPORT_H

#include <stdio.h>

#include "probe/error.h"
#include "probe/run.h"

struct logs;
struct diagnosis;

struct report {
	const struct run *run;   /* `logs` alone: steps are none, scenario NULL */
	const struct logs *logs; /* NULL: none were read */
	const struct diagnosis *diagnosis;
	int64_t now;    /* wall, for ages */
	bool color;     /* terminal only */
	unsigned width; /* columns; 0: 80 */
	bool verbose, quiet;
};

struct report_format {
	const char *name, *help;
	/* Writes all of it; errors of the stream are seen by the caller. */
	void (*write)(FILE *, const struct report *);
	/* Documents of several scenarios can follow each other in one file (json); else the file gets
	 * the scenarios one after the other under their names. */
	bool streams;
};

extern const struct report_format *const report_formats[]; /* ended by NULL */
const struct report_format *report_find(const char *name);

/* Where a report goes: "FORMAT" or "FORMAT=FILE" ("-" is stdout). */
struct report_target {
	const struct report_format *format;
	const char *file; /* NULL: stdout */
};

/* Parses the text of -r. Errors name the formats. */
int report_target_parse(struct arena *, const char *text, struct report_target *, struct error *);
/* Before the first packet: the directory must exist and be writable. */
int report_target_check(const struct report_target *, struct error *);
/* Writes reports of `count` documents to the target: a regular file beside its place and renamed,
 * whole or not at all; what cannot be replaced (device, FIFO, mount point) in place. */
int report_write(const struct report_target *, const struct report *const *reports, size_t count,
	struct error *);

/* Reads a saved run (goldprobe.run/v1) back; NULL with err when it is none. */
struct report *report_load(struct arena *, const char *file, struct error *);

/* The JSON Schema of the run document. */
void report_schema_print(FILE *);

#endif
