/*
 * alert: tells people: a webhook, Slack, or PagerDuty (Events API v2), once per incident after N
 * broken runs in a row and, when wanted, on recovery. Retried; texts are masked before they come here.
 */
#ifndef PROBE_ALERT_H
#define PROBE_ALERT_H

#include "probe/field.h"
#include "probe/loop.h"

/* An element of monitor.alerts: exactly one of the channels. */
struct alert_spec {
	struct str webhook, slack, pagerduty; /* URL, URL, routing key */
	int64_t after;
	bool on_recovery;
};

struct monitor_spec {
	int64_t every;
	double jitter;
	struct objects alerts; /* of struct alert_spec */
};

extern const struct field monitor_fields[];

/* One alert of one scenario. */
struct alert_state {
	const struct alert_spec *spec; /* lives in the job */
	int64_t failures;              /* broken runs in a row */
	bool open;                     /* told, not yet recovered */
	int64_t sent, lost;            /* messages */
};

/* What is told. */
struct alert_message {
	const char *scenario, *state, *summary, *target, *run_id;
	int64_t time; /* wall ns */
	bool recovery;
};

struct alerts; /* messages under way */

/* `told`: called when a message could not be delivered after all tries, or was; one line. */
struct alerts *alerts_new(struct loop *, void (*told)(void *ctx, const char *text), void *ctx);
void alerts_free(struct alerts *);
/* Takes the outcome of a run: decides whether a message is due and sends it. `broken`: the run
 * counts as a failure; `healthy`: it ends an incident. */
void alerts_run(struct alerts *, struct alert_state *, bool broken, bool healthy,
	const struct alert_message *);
/* Messages that are not delivered yet. */
size_t alerts_pending(const struct alerts *);

#endif
