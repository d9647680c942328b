/*
 * step: what a kind of step is (http, websocket, tcp, ...) and what the framework gives it.
 *
 * A kind is one file that ends in one `const struct step_kind`. It records facts and ends each
 * attempt in exactly one attempt_done(); it never compares, logs, prints or waits. The framework
 * fills `spec`, expands ${...}, obtains credentials, arms the timeout, retries, evaluates checks and
 * takes captures. The functions here are implemented by the engine.
 */
#ifndef PROBE_STEP_H
#define PROBE_STEP_H

#include "probe/check.h"
#include "probe/connection.h"
#include "probe/facts.h"
#include "probe/field.h"
#include "probe/loop.h"
#include "probe/run.h"

struct attempt;
struct http_session;

/* What a kind can use of the framework's keys; others are mistakes in the file. */
enum {
	STEP_USES_CONNECTION = 1, /* `connection` */
	STEP_USES_AUTH = 2,       /* `auth`, `headers` */
	STEP_USES_REJECT = 4,     /* `reject` */
	STEP_USES_TARGET = 8,     /* needs a target unless its address is absolute */
};

struct step_kind {
	const char *name, *help;
	/* Example of the shortest form, for help: "http: GET /health". */
	const char *example;
	const struct fact_def *facts;
	const struct field *fields;          /* schema of the body */
	const struct implied_check *implied; /* ended by a NULL fact; NULL: none */
	unsigned uses;
	size_t spec_size, state_size; /* owned by the framework, zeroed */
	/* Turns a scalar or list body into the map; NULL: only a map is allowed. */
	struct node *(*shorthand)(struct arena *, const struct node *, struct diags *);
	/* Beyond what fields can say, once per step before the first packet. Members that depend on
	 * captures are zero here. `timeout` is the attempt's. May be NULL. */
	void (*validate)(
		const void *spec, const struct node *body, int64_t timeout, struct diags *);
	/* The address for people ("GET http://...", "db:5432"); NULL: the body's text. */
	const char *(*describe)(struct arena *, const void *spec, struct str target);
	/* Whether the body's address is absolute, so that no target is needed. NULL: never. */
	bool (*absolute)(const void *spec);
	/* Begins an attempt; never blocks. May call attempt_done at once. */
	void (*start)(struct attempt *);
	/* Called once, whatever happened, after done or instead of it: releases handles, records what
	 * had arrived (facts may still be set). state may be half built. */
	void (*stop)(struct attempt *);
};

/* What authentication adds to a request. Texts are secrets already registered. */
struct credential {
	struct pairs headers; /* Authorization, Cookie ... */
	struct pairs query;
	struct strs subprotocols; /* WebSocket: sent in this order before the step's own */
};

const void *attempt_spec(const struct attempt *);
void *attempt_state(struct attempt *);
struct loop *attempt_loop(const struct attempt *);
/* Dropped after the attempt was recorded. */
struct arena *attempt_arena(const struct attempt *);
struct facts *attempt_facts(struct attempt *);
const struct connection *attempt_connection(const struct attempt *);
struct str attempt_target(const struct attempt *);
/* Directory of the scenario file, for relative paths. */
const char *attempt_dir(const struct attempt *);
/* `defaults.headers`, the step's `headers` and traceparent (unless the user has one). */
const struct pairs *attempt_headers(const struct attempt *);
const struct credential *attempt_credential(const struct attempt *);
/* The run's cookie jar. */
struct http_session *attempt_session(struct attempt *);
/* Scope and place for kinds that expand parts themselves (dialogs). */
const struct fill *attempt_fill(const struct attempt *);
/* When the attempt began and when it must have ended, monotonic ns. */
int64_t attempt_started(const struct attempt *);
int64_t attempt_deadline(const struct attempt *);
/* The `settle` of a `reject` attempt with a bad credential, ns; 0: an ordinary attempt. A websocket
 * that opened although the credential is bad is watched that long for a refusing close. */
int64_t attempt_settle(const struct attempt *);
/* Whether a check or a capture looks at the fact, for facts that cost time to obtain. */
bool attempt_wants_fact(const struct attempt *, const char *name);

void attempt_fact(struct attempt *, const char *name, struct value);
/* Phases as they are reached; -1/TIME_NONE values are ignored. Also the facts time.*. */
void attempt_timing(struct attempt *, const struct timing *);
/* WebSocket messages and other records that come one by one; bounded by the framework. */
void attempt_message(struct attempt *, struct str text);
void attempt_remote(struct attempt *, struct str address);
/* Hides a text that only the kind knows to be secret. */
void attempt_secret(struct attempt *, struct str);
/* The text without what is secret so far. Whoever shortens or changes a text of the peer before it is
 * shown does so after this: half a secret is recognised by nobody. `cut`: its end is missing. */
struct str attempt_masked(struct attempt *, struct str, bool cut);
/* Ends the attempt. FAILURE_NONE: facts are complete, checks decide; a text then says why one may
 * fail, and is shown only when it does. Facts stay readable for checks also with FAILURE_CHECK. The kind's stop is called soon after, from the loop. */
void attempt_done(struct attempt *, enum failure, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

extern const struct step_kind step_http, step_websocket, step_tcp, step_tls, step_grpc, step_jwt,
	step_exec;

#endif
