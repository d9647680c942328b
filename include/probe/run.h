/*
 * run: what a run recorded, as data. Facts without opinions: the engine writes it, diagnosis and
 * reports read it, and a saved run is read back into the same structs.
 *
 * Everything lives in one arena. Texts are as received until run_mask() has gone over them; reports
 * get only masked runs. Phases and moments not reached are TIME_NONE.
 */
#ifndef PROBE_RUN_H
#define PROBE_RUN_H

#include "probe/clock.h"
#include "probe/field.h"
#include "probe/redact.h"
#include "probe/value.h"

/* id, English */
#define FAILURES(X)                                                                                \
	X(NONE, NULL, "passed")                                                                    \
	X(DNS, "dns", "name resolution failed")                                                    \
	X(CONNECT, "connect", "connection failed")                                                 \
	X(TLS, "tls", "TLS failed")                                                                \
	X(TIMEOUT, "timeout", "no answer in time")                                                 \
	X(PROTOCOL, "protocol", "the peer broke the protocol")                                     \
	X(CHECK, "check", "a check failed")                                                        \
	X(AUTH, "auth", "no credential could be obtained")                                         \
	X(CAPTURE, "capture", "a capture found nothing")                                           \
	X(INTERRUPTED, "interrupted", "interrupted")                                               \
	X(INTERNAL, "internal", "the probe itself failed")

enum failure {
#define X(id, name, text) FAILURE_##id,
	FAILURES(X)
#undef X
};

/* "dns", ... as in the JSON; NULL for FAILURE_NONE. */
const char *failure_name(enum failure);
const char *failure_text(enum failure);
/* By name; FAILURE_NONE for NULL, -1 for an unknown name. */
int failure_find(const char *name);

enum step_status { STEP_PASSED, STEP_FAILED, STEP_NOT_REACHED, STEP_SKIPPED };
const char *step_status_name(enum step_status);

/* Nanoseconds each; total is of the whole attempt. */
struct timing {
	int64_t dns, connect, tls, first_byte, total;
};

#define TIMING_NONE ((struct timing){TIME_NONE, TIME_NONE, TIME_NONE, TIME_NONE, TIME_NONE})

/* What the peer showed, cut for the record (RUN_TEXT_KEPT before masking, RUN_TEXT_MAX after). */
enum { RUN_TEXT_MAX = 4096, RUN_TEXT_KEPT = 16384, RUN_MESSAGES_MAX = 50 };

struct observed {
	int64_t status; /* -1: none */
	struct pairs headers;
	struct str body; /* ptr NULL: none */
	bool body_cut;
	struct strs messages; /* WebSocket messages, in order */
	int64_t close_code;   /* -1: none */
};

struct check_result {
	const char *fact;
	const char *select; /* JSONPath, header name ...; NULL */
	const char *op;
	struct value wanted, actual;
	bool has_actual; /* false: there was nothing to look at */
	bool passed;
	const char *text; /* one line for people: "status: wanted 200, saw 503" */
};

struct attempt_result {
	int64_t started_at; /* wall */
	int64_t duration;
	enum failure failure;
	const char *detail;     /* NULL when passed */
	const char *credential; /* the `reject` kind that was tried, "good", or NULL */
	const char *span_id;    /* of traceparent, or NULL */
	const char *remote;     /* address that was reached, or NULL */
	struct timing timing;
	struct observed observed;
};

struct step_result {
	const char *name, *kind;
	const char *capability; /* NULL: none */
	enum step_status status;
	bool optional, always;
	const char *trace_id; /* 32 hex digits, or NULL when nothing was sent */
	enum failure failure;
	const char *detail;
	const char *target; /* URL, address or program, for people; masked */
	/* Not reached: the step it waited for; -1 none. */
	int64_t blocked_by;
	int64_t started_at, finished_at; /* wall; TIME_NONE */
	int64_t attempts_total;
	struct attempt_result *attempts; /* the first 10 and the last 90 */
	size_t attempt_count;
	struct check_result *checks; /* of the last attempt that got that far */
	size_t check_count;
	/* reject: kinds that were let in. */
	struct strs accepted;
	int64_t retry_for;     /* ns, 0: none; for "did not pass within 90s" */
	int64_t tls_not_after; /* wall ns of the peer's certificate, or TIME_NONE */
};

enum run_end { RUN_COMPLETE, RUN_DEADLINE, RUN_INTERRUPTED };

/* The log source that is the output of a started command. */
#define CHILD_LOG "command"

/* A backend started by `run SCENARIO -- COMMAND`. */
struct child_result {
	const char *command; /* for people */
	bool exited;         /* before it was asked to */
	int64_t exit_code;   /* -1: a signal */
	int64_t signal;      /* 0: none */
	int64_t after;       /* ns from start to its end */
};

struct run {
	const char *id, *scenario, *file, *target;
	int64_t started_at, finished_at, duration;
	enum run_end end;
	const char
		*end_detail; /* "interrupted by SIGTERM", "deadline of 30s"; NULL when complete */
	struct step_result *steps;
	size_t step_count;
	const struct child_result *child; /* NULL: none */
};

/* Masks every text of the run and cuts what is longer than RUN_TEXT_MAX. */
void run_mask(struct run *, const struct redactor *, struct arena *);

#endif
