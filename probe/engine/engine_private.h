/* Shared by the files of engine/ only: the state of a run, of its steps and of their attempts. */
#ifndef ENGINE_PRIVATE_H
#define ENGINE_PRIVATE_H

#include "probe/auth.h"
#include "probe/engine.h"

/* The first and the last attempts of a step are kept, what lies between is counted. */
enum { ATTEMPTS_FIRST = 10, ATTEMPTS_LAST = 90, ATTEMPTS_KEPT = ATTEMPTS_FIRST + ATTEMPTS_LAST };
enum { SLOTS_DEFAULT = 64, FDS_RESERVED = 24, FDS_PER_SLOT = 3 };

enum step_state {
	STATE_WAITING, /* for the steps it needs */
	STATE_QUEUED,  /* for a slot */
	STATE_RUNNING, /* an attempt is under way */
	STATE_PAUSED,  /* until the next attempt */
	STATE_ENDED,
};

/* An attempt's record with its own memory, so that a dropped one is freed. */
struct kept_attempt {
	struct arena *arena;
	struct attempt_result result;
};

struct step_run {
	struct engine *engine;
	size_t index;
	const struct plan_step *plan;
	const struct step_kind *kind;
	struct step_result *result;
	enum step_state state;
	struct step_run *next_queued;
	struct scope *scope;
	struct timer pause;
	struct attempt *attempt;
	int64_t started, last_started; /* monotonic */
	int64_t failures;              /* in a row, for backoff */
	int64_t passes;                /* in a row, for stable */
	size_t credential;             /* 0: the good one, then plan->reject */
	char trace_id[33];
	bool traced;
	struct kept_attempt *kept;
	size_t kept_count, kept_capacity;
	struct arena *checks_arena;
	struct check_result *checks;
	size_t check_count;
	/* reject: what was let in, how the first was, and the first answer that was no refusal. */
	struct value accepted;
	const char *let_in, *neither;
	enum failure neither_failure;
};

struct engine {
	struct arena *arena;
	const struct plan *plan;
	struct loop *loop;
	struct engine_options options;
	struct auth *auth;
	struct http_session *session;
	struct scope *scope;
	struct run *run;
	struct step_run *steps;
	size_t ended;
	size_t slots, slots_used;
	struct step_run *queue, **queue_end;
	int64_t started; /* monotonic */
	struct timer deadline, grace, advance;
	bool stopping; /* by deadline or signal: only `always` steps still start */
	enum failure stop_failure;
	const char *child_exit; /* NULL: no child, or it runs */
	void (*done)(void *ctx, struct run *);
	void *ctx;
	bool finished;
};

struct attempt {
	struct engine *engine;
	struct step_run *step;
	const struct step_kind *kind;
	struct arena *arena;
	struct facts *facts;
	void *spec, *state;
	struct diags diags;
	struct fill fill;
	struct connection connection;
	struct pairs headers;
	struct credential credential;
	const char *reject; /* NULL: the good credential, or none */
	char span_id[17];
	struct timer timer, finish;
	struct auth_request *auth_request;
	int64_t started, started_wall, deadline;
	bool begun, ended, auth_failed;
	enum failure failure;
	const char *detail;
	struct timing timing;
	struct value messages;
	size_t message_bytes;
	const char *remote;
};

/* attempt.c */
void attempt_start(struct step_run *);
/* Frees what is left of an attempt without any judgement (engine_free). */
void attempt_drop(struct attempt *);
/* Ends a running attempt from outside. */
void attempt_end(struct attempt *, enum failure, const char *detail);

/* attempt_judge.c: after stop: checks, captures, the verdict on a bad credential. */
void attempt_judge(struct attempt *);

/* record.c */
void record_attempt(struct attempt *, struct attempt_result *shown);
void record_checks(struct attempt *, const struct check_result *, size_t count);
void record_step(struct step_run *);
/* The newest attempt of a step that has had one. */
const struct attempt_result *record_last(const struct step_run *);
void record_release(struct step_run *);

/* secrets.c */
bool header_is_secret(struct str name);
void keep_header_secrets(struct redactor *, const struct pairs *headers);

/* retry.c */
bool attempt_may_heal(const struct attempt *);
/* When the next attempt of the step starts (monotonic), or TIME_NONE: none. */
int64_t retry_next(const struct step_run *, const struct attempt *, bool passed);

/* settle.c */
void engine_attempt_ended(struct attempt *);
void step_fail(struct step_run *, enum failure, const char *detail);

/* engine.c */
void step_end(struct step_run *, enum step_status, enum failure, const char *detail);
/* Puts a step (void *) into the queue for a slot. */
void step_queue(void *step);
void engine_advance_soon(struct engine *);

#endif
