/* Runs, logs and diagnoses to make reports of. */
#ifndef TESTS_UNIT_REPORT_SAMPLE_H
#define TESTS_UNIT_REPORT_SAMPLE_H

#include "probe/diagnosis.h"
#include "probe/logs.h"
#include "probe/report.h"

/* Every step passed, one after four tries; no logs. */
struct report *sample_healthy(struct arena *);
/* A service that dies while importing: failed, not reached, skipped, optional steps; logs; chain. */
struct report *sample_incident(struct arena *);
/* A WebSocket refused, a bad credential let in, a log source that failed; logs alone. */
struct report *sample_refused(struct arena *);
struct report *sample_logs(struct arena *);
/* Every text of it is `text`. */
struct report *sample_hostile(struct arena *, const char *text);
/* A wall time from RFC 3339. */
int64_t sample_time(const char *text);

#endif
