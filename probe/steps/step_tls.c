/* Kind `tls`: a handshake that is completed whatever the certificate, so that its facts exist and the
 * implied check on tls.verified judges them. */
#include "probe/stream.h"

#include "steps_private.h"

/* How long a TLS 1.3 server that asked for a client certificate is given to refuse it. */
enum { REFUSAL_MS = 500, POLL_MS = 5 };

struct tls_spec {
	struct str address, alpn;
};

struct tls_state {
	struct stream *stream;
	struct timer wait;
	int64_t open_until;
};

static struct node *shorthand(struct arena *arena, const struct node *node, struct diags *diags)
{
	return step_scalar_as(arena, node, "address", "example.com:443", diags);
}

static const char *describe(struct arena *arena, const void *ctx, struct str target)
{
	const struct tls_spec *spec = ctx;
	struct str host;
	unsigned port;

	if (address_join(arena, target, spec->address, 443, &host, &port, NULL) < 0)
		return NULL;
	return arena_printf(arena, "%.*s:%u", STR_ARG(host), port);
}

static bool absolute(const void *ctx)
{
	const struct tls_spec *spec = ctx;

	return spec->address.len && spec->address.ptr[0] != ':';
}

static void record(struct attempt *a)
{
	struct tls_state *state = attempt_state(a);
	struct timing timing;

	if (!state->stream)
		return;
	stream_timing(state->stream, &timing);
	attempt_timing(a, &timing);
	if (*stream_remote(state->stream))
		attempt_remote(a, str_of(stream_remote(state->stream)));
	step_record_tls(a, stream_tls(state->stream));
}

static void on_wait(void *ctx)
{
	struct attempt *a = ctx;
	struct tls_state *state = attempt_state(a);
	int64_t now = loop_now(attempt_loop(a));

	if (!stream_tls_unsettled(state->stream) || now >= state->open_until)
		attempt_done(a, FAILURE_NONE, "%s", "");
	else
		timer_start(attempt_loop(a), &state->wait, now + POLL_MS * NS_PER_MS, on_wait, a);
}

static void on_open(void *ctx)
{
	struct attempt *a = ctx;
	struct tls_state *state = attempt_state(a);
	int64_t now = loop_now(attempt_loop(a));
	int64_t half = now + (attempt_deadline(a) - now) / 2;

	/* The handshake's own facts are kept now: after a refusal OpenSSL has forgotten some. */
	record(a);
	state->open_until = now + REFUSAL_MS * NS_PER_MS;
	if (state->open_until > half)
		state->open_until = half;
	on_wait(a);
}

static void on_data(void *ctx, struct str bytes)
{
	(void)bytes;
	attempt_done(ctx, FAILURE_NONE, "%s", "");
}

static void on_ended(void *ctx, enum failure failure, const char *detail)
{
	attempt_done(ctx, failure, "%s", detail ? detail : "");
}

static void start(struct attempt *a)
{
	static const struct stream_events events = {on_open, on_data, on_ended};
	const struct tls_spec *spec = attempt_spec(a);
	struct tls_state *state = attempt_state(a);
	struct stream_options options = {
		.connection = attempt_connection(a),
		.tls = true,
		.trust_any = true,
	};
	struct error err;

	if (spec->alpn.len)
		options.alpn = arena_str(attempt_arena(a), spec->alpn).ptr;
	if (address_join(attempt_arena(a), attempt_target(a), spec->address, 443, &options.host,
		    &options.port, &err) < 0)
		step_unfit(a, &err);
	else
		state->stream = stream_start(attempt_loop(a), &options, &events, a);
}

static void stop(struct attempt *a)
{
	struct tls_state *state = attempt_state(a);

	record(a);
	timer_stop(attempt_loop(a), &state->wait);
	stream_free(state->stream);
	state->stream = NULL;
}

static const struct field fields[] = {
	{.name = "address",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct tls_spec, address),
		.required = true,
		.help = "HOST:PORT; without a host the target's, without a port 443."},
	{.name = "alpn",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct tls_spec, alpn),
		.help = "Application protocol to offer, such as h2."},
	{.name = NULL},
};

static const struct fact_def facts[] = {
	FACTS_TLS,
	FACTS_TIME,
	{"time.tls", "duration", "TLS handshake"},
	{NULL, NULL, NULL},
};

static const struct implied_check implied[] = {{"tls.verified", "true"}, {NULL, NULL}};

const struct step_kind step_tls = {
	.name = "tls",
	.help = "Does a TLS handshake and looks at the certificate.",
	.example = "tls: example.com:443",
	.facts = facts,
	.fields = fields,
	.implied = implied,
	.uses = STEP_USES_CONNECTION | STEP_USES_TARGET,
	.spec_size = sizeof(struct tls_spec),
	.state_size = sizeof(struct tls_state),
	.shorthand = shorthand,
	.describe = describe,
	.absolute = absolute,
	.start = start,
	.stop = stop,
};
