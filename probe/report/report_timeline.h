/* What happened when: run, steps and logs merged in the order of time. */
#ifndef PROBE_REPORT_REPORT_TIMELINE_H
#define PROBE_REPORT_REPORT_TIMELINE_H

#include "report_private.h"

struct moment {
	int64_t time;
	enum moment_kind { MOMENT_PROBE, MOMENT_LOG } kind;
	const char *text;  /* what the probe did, or what the log tells */
	const char *quote; /* verbatim, or NULL */
};

enum { MOMENTS_MAX = 60 };

/* In the arena, sorted; *left_out counts what did not fit. */
struct moment *report_timeline(
	struct arena *, const struct report *, size_t *count, size_t *left_out);

#endif
