/*
 * Kind `websocket`: the handshake, with all its answer when it is refused, and a dialog. Actions run
 * one after the other (advance); an `expect` waits for messages (on_message), for the peer's close
 * (on_ended) or for its limit (on_limit).
 */
#include <stdio.h>

#include "dialog.h"
#include "steps_private.h"
#include "websocket_text.h"

enum { CLOSE_WAIT_MS = 2000, MARGIN_MS = 2, LAST_KEPT = 4096 };

struct ws_spec {
	struct str path, url, origin;
	struct strs subprotocols;
	const struct node *dialog;
	uint64_t max_message;
};

struct ws_state {
	struct ws *ws;
	struct dialog dialog;
	size_t at;
	struct timer limit;
	bool waiting, closing, settling;
	bool by_timeout;  /* the expectation ends with the attempt, not by a `within` */
	int64_t limit_ns; /* how long the expectation has, for its message */
	int64_t ping_sent;
	int64_t messages;
	enum ws_kind last_kind; /* the last message, for people: its begin, and its size */
	size_t last_size;
	char last[LAST_KEPT];
};

/* Facts */

static void record(struct attempt *a)
{
	struct ws_state *state = attempt_state(a);
	struct arena *arena = attempt_arena(a);
	struct ws_answer answer;

	if (!state->ws)
		return;
	ws_answer(state->ws, &answer);
	attempt_timing(a, &answer.timing);
	step_record_tls(a, answer.tls);
	if (*answer.remote)
		attempt_remote(a, arena_str(arena, str_of(answer.remote)));
	if (answer.handshake != TIME_NONE)
		attempt_fact(a, "time.handshake", value_integer(answer.handshake));
	if (!answer.status)
		return;
	struct pairs headers = step_copy_pairs(arena, &answer.headers);

	attempt_fact(a, "status", value_integer(answer.status));
	facts_set_headers(attempt_facts(a), &headers);
	if (answer.status != 101)
		facts_set_body(attempt_facts(a), arena_str(arena, answer.body), 0);
	else
		attempt_fact(a, "subprotocol", value_string(arena_str(arena, answer.subprotocol)));
}

static void finish(struct attempt *a)
{
	attempt_done(a, FAILURE_NONE, "%s", "");
}

/* The dialog */

static const char *unmet_text(struct attempt *a)
{
	struct ws_state *state = attempt_state(a);

	return action_unmet(attempt_arena(a), &state->dialog.items[state->at]);
}

static const char *last_text(struct attempt *a)
{
	struct ws_state *state = attempt_state(a);
	size_t kept = state->last_size < LAST_KEPT ? state->last_size : LAST_KEPT;

	bool cut = kept < state->last_size;
	struct str begin = attempt_masked(a, (struct str){state->last, kept}, cut);

	return message_text(attempt_arena(a), state->last_kind, begin, state->last_size, cut);
}

static const char *seen_text(struct attempt *a)
{
	struct ws_state *state = attempt_state(a);

	if (!state->messages)
		return "no message came";
	return arena_printf(attempt_arena(a), "%lld message%s came, the last: %s",
		(long long)state->messages, state->messages == 1 ? "" : "s", last_text(a));
}

static void on_limit(void *ctx)
{
	struct attempt *a = ctx;
	char limit[32];
	struct ws_state *state = attempt_state(a);

	duration_print(state->limit_ns, limit);
	attempt_done(a, FAILURE_TIMEOUT, "nothing that fits %s within %s%s; %s", unmet_text(a),
		state->by_timeout ? "the timeout of " : "", limit, seen_text(a));
}

static void advance(struct attempt *);

static void on_held(void *ctx)
{
	struct attempt *a = ctx;
	struct ws_state *state = attempt_state(a);

	state->at++;
	advance(a);
}

/* A peer that does not answer our close is left after a while: it had its say before. */
static void on_close_wait(void *ctx)
{
	finish(ctx);
}

static void begin_close(struct attempt *a, unsigned code, struct str reason)
{
	struct ws_state *state = attempt_state(a);
	int64_t wait = loop_now(attempt_loop(a)) + CLOSE_WAIT_MS * NS_PER_MS;
	int64_t last = attempt_deadline(a) - MARGIN_MS * NS_PER_MS;

	state->closing = true;
	ws_close(state->ws, code, reason);
	timer_start(attempt_loop(a), &state->limit, wait < last ? wait : last, on_close_wait, a);
}

static void begin_expect(struct attempt *a, const struct action *action)
{
	struct ws_state *state = attempt_state(a);
	int64_t now = loop_now(attempt_loop(a));
	int64_t last = attempt_deadline(a) - MARGIN_MS * NS_PER_MS;
	int64_t at = action->within ? now + action->within : last;

	state->waiting = true;
	/* What the attempt's time ends is said here too: whoever waits knows what lacked. */
	state->by_timeout = at >= last;
	state->limit_ns =
		state->by_timeout ? attempt_deadline(a) - attempt_started(a) : action->within;
	timer_start(attempt_loop(a), &state->limit, at < last ? at : last, on_limit, a);
}

static void advance(struct attempt *a)
{
	struct ws_state *state = attempt_state(a);

	timer_stop(attempt_loop(a), &state->limit);
	state->waiting = false;
	for (; state->at < state->dialog.count; state->at++) {
		const struct action *action = &state->dialog.items[state->at];

		switch (action->act) {
		case ACT_SEND:
			if (action->kind == WS_PING)
				state->ping_sent = clock_monotonic();
			ws_send(state->ws, action->kind, action->payload);
			break;
		case ACT_EXPECT: begin_expect(a, action); return;
		case ACT_HOLD:
			timer_start(attempt_loop(a), &state->limit,
				loop_now(attempt_loop(a)) + action->hold, on_held, a);
			return;
		case ACT_CLOSE: begin_close(a, action->code, action->payload); return;
		}
	}
	begin_close(a, 1000, STR(""));
}

static void note_message(struct attempt *a, enum ws_kind kind, struct str payload)
{
	struct ws_state *state = attempt_state(a);

	state->messages++;
	attempt_fact(a, "messages_total", value_integer(state->messages));
	state->last_kind = kind;
	state->last_size = payload.len;
	memcpy(state->last, payload.ptr, payload.len < LAST_KEPT ? payload.len : LAST_KEPT);
	attempt_message(a, payload);
}

static void on_message(void *ctx, enum ws_kind kind, struct str payload)
{
	struct attempt *a = ctx;
	struct ws_state *state = attempt_state(a);

	if (kind == WS_PONG && state->ping_sent) {
		attempt_fact(a, "time.ping", value_integer(clock_monotonic() - state->ping_sent));
		state->ping_sent = 0;
	}
	if (kind != WS_PONG)
		note_message(a, kind, payload);
	if (!state->waiting)
		return;
	struct action *action = &state->dialog.items[state->at];

	for (size_t i = 0; i < action->wanted_count; i++) {
		struct wanted *w = &action->wanted[i];

		if (w->met || !wanted_fits(w, attempt_fill(a), kind, payload))
			continue;
		w->met = true;
		if (action_met(action)) {
			state->at++;
			advance(a);
		}
		return;
	}
	if (action->strict && kind != WS_PONG) {
		state->waiting = false;
		attempt_done(a, FAILURE_CHECK, "wanted %s, got %s", unmet_text(a), last_text(a));
	}
}

/* The handshake and the end */

static void on_settled(void *ctx)
{
	finish(ctx);
}

static void on_open(void *ctx)
{
	struct attempt *a = ctx;
	struct ws_state *state = attempt_state(a);
	int64_t settle = attempt_settle(a);

	record(a);
	if (!settle) {
		advance(a);
		return;
	}
	/* A bad credential was let in so far; a refusing close may still follow. */
	int64_t until = loop_now(attempt_loop(a)) + settle;
	int64_t last = attempt_deadline(a) - MARGIN_MS * NS_PER_MS;

	state->settling = true;
	timer_start(attempt_loop(a), &state->limit, until < last ? until : last, on_settled, a);
}

/* The peer's close while something else was the matter. */
static void closed_early(struct attempt *a, const struct ws_end *end)
{
	struct ws_state *state = attempt_state(a);

	if (state->waiting)
		attempt_done(a, FAILURE_CHECK, "%s while waiting for %s; %s",
			close_text(attempt_arena(a), end), unmet_text(a), seen_text(a));
	else
		attempt_done(a, FAILURE_CHECK, "%s during hold", close_text(attempt_arena(a), end));
}

static bool close_fits(struct attempt *a, const struct ws_end *end)
{
	struct ws_state *state = attempt_state(a);

	if (!state->waiting)
		return false;
	struct action *action = &state->dialog.items[state->at];

	for (size_t i = 0; i < action->wanted_count; i++)
		if (action->wanted[i].close && close_wanted(&action->wanted[i], end->close_code))
			action->wanted[i].met = true;
	return action_met(action) && !dialog_wants_after(&state->dialog, state->at);
}

/* Whether a refusal was wanted is for the checks to say; the server's reason goes with it. */
static void refused(struct attempt *a)
{
	struct ws_state *state = attempt_state(a);
	struct ws_answer answer;

	ws_answer(state->ws, &answer);
	answer.body = attempt_masked(a, answer.body, true);
	for (size_t i = 0; i < answer.headers.count; i++)
		answer.headers.items[i].value =
			attempt_masked(a, answer.headers.items[i].value, false);
	attempt_done(a, FAILURE_NONE, "%s", refusal_text(attempt_arena(a), &answer));
}

static void on_ended(void *ctx, const struct ws_end *end)
{
	struct attempt *a = ctx;
	struct ws_state *state = attempt_state(a);
	struct arena *arena = attempt_arena(a);

	timer_stop(attempt_loop(a), &state->limit);
	record(a);
	if (end->close_code >= 0) {
		attempt_fact(a, "close_code", value_integer(end->close_code));
		attempt_fact(a, "close_reason", value_string(arena_str(arena, end->reason)));
	}
	if (end->failure != FAILURE_NONE)
		attempt_done(a, end->failure, "%s", end->detail ? end->detail : "");
	else if (end->close_code < 0)
		refused(a);
	else if (state->settling || state->closing)
		finish(a);
	else if (close_fits(a, end))
		finish(a);
	else
		closed_early(a, end);
}

/* The beginning */

static void set_headers(struct attempt *a, const struct ws_spec *spec, struct pairs *out)
{
	struct pairs given = step_headers(a);
	const struct pairs *credential = &attempt_credential(a)->headers;
	struct pair *items =
		ARENA_ARRAY(attempt_arena(a), given.count + credential->count + 1, struct pair);
	size_t n = 0;

	if (spec->origin.len)
		items[n++] = (struct pair){STR("Origin"), spec->origin};
	for (size_t i = 0; i < given.count; i++)
		if (!spec->origin.len || !str_is_nocase(given.items[i].name, "origin"))
			items[n++] = given.items[i];
	for (size_t i = 0; i < credential->count; i++)
		items[n++] = credential->items[i];
	*out = (struct pairs){items, n};
}

static void set_subprotocols(struct attempt *a, const struct ws_spec *spec, struct strs *out)
{
	const struct strs *first = &attempt_credential(a)->subprotocols;

	out->items =
		ARENA_ARRAY(attempt_arena(a), first->count + spec->subprotocols.count, struct str);
	for (size_t i = 0; i < first->count; i++)
		out->items[out->count++] = first->items[i];
	for (size_t i = 0; i < spec->subprotocols.count; i++)
		out->items[out->count++] = spec->subprotocols.items[i];
}

static void start(struct attempt *a)
{
	static const struct ws_events events = {on_open, on_message, on_ended};
	const struct ws_spec *spec = attempt_spec(a);
	struct ws_state *state = attempt_state(a);
	const struct fill *fill = attempt_fill(a);
	struct ws_options options = {
		.max_message = spec->max_message,
		.connection = attempt_connection(a),
	};
	struct error err;

	dialog_parse(attempt_arena(a), spec->dialog, fill, attempt_deadline(a) - attempt_started(a),
		fill->diags, &state->dialog);
	if (diags_failed(fill->diags)) {
		attempt_done(a, FAILURE_CAPTURE, "a value of the dialog does not fit: %s",
			fill->diags->items[0].message);
		return;
	}
	set_headers(a, spec, &options.headers);
	set_subprotocols(a, spec, &options.subprotocols);
	if (step_url(a, spec->path, spec->url, true, &options.url, &err) == 0)
		state->ws = ws_start(attempt_loop(a), &options, &events, a, &err);
	if (!state->ws)
		step_unfit(a, &err);
}

static void stop(struct attempt *a)
{
	struct ws_state *state = attempt_state(a);

	timer_stop(attempt_loop(a), &state->limit);
	record(a);
	ws_free(state->ws);
	state->ws = NULL;
}

/* The file's side */

static struct node *shorthand(struct arena *arena, const struct node *node, struct diags *diags)
{
	return step_scalar_as(arena, node, "path", "/ws", diags);
}

static void validate(const void *ctx, const struct node *body, int64_t timeout, struct diags *diags)
{
	const struct ws_spec *spec = ctx;
	const char *problem = subprotocols_problem(diags->arena, &spec->subprotocols);
	struct dialog dialog;

	if (problem)
		diag_error(diags, node_key_span(body, "subprotocols"), "%s", problem);
	if (body->type == NODE_MAP && !node_find(body, "path") && !node_find(body, "url"))
		diag_error(diags, body->span, "neither 'path' nor 'url' is given");
	if (body->type == NODE_MAP && node_find(body, "path") && node_find(body, "url"))
		diag_error(
			diags, node_key_span(body, "url"), "'path' and 'url' exclude each other");
	dialog_parse(diags->arena, spec->dialog, NULL, timeout, diags, &dialog);
}

static const char *describe(struct arena *arena, const void *ctx, struct str target)
{
	const struct ws_spec *spec = ctx;
	struct str url;

	if (url_join(arena, target, spec->url.len ? spec->url : spec->path, true, &url, NULL) < 0)
		return NULL;
	return arena_str(arena, url_masked(arena, url)).ptr;
}

static bool absolute(const void *ctx)
{
	const struct ws_spec *spec = ctx;

	return str_find(spec->url, STR("://")) != SIZE_MAX ||
	       str_find(str_sub(spec->path, 0, 16), STR("://")) != SIZE_MAX;
}

static const struct field fields[] = {
	{.name = "path",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct ws_spec, path),
		.help = "Path below the target, or an absolute URL."},
	{.name = "url",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct ws_spec, url),
		.help = "Absolute URL instead of a path."},
	{.name = "origin",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct ws_spec, origin),
		.help = "The Origin header."},
	{.name = "subprotocols",
		.type = FIELD_STRINGS,
		.offset = FIELD_AT(struct ws_spec, subprotocols),
		.help = "Subprotocols to offer, in this order."},
	{.name = "dialog",
		.type = FIELD_NODE,
		.offset = FIELD_AT(struct ws_spec, dialog),
		.schema = "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"minProperties\":1,"
			  "\"maxProperties\":1,\"additionalProperties\":false,\"properties\":{"
			  "\"send\":{},\"expect\":{},\"expect_all\":{},"
			  "\"hold\":{\"type\":\"string\"},\"close\":{}}}}",
		.help = "What to do once open: a list of send, expect, expect_all, hold, close."},
	{.name = "max_message",
		.type = FIELD_SIZE,
		.offset = FIELD_AT(struct ws_spec, max_message),
		.min = 1,
		.max = 1 << 28,
		.fallback = "16MiB",
		.help = "Largest message that is taken."},
	{.name = NULL},
};

static const struct fact_def facts[] = {
	{"status", "integer", "status of the handshake's answer, 101 when accepted"},
	{"header", "object", "headers of the answer by name, in any case"},
	{"header.*", "string", "one header; repeated ones are joined by \", \""},
	{"body", "string", "body of a refusal, 64 KiB at most"},
	{"json", "object", "body of a refusal as JSON"},
	{"subprotocol", "string", "subprotocol the server selected, empty when none"},
	{"messages", "list", "messages that came, in order, the first 1,000 or 16 MiB"},
	{"messages_total", "integer", "how many messages came, none left out"},
	{"close_code", "integer", "code of the peer's close; 1005 none given, 1006 lost"},
	{"close_reason", "string", "reason of the peer's close"},
	FACTS_TIME,
	{"time.tls", "duration", "TLS handshake"},
	{"time.first_byte", "duration", "from the request to the first byte of the answer"},
	{"time.handshake", "duration", "from the start to the open socket"},
	{"time.ping", "duration", "round trip of the last ping that was answered"},
	FACTS_TLS,
	{NULL, NULL, NULL},
};

static const struct implied_check implied[] = {{"status", "101"}, {NULL, NULL}};

const struct step_kind step_websocket = {
	.name = "websocket",
	.help = "Opens a WebSocket and plays a dialog.",
	.example = "websocket: /ws",
	.facts = facts,
	.fields = fields,
	.implied = implied,
	.uses = STEP_USES_CONNECTION | STEP_USES_AUTH | STEP_USES_REJECT | STEP_USES_TARGET,
	.spec_size = sizeof(struct ws_spec),
	.state_size = sizeof(struct ws_state),
	.shorthand = shorthand,
	.validate = validate,
	.describe = describe,
	.absolute = absolute,
	.start = start,
	.stop = stop,
};
