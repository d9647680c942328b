/* The parts of the JSON document. */
#ifndef PROBE_REPORT_REPORT_JSON_H
#define PROBE_REPORT_REPORT_JSON_H

#include "report_private.h"

/* Clusters written; the rest is counted. */
enum { JSON_CLUSTERS_MAX = 1000, JSON_HEADERS_MAX = 200 };

/* A text of at most RUN_TEXT_MAX bytes; NULL writes null. */
void json_cut(struct json_writer *, const char *key, const char *);
void json_cut_str(struct json_writer *, const char *key, struct str);
/* RFC 3339 UTC with as many digits as are needed, 3 at least; TIME_NONE writes null. */
void json_moment(struct json_writer *, const char *key, int64_t wall_ns);
void json_steps(struct json_writer *, const struct report *);
void json_logs(struct json_writer *, const struct logs *);
void json_findings(struct json_writer *, const struct diagnosis *);

#endif
