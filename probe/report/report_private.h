/* What the formats share: the list of them, and views of the data that several need. */
#ifndef PROBE_REPORT_REPORT_PRIVATE_H
#define PROBE_REPORT_REPORT_PRIVATE_H

#include "probe/diagnosis.h"
#include "probe/json.h"
#include "probe/logs.h"
#include "probe/report.h"
#include "report_text.h"

/* The document that json writes and report_load reads. */
#define REPORT_SCHEMA "goldprobe.run/v1"

extern const struct report_format report_terminal, report_json, report_junit, report_tap,
	report_markdown, report_html, report_github, report_prometheus, report_termination;

/* The diagnosis' verdict, or the run's own when there is none. */
struct verdict report_verdict(const struct report *);
/* "BROKEN", "HEALTHY" ...: for headlines. */
const char *report_verdict_word(enum golden_path);
/* What a scenario is called; `logs` alone has none. */
const char *report_name(const struct report *);
size_t report_steps_with(const struct report *, enum step_status);
/* The last recorded attempt, or NULL. */
const struct attempt_result *step_last(const struct step_result *);
/* The whole step, waiting included; TIME_NONE when nothing was started. */
int64_t step_took(const struct step_result *);
/* Why it failed or was left out, in words; never NULL, "" when passed. */
const char *step_why(struct arena *, const struct run *, const struct step_result *);
/* "passed after 4 tries"; NULL for a step that needed one. */
const char *step_tries(struct arena *, const struct step_result *);
/* "status: wanted 200, saw 503": the check's own line, or one made of its parts. */
const char *check_text(struct arena *, const struct check_result *);
/* "not reached" */
const char *capability_status_text(enum capability_status);
/* Which step decided it: "step 'starts': timeout: ..."; "" when it works. */
const char *capability_why(struct arena *, const struct report *, const struct capability *);
/* "15 incidents in 75 log entries on 3 instances, revision backend-42"; "". */
const char *finding_seen(struct arena *, const struct finding *);
/* "missing-module, new since the baseline, recovered" */
const char *finding_state_text(struct arena *, const struct finding *);
/* "as of 2026-03-01T10:00:00Z, when the log ends" of old logs, whose findings may be so no more; else
 * NULL. */
const char *findings_as_of(struct arena *, const struct diagnosis *);
/* UTC to the millisecond, or to the microsecond when it is known; "" when it is not. */
void text_moment(char out[36], int64_t wall_ns);
/* "backend.json, entry 17, 2026-03-01T10:00:00.000Z" */
const char *evidence_place(struct arena *, const struct evidence *);
/* "a, b, c" */
const char *texts_join(struct arena *, const struct texts *);

#endif
