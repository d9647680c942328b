/*
 * Log source k8s: the containers of the pods a selector names, through the API server (core v1): the
 * pods page by page, each log there is (of the container before a restart, too), the events. One
 * request after the other.
 */
#include <stdlib.h>

#include "kube.h"

#include "probe/http.h"
#include "probe/json.h"
#include "probe/url.h"

enum { PAGE_SIZE = 250, TRIES_MAX = 5, LOG_BYTES = 32 << 20, LIST_BYTES = 32 << 20 };

enum stage { STAGE_PODS, STAGE_LOGS, STAGE_EVENTS };

struct kube_spec {
	struct str name_space, selector, kubeconfig, context;
	int64_t since;
};

struct kube_state {
	struct kube kube;
	struct kube_pods pods;
	struct http_transfer *transfer;
	struct timer again;
	enum stage stage;
	size_t log; /* the one being read */
	struct str name_space, token;
	const char *url;
	int tries;
	int64_t wait;
};

static const struct field fields[] = {
	{.name = "namespace",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct kube_spec, name_space),
		.help = "instead of the context's or the pod's own"},
	{.name = "selector",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct kube_spec, selector),
		.help = "a label selector, such as app=backend; without it all pods"},
	{.name = "kubeconfig",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct kube_spec, kubeconfig),
		.help = "a file instead of KUBECONFIG"},
	{.name = "context",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct kube_spec, context),
		.help = "a context of the kubeconfig, instead of the current one"},
	{.name = "since",
		.type = FIELD_DURATION,
		.offset = FIELD_AT(struct kube_spec, since),
		.min = 1,
		.max = 90 * 86400,
		.help = LOG_SINCE_HELP},
	{.name = NULL},
};

static void go_on(struct log_fetch *fetch);

static int64_t window_start(const struct log_fetch *fetch)
{
	const struct kube_spec *spec = log_fetch_spec(fetch);

	return log_fetch_since(fetch, spec->since);
}

static int parse(struct arena *arena, struct str text, void *out, struct error *err)
{
	struct kube_spec *spec = out;
	size_t slash = str_find_char(text, '/');

	if (!text.len)
		return error_set(err, "a namespace is missing, write k8s:NAMESPACE/SELECTOR");
	spec->name_space = arena_str(arena, str_sub(text, 0, slash));
	if (slash != SIZE_MAX)
		spec->selector = arena_str(arena, str_from(text, slash + 1));
	return 0;
}

static const char *title(struct arena *arena, const void *spec)
{
	const struct kube_spec *s = spec;

	return arena_printf(arena, "k8s:%.*s/%.*s", STR_ARG(s->name_space), STR_ARG(s->selector));
}

static const char *path_of(struct log_fetch *fetch, const char *what)
{
	const struct kube_state *s = log_fetch_state(fetch);
	struct arena *arena = log_fetch_arena(fetch);

	return arena_printf(arena, "%s/api/v1/namespaces/%.*s/%s", s->kube.server,
		STR_ARG(url_encode(arena, s->name_space)), what);
}

static const char *pods_url(struct log_fetch *fetch)
{
	const struct kube_spec *spec = log_fetch_spec(fetch);
	const struct kube_state *s = log_fetch_state(fetch);
	struct arena *arena = log_fetch_arena(fetch);
	struct str url = str_of(path_of(fetch, arena_printf(arena, "pods?limit=%d", PAGE_SIZE)));

	if (spec->selector.len)
		url = url_add_query(arena, url, STR("labelSelector"), spec->selector);
	if (s->token.len)
		url = url_add_query(arena, url, STR("continue"), s->token);
	return arena_str(arena, url).ptr;
}

static const char *log_url(struct log_fetch *fetch)
{
	const struct kube_state *s = log_fetch_state(fetch);
	const struct kube_log *log = &s->pods.logs[s->log];
	struct arena *arena = log_fetch_arena(fetch);
	int64_t since = window_start(fetch);
	const char *path = path_of(fetch,
		arena_printf(arena, "pods/%.*s/log?container=%.*s&timestamps=true&limitBytes=%d%s",
			STR_ARG(url_encode(arena, str_of(log->pod))),
			STR_ARG(url_encode(arena, str_of(log->container))), LOG_BYTES,
			log->previous ? "&previous=true" : ""));

	if (since == TIME_NONE)
		return path;
	int64_t seconds = (clock_wall() - since) / NS_PER_S + 1;

	return arena_printf(
		arena, "%s&sinceSeconds=%lld", path, (long long)(seconds < 1 ? 1 : seconds));
}

static void again(void *ctx)
{
	go_on(ctx);
}

/* Waits as the answer says, else a second, then twice as long each time. */
static void try_later(struct log_fetch *fetch, const struct http_result *result)
{
	struct kube_state *s = log_fetch_state(fetch);
	struct loop *loop = log_fetch_loop(fetch);

	s->wait = s->wait ? s->wait * 2 : NS_PER_S;
	int64_t wait = http_retry_after(result, s->wait);

	timer_start(loop, &s->again, loop_now(loop) + wait, again, fetch);
}

/* Why a request was refused, in the words of its Status, and what to do about it. */
static const char *refusal(struct log_fetch *fetch, const struct http_result *result)
{
	const struct kube_state *s = log_fetch_state(fetch);
	struct arena *arena = log_fetch_arena(fetch), *scratch = arena_new();
	struct value body;
	struct str message = STR("");
	const char *remedy = "";

	if (json_parse(scratch, result->body, 0, &body, NULL) == 0)
		message = value_str_or(value_find(&body, "message"), message);
	if (result->status == 401)
		remedy = "; its credential is missing, wrong or expired: give a fresh token";
	else if (result->status == 403)
		remedy = arena_printf(arena,
			"; grant a Role with get and list on pods, pods/log and events in "
			"namespace '%.*s'",
			STR_ARG(s->name_space));
	const char *text = arena_printf(arena, "the API server answered %lld%s%.*s%s",
		(long long)result->status, message.len ? ": " : "",
		STR_ARG(str_sub(message, 0, 300)), remedy);

	arena_free(scratch);
	return text;
}

static void pods_done(struct log_fetch *fetch, const struct http_result *result)
{
	const struct kube_spec *spec = log_fetch_spec(fetch);
	struct kube_state *s = log_fetch_state(fetch);
	struct error err;

	if (result->status != 200) {
		log_fetch_failed(fetch, "%s", refusal(fetch, result));
		return;
	}
	if (kube_pods_read(log_fetch_arena(fetch), result->body, window_start(fetch), &s->pods,
		    &s->token, &err) != 0) {
		log_fetch_failed(fetch, "%s", err.text);
		return;
	}
	if (!s->token.len && s->pods.pods == 0) {
		log_fetch_failed(fetch, "no pod%s%.*s in namespace '%.*s'",
			spec->selector.len ? " matches " : "", STR_ARG(spec->selector),
			STR_ARG(s->name_space));
		return;
	}
	if (!s->token.len)
		s->stage = s->pods.count ? STAGE_LOGS : STAGE_EVENTS;
	go_on(fetch);
}

static void log_done(struct log_fetch *fetch, const struct http_result *result)
{
	struct kube_state *s = log_fetch_state(fetch);
	const struct kube_log *log = &s->pods.logs[s->log];
	bool more = true;

	if (result->status == 200) {
		more = log_fetch_read(fetch, result->body, log->instance);
		log_fetch_end(fetch);
		if (result->body_cut || result->body.len >= LOG_BYTES)
			log_fetch_partial(fetch, "only the first %d MiB of '%s' were read",
				LOG_BYTES >> 20, log->instance);
	} else if (result->status != 400 && result->status != 404) {
		/* 400 and 404: the container has no log yet, or no longer. */
		log_fetch_partial(fetch, "'%s': %s", log->instance, refusal(fetch, result));
	}
	s->log++;
	if (s->log >= s->pods.count)
		s->stage = STAGE_EVENTS;
	if (more)
		go_on(fetch);
	else
		log_fetch_done(fetch);
}

static void events_done(struct log_fetch *fetch, const struct http_result *result)
{
	struct kube_state *s = log_fetch_state(fetch);
	struct error err;

	if (result->status != 200)
		log_fetch_partial(fetch, "events: %s", refusal(fetch, result));
	else if (kube_events_read(
			 &s->pods, result->body, window_start(fetch), &s->pods.states, &err) != 0)
		log_fetch_partial(fetch, "events: %s", err.text);
	if (s->pods.states.len)
		log_fetch_read(fetch, buf_str(&s->pods.states), NULL);
	log_fetch_done(fetch);
}

static void answered(void *ctx, const struct http_result *result)
{
	struct log_fetch *fetch = ctx;
	struct kube_state *s = log_fetch_state(fetch);

	s->transfer = NULL;
	if (result->failure != FAILURE_NONE && !result->body_cut) {
		log_fetch_failed(fetch, "API server %s: %s: %s", s->kube.server,
			failure_text(result->failure),
			result->detail ? result->detail : "no answer");
		return;
	}
	if ((result->status == 429 || result->status >= 500) && ++s->tries < TRIES_MAX) {
		try_later(fetch, result);
		return;
	}
	s->tries = 0;
	s->wait = 0;
	if (s->stage == STAGE_PODS)
		pods_done(fetch, result);
	else if (s->stage == STAGE_LOGS)
		log_done(fetch, result);
	else
		events_done(fetch, result);
}

static void go_on(struct log_fetch *fetch)
{
	struct kube_state *s = log_fetch_state(fetch);
	const char *url;

	if (s->stage == STAGE_PODS)
		url = pods_url(fetch);
	else if (s->stage == STAGE_LOGS)
		url = log_url(fetch);
	else
		url = path_of(fetch, "events?limit=2000&fieldSelector=involvedObject.kind%3DPod");
	s->transfer = http_start(log_fetch_loop(fetch),
		&(struct http_request){.method = STR("GET"),
			.url = str_of(url),
			.credentials = s->kube.credentials,
			.connection = &s->kube.connection,
			.max_body = LIST_BYTES + 1},
		answered, fetch);
}

static void start(struct log_fetch *fetch)
{
	const struct kube_spec *spec = log_fetch_spec(fetch);
	struct kube_state *s = log_fetch_state(fetch);
	struct error err;

	buf_init(&s->pods.states, LIST_BYTES);
	if (!log_fetch_loop(fetch)) {
		log_fetch_failed(fetch, "cannot be read without a network");
		return;
	}
	if (kube_load(log_fetch_arena(fetch), spec->kubeconfig, spec->context, &s->kube, &err) !=
		0) {
		log_fetch_failed(fetch, "%s", err.text);
		return;
	}
	s->name_space = spec->name_space.len ? spec->name_space : s->kube.name_space;
	if (!s->name_space.len)
		s->name_space = STR("default");
	go_on(fetch);
}

static void stop(struct log_fetch *fetch)
{
	struct kube_state *s = log_fetch_state(fetch);

	if (s->transfer)
		http_cancel(s->transfer);
	if (log_fetch_loop(fetch))
		timer_stop(log_fetch_loop(fetch), &s->again);
	buf_release(&s->pods.states);
	kube_release(&s->kube);
}

const struct log_source_kind source_kubernetes = {
	.name = "k8s",
	.help = "containers of pods through the API server, with their events",
	.example = "- k8s: {namespace: default, selector: app=backend}",
	.fields = fields,
	.spec_size = sizeof(struct kube_spec),
	.state_size = sizeof(struct kube_state),
	.parse = parse,
	.title = title,
	.start = start,
	.stop = stop,
};
