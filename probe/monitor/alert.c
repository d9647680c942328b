#include "probe/alert.h"

#include <stdio.h>
#include <stdlib.h>

#include "probe/http.h"
#include "probe/json.h"
#include "probe/url.h"

enum { TRIES = 4, PENDING_MAX = 200 };

#define ALERT_TIMEOUT (10 * NS_PER_S)
#define PAGERDUTY_URL "https://events.pagerduty.com/v2/enqueue"

static const struct field alert_fields[] = {
	{.name = "webhook",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct alert_spec, webhook),
		.help = "URL that gets a JSON document"},
	{.name = "slack",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct alert_spec, slack),
		.help = "URL of a Slack incoming webhook"},
	{.name = "pagerduty",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct alert_spec, pagerduty),
		.help = "integration key of PagerDuty (Events API v2)"},
	{.name = "after",
		.type = FIELD_INTEGER,
		.offset = FIELD_AT(struct alert_spec, after),
		.min = 1,
		.max = 1000,
		.fallback = "1",
		.help = "after so many broken runs in a row"},
	{.name = "on_recovery",
		.type = FIELD_BOOLEAN,
		.offset = FIELD_AT(struct alert_spec, on_recovery),
		.fallback = "true",
		.help = "also tells that it works again"},
	{.name = NULL},
};

const struct field monitor_fields[] = {
	{.name = "every",
		.type = FIELD_DURATION,
		.offset = FIELD_AT(struct monitor_spec, every),
		.min = 0.1,
		.max = 86400,
		.help = "from the start of a run to the start of the next (60s)"},
	{.name = "jitter",
		.type = FIELD_NUMBER,
		.offset = FIELD_AT(struct monitor_spec, jitter),
		.min = 0,
		.max = 0.5,
		.help = "share of `every` by which starts are spread (0)"},
	{.name = "alerts",
		.type = FIELD_OBJECTS,
		.offset = FIELD_AT(struct monitor_spec, alerts),
		.fields = alert_fields,
		.size = sizeof(struct alert_spec),
		.help = "who is told, each with one of webhook, slack, pagerduty"},
	{.name = NULL},
};

/* One message on its way. */
struct delivery {
	struct alerts *alerts;
	struct arena *arena;
	struct alert_state *state;
	struct http_request request;
	struct http_transfer *transfer;
	struct timer timer; /* of the try, or of the pause before the next */
	const char *channel, *scenario;
	int tries;
	struct delivery *next;
};

struct alerts {
	struct loop *loop;
	struct delivery *first;
	size_t pending;
	void (*told)(void *ctx, const char *text);
	void *ctx;
};

struct alerts *alerts_new(struct loop *loop, void (*told)(void *ctx, const char *text), void *ctx)
{
	struct alerts *alerts = calloc(1, sizeof(*alerts));

	if (!alerts)
		die("out of memory: %zu bytes", sizeof(*alerts));
	alerts->loop = loop;
	alerts->told = told;
	alerts->ctx = ctx;
	return alerts;
}

static void delivery_free(struct delivery *d)
{
	struct alerts *alerts = d->alerts;

	for (struct delivery **at = &alerts->first; *at; at = &(*at)->next) {
		if (*at == d) {
			*at = d->next;
			break;
		}
	}
	alerts->pending--;
	timer_stop(alerts->loop, &d->timer);
	if (d->transfer)
		http_cancel(d->transfer);
	arena_free(d->arena);
}

void alerts_free(struct alerts *alerts)
{
	if (!alerts)
		return;
	while (alerts->first)
		delivery_free(alerts->first);
	free(alerts);
}

size_t alerts_pending(const struct alerts *alerts)
{
	return alerts->pending;
}

static void delivery_try(void *ctx);

/* Tries again after 1, 5 and 25 seconds: a dead receiver is not hammered, and not waited for. */
static void delivery_failed(struct delivery *d, const char *why)
{
	static const int64_t pauses[TRIES] = {1, 5, 25, 0};

	if (++d->tries < TRIES) {
		timer_start(d->alerts->loop, &d->timer,
			loop_now(d->alerts->loop) + pauses[d->tries - 1] * NS_PER_S, delivery_try,
			d);
		return;
	}
	d->state->lost++;
	d->alerts->told(d->alerts->ctx,
		arena_printf(d->arena,
			"the %s alert of '%s' could not be delivered after %d tries: %s",
			d->channel, d->scenario, TRIES, why));
	delivery_free(d);
}

static void delivery_done(void *ctx, const struct http_result *result)
{
	struct delivery *d = ctx;

	d->transfer = NULL;
	timer_stop(d->alerts->loop, &d->timer);
	if (result->failure != FAILURE_NONE) {
		delivery_failed(d, result->detail ? result->detail : failure_text(result->failure));
	} else if (result->status < 200 || result->status > 299) {
		delivery_failed(d, arena_printf(d->arena, "status %d", (int)result->status));
	} else {
		d->state->sent++;
		delivery_free(d);
	}
}

static void delivery_timeout(void *ctx)
{
	struct delivery *d = ctx;

	http_cancel(d->transfer);
	d->transfer = NULL;
	delivery_failed(d, "no answer within 10s");
}

static void delivery_try(void *ctx)
{
	struct delivery *d = ctx;

	d->transfer = http_start(d->alerts->loop, &d->request, delivery_done, d);
	timer_start(d->alerts->loop, &d->timer, loop_now(d->alerts->loop) + ALERT_TIMEOUT,
		delivery_timeout, d);
}

static void set(struct arena *arena, struct value *object, const char *key, const char *text)
{
	value_set(arena, object, str_of(key), text ? value_text(text) : value_null());
}

static const char *headline(struct arena *arena, const struct alert_message *m)
{
	return arena_printf(arena, "%s: %s", m->recovery ? "recovered" : m->state, m->summary);
}

static struct value webhook_body(struct arena *arena, const struct alert_message *m)
{
	struct value body = value_object();
	char time[36];

	time_print_utc(m->time, 3, time);
	set(arena, &body, "schema", "goldprobe.alert/v1");
	set(arena, &body, "event", m->recovery ? "recovered" : "broken");
	set(arena, &body, "scenario", m->scenario);
	set(arena, &body, "golden_path", m->state);
	set(arena, &body, "summary", m->summary);
	set(arena, &body, "target", m->target);
	set(arena, &body, "run_id", m->run_id);
	set(arena, &body, "time", arena_strdup(arena, time));
	return body;
}

/* Slack reads &, < and > as markup (its "Formatting text for app surfaces"). */
static struct value slack_body(struct arena *arena, const struct alert_message *m)
{
	struct value body = value_object();
	struct str text = str_of(headline(arena, m));
	BUF_SCOPED struct buf out;

	buf_init(&out, 16384);
	buf_add_text(&out, m->recovery ? ":large_green_circle: " : ":red_circle: ");
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '&')
			buf_add_text(&out, "&amp;");
		else if (text.ptr[i] == '<')
			buf_add_text(&out, "&lt;");
		else if (text.ptr[i] == '>')
			buf_add_text(&out, "&gt;");
		else
			buf_add_char(&out, text.ptr[i]);
	}
	value_set(arena, &body, STR("text"), value_string(arena_str(arena, buf_str(&out))));
	return body;
}

static struct value pagerduty_body(
	struct arena *arena, struct str key, const struct alert_message *m)
{
	struct value body = value_object(), payload = value_object(),
		     details = webhook_body(arena, m);

	value_set(arena, &body, STR("routing_key"), value_string(key));
	set(arena, &body, "event_action", m->recovery ? "resolve" : "trigger");
	/* One incident there per incident here. */
	set(arena, &body, "dedup_key", arena_printf(arena, "goldprobe/%s", m->scenario));
	value_set(arena, &payload, STR("summary"),
		value_string(str_sub(str_of(headline(arena, m)), 0, 1024)));
	set(arena, &payload, "source", m->target && *m->target ? m->target : m->scenario);
	set(arena, &payload, "severity", "critical");
	set(arena, &payload, "component", m->scenario);
	value_set(arena, &payload, STR("custom_details"), details);
	value_set(arena, &body, STR("payload"), payload);
	return body;
}

static void deliver(struct alerts *alerts, struct alert_state *state, const struct alert_message *m)
{
	const struct alert_spec *spec = state->spec;
	struct arena *arena;
	struct delivery *d;
	struct value body;

	if (alerts->pending >= PENDING_MAX) {
		state->lost++;
		return;
	}
	arena = arena_new();
	d = ARENA_NEW(arena, struct delivery);
	d->alerts = alerts;
	d->arena = arena;
	d->state = state;
	d->scenario = arena_strdup(arena, m->scenario);
	d->request.method = STR("POST");
	d->request.has_body = true;
	d->request.max_body = 1 << 16;
	if (spec->pagerduty.len) {
		const char *other = getenv("GOLDPROBE_PAGERDUTY_ENDPOINT");

		d->channel = "pagerduty";
		d->request.url =
			str_of(arena_strdup(arena, other && *other ? other : PAGERDUTY_URL));
		body = pagerduty_body(arena, spec->pagerduty, m);
	} else {
		d->channel = spec->slack.len ? "slack" : "webhook";
		d->request.url = arena_str(arena, spec->slack.len ? spec->slack : spec->webhook);
		body = spec->slack.len ? slack_body(arena, m) : webhook_body(arena, m);
	}
	d->request.body = value_to_str(arena, &body);
	d->request.headers.items = ARENA_NEW(arena, struct pair);
	d->request.headers.items[0] = (struct pair){STR("Content-Type"), STR("application/json")};
	d->request.headers.count = 1;
	d->next = alerts->first;
	alerts->first = d;
	alerts->pending++;
	delivery_try(d);
}

void alerts_run(struct alerts *alerts, struct alert_state *state, bool broken, bool healthy,
	const struct alert_message *message)
{
	struct alert_message m = *message;

	if (broken) {
		state->failures++;
		m.recovery = false;
		if (!state->open && state->failures >= state->spec->after) {
			state->open = true;
			deliver(alerts, state, &m);
		}
	} else if (healthy) {
		state->failures = 0;
		m.recovery = true;
		if (state->open && state->spec->on_recovery)
			deliver(alerts, state, &m);
		state->open = false;
	}
}
