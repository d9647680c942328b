/* Kind `tcp`: connects; sends and waits for bytes when asked to. */
#include "probe/stream.h"

#include "steps_private.h"

enum { BANNER_MAX = 64 << 10, QUIET_MS = 50 };

struct tcp_spec {
	struct str address, send, expect;
};

struct tcp_state {
	struct stream *stream;
	struct buf banner;
	struct timer quiet; /* the peer has stopped speaking */
	bool connected;
};

static struct node *shorthand(struct arena *arena, const struct node *node, struct diags *diags)
{
	return step_scalar_as(arena, node, "address", "db:5432", diags);
}

static const char *describe(struct arena *arena, const void *ctx, struct str target)
{
	const struct tcp_spec *spec = ctx;
	struct str host;
	unsigned port;

	if (address_join(arena, target, spec->address, 0, &host, &port, NULL) < 0)
		return NULL;
	return arena_printf(arena, "%.*s:%u", STR_ARG(host), port);
}

static bool absolute(const void *ctx)
{
	const struct tcp_spec *spec = ctx;

	return spec->address.len && spec->address.ptr[0] != ':';
}

/* A port cannot be guessed. One that is known only while running is looked at then. */
static void validate(const void *ctx, const struct node *body, int64_t timeout, struct diags *diags)
{
	const struct tcp_spec *spec = ctx;
	const struct node *address = node_find(body, "address");
	struct arena *arena = arena_new();
	struct str host;
	unsigned port;
	struct error err;

	(void)timeout;
	if (absolute(spec) && address_join(arena, STR(""), spec->address, 0, &host, &port, &err))
		diag_error(diags, address ? address->span : body->span, "%s", err.text);
	arena_free(arena);
}

/* Whether bytes are waited for at all: told to, or somebody looks at them. */
static bool reads(struct attempt *a)
{
	const struct tcp_spec *spec = attempt_spec(a);

	return spec->expect.len || attempt_wants_fact(a, "banner");
}

static void record(struct attempt *a)
{
	struct tcp_state *state = attempt_state(a);
	struct timing timing;

	if (!state->stream)
		return;
	stream_timing(state->stream, &timing);
	attempt_timing(a, &timing);
	if (*stream_remote(state->stream))
		attempt_remote(a, str_of(stream_remote(state->stream)));
	if (state->banner.len)
		attempt_fact(a, "banner",
			value_string(arena_str(attempt_arena(a), buf_str(&state->banner))));
}

static void on_quiet(void *ctx)
{
	attempt_done(ctx, FAILURE_NONE, "%s", "");
}

static void on_open(void *ctx)
{
	struct attempt *a = ctx;
	const struct tcp_spec *spec = attempt_spec(a);
	struct tcp_state *state = attempt_state(a);

	state->connected = true;
	record(a);
	stream_write(state->stream, spec->send);
	if (!reads(a) && !stream_unsent(state->stream))
		timer_start(attempt_loop(a), &state->quiet, loop_now(attempt_loop(a)), on_quiet, a);
	else if (!reads(a))
		timer_start(attempt_loop(a), &state->quiet,
			loop_now(attempt_loop(a)) + QUIET_MS * NS_PER_MS, on_quiet, a);
}

static void on_data(void *ctx, struct str bytes)
{
	struct attempt *a = ctx;
	const struct tcp_spec *spec = attempt_spec(a);
	struct tcp_state *state = attempt_state(a);
	bool fits = buf_add_str(&state->banner, bytes);

	if (spec->expect.len) {
		if (str_find(buf_str(&state->banner), spec->expect) != SIZE_MAX)
			attempt_done(a, FAILURE_NONE, "%s", "");
		else if (!fits)
			attempt_done(a, FAILURE_CHECK,
				"'%.*s' is not in the first %d bytes that the peer sent",
				STR_ARG(spec->expect), BANNER_MAX);
		return;
	}
	if (!reads(a))
		return;
	if (!fits)
		attempt_done(a, FAILURE_NONE, "%s", "");
	else
		timer_start(attempt_loop(a), &state->quiet,
			loop_now(attempt_loop(a)) + QUIET_MS * NS_PER_MS, on_quiet, a);
}

static void on_ended(void *ctx, enum failure failure, const char *detail)
{
	struct attempt *a = ctx;
	const struct tcp_spec *spec = attempt_spec(a);
	struct tcp_state *state = attempt_state(a);

	if (failure != FAILURE_NONE)
		attempt_done(a, failure, "%s", detail);
	else if (spec->expect.len)
		attempt_done(a, FAILURE_CHECK, "the peer closed after %zu bytes without '%.*s'",
			state->banner.len, STR_ARG(spec->expect));
	else
		attempt_done(a, FAILURE_NONE, "%s", "");
}

static void start(struct attempt *a)
{
	static const struct stream_events events = {on_open, on_data, on_ended};
	const struct tcp_spec *spec = attempt_spec(a);
	struct tcp_state *state = attempt_state(a);
	struct stream_options options = {.connection = attempt_connection(a)};
	struct error err;

	buf_init(&state->banner, BANNER_MAX);
	if (address_join(attempt_arena(a), attempt_target(a), spec->address, 0, &options.host,
		    &options.port, &err) < 0)
		step_unfit(a, &err);
	else
		state->stream = stream_start(attempt_loop(a), &options, &events, a);
}

static void stop(struct attempt *a)
{
	struct tcp_state *state = attempt_state(a);

	record(a);
	timer_stop(attempt_loop(a), &state->quiet);
	stream_free(state->stream);
	state->stream = NULL;
	buf_release(&state->banner);
}

static const struct field fields[] = {
	{.name = "address",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct tcp_spec, address),
		.required = true,
		.help = "HOST:PORT; without a host the target's."},
	{.name = "send",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct tcp_spec, send),
		.help = "Bytes that are sent once connected."},
	{.name = "expect",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct tcp_spec, expect),
		.help = "Text that the peer has to send; what came is the fact banner."},
	{.name = NULL},
};

static const struct fact_def facts[] = {
	{"banner", "string", "what the peer sent, 64 KiB at most"},
	FACTS_TIME,
	{NULL, NULL, NULL},
};

const struct step_kind step_tcp = {
	.name = "tcp",
	.help = "Connects by TCP; sends and expects bytes when told to.",
	.example = "tcp: db:5432",
	.facts = facts,
	.fields = fields,
	.uses = STEP_USES_CONNECTION | STEP_USES_TARGET,
	.spec_size = sizeof(struct tcp_spec),
	.state_size = sizeof(struct tcp_state),
	.shorthand = shorthand,
	.validate = validate,
	.describe = describe,
	.absolute = absolute,
	.start = start,
	.stop = stop,
};
