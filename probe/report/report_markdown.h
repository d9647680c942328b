/* The parts of the incident report. */
#ifndef PROBE_REPORT_REPORT_MARKDOWN_H
#define PROBE_REPORT_REPORT_MARKDOWN_H

#include "report_private.h"

struct sheet {
	FILE *out;
	struct arena *arena;
	const struct report *report;
};

/* Root cause, secondary causes, actions by horizon. */
void markdown_findings(const struct sheet *);
/* Clusters, sources, window, time zones and age. */
void markdown_logs(const struct sheet *);
/* UTC to the millisecond; "" for TIME_NONE. */
const char *markdown_moment(const struct sheet *, int64_t wall_ns);

#endif
