#include "server_blackbox.h"

#include <stdlib.h>

#include "probe/metrics.h"
#include "probe/url.h"

#include "monitor_private.h"

enum { RUNS_AT_ONCE = 32, ANSWER_MAX = 1 << 16 };

#define TIMEOUT_DEFAULT (9 * NS_PER_S)
#define TIMEOUT_MAX (60 * NS_PER_S)
/* What remains to the asker for the way back, as blackbox_exporter has it. */
#define WAY_BACK (NS_PER_S / 2)

struct blackbox {
	struct loop *loop;
	struct monitor *monitor;
	struct strs allow;
	size_t running;
};

struct blackbox_run {
	struct blackbox *blackbox;
	struct arena *arena;
	struct redactor *redactor;
	const struct module *module;
	struct scenario scenario;
	struct step_source step;
	struct url url;
	struct engine *engine;
	struct run *run;
	struct timer timer;
	void (*done)(void *ctx, int status, struct str text);
	void *ctx;
};

/* A module: a kind of step, how its target is written, and the facts whose values are wanted. */
struct module {
	const char *name, *kind;
	const char *scheme, *scheme_tls; /* of targets; the first is the default */
	bool url;                        /* the step takes a URL, not an address */
	const char *facts[4];
	void (*print)(const struct blackbox_run *, const struct step_result *, struct buf *);
};

#define LABELS(...) ((const char *const[]){__VA_ARGS__, NULL})

static double seconds(int64_t ns)
{
	return ns == TIME_NONE ? 0 : (double)ns / (double)NS_PER_S;
}

static void gauge(struct buf *out, const char *name, const char *help, double value)
{
	metric_head(out, name, "gauge", help);
	metric_sample(out, name, value, NULL);
}

static const struct value *fact_of(const struct step_result *step, const char *fact)
{
	for (size_t i = 0; i < step->check_count; i++)
		if (strcmp(step->checks[i].fact, fact) == 0 && step->checks[i].has_actual)
			return &step->checks[i].actual;
	return NULL;
}

static const struct attempt_result *attempt_of(const struct step_result *step)
{
	return step->attempt_count ? &step->attempts[step->attempt_count - 1] : NULL;
}

/* Answers */

static void print_tls(const struct step_result *step, struct buf *out)
{
	struct str version = value_str_or(fact_of(step, "tls.version"), STR(""));
	char text[32];

	if (step->tls_not_after != TIME_NONE)
		gauge(out, "probe_ssl_earliest_cert_expiry",
			"When the certificate expires, unix time",
			(double)(step->tls_not_after / NS_PER_S));
	if (!str_starts(version, "TLSv"))
		return;
	snprintf(text, sizeof(text), "TLS %.*s", STR_ARG(str_from(version, 4)));
	metric_head(out, "probe_tls_version_info", "gauge", "The TLS version that was used");
	metric_sample(out, "probe_tls_version_info", 1, LABELS("version", text));
}

static double http_version(struct str protocol)
{
	if (str_is(protocol, "h2"))
		return 2;
	return str_is(protocol, "http/1.0") ? 1 : protocol.len ? 1.1 : 0;
}

static void print_http(
	const struct blackbox_run *run, const struct step_result *step, struct buf *out)
{
	const struct attempt_result *attempt = attempt_of(step);
	const struct timing none = TIMING_NONE, *t = attempt ? &attempt->timing : &none;
	const struct value *redirects = fact_of(step, "redirects");
	double phases[] = {
		seconds(t->dns), seconds(t->connect), seconds(t->tls), seconds(t->first_byte), 0};
	static const char *const names[] = {"resolve", "connect", "tls", "processing", "transfer"};
	double rest = seconds(t->total) - phases[0] - phases[1] - phases[2] - phases[3];

	phases[4] = rest > 0 && t->first_byte != TIME_NONE ? rest : 0;
	gauge(out, "probe_http_status_code", "Status code of the answer",
		attempt && attempt->observed.status > 0 ? (double)attempt->observed.status : 0);
	metric_head(out, "probe_http_duration_seconds", "gauge",
		"Duration of the request by phase, summed over redirects");
	for (size_t i = 0; i < 5; i++)
		metric_sample(
			out, "probe_http_duration_seconds", phases[i], LABELS("phase", names[i]));
	gauge(out, "probe_http_version", "HTTP version of the answer",
		http_version(value_str_or(fact_of(step, "protocol"), STR(""))));
	gauge(out, "probe_http_redirects", "Redirects that were followed",
		redirects && value_is_number(redirects) ? value_double(redirects) : 0);
	gauge(out, "probe_http_ssl", "Whether TLS was used", run->url.tls);
	print_tls(step, out);
}

static void print_plain(
	const struct blackbox_run *run, const struct step_result *step, struct buf *out)
{
	(void)run;
	print_tls(step, out);
}

static void print_grpc(
	const struct blackbox_run *run, const struct step_result *step, struct buf *out)
{
	const struct value *status = fact_of(step, "grpc.status");

	(void)run;
	if (status && value_is_number(status))
		gauge(out, "probe_grpc_status_code", "gRPC status code of the answer",
			value_double(status));
	print_tls(step, out);
}

static void print_websocket(
	const struct blackbox_run *run, const struct step_result *step, struct buf *out)
{
	const struct attempt_result *attempt = attempt_of(step);
	int64_t status = attempt ? attempt->observed.status : 0;

	(void)run;
	gauge(out, "probe_websocket_status_code", "Status code of the handshake",
		status > 0 ? (double)status : 0);
	gauge(out, "probe_websocket_connection_upgraded", "Whether the connection was upgraded",
		status == 101);
	print_tls(step, out);
}

static const struct module modules[] = {
	{"http_2xx", "http", "http", "https", true, {"protocol", "redirects"}, print_http},
	{"tcp_connect", "tcp", "tcp", "tcp", false, {NULL}, print_plain},
	{"tls", "tls", "tls", "tls", false, {"tls.version"}, print_plain},
	{"grpc", "grpc", "grpc", "grpcs", false, {"grpc.status"}, print_grpc},
	{"websocket", "websocket", "ws", "wss", true, {NULL}, print_websocket},
};

static void finish(void *ctx)
{
	struct blackbox_run *run = ctx;
	const struct step_result *step = &run->run->steps[0];
	const struct attempt_result *attempt = attempt_of(step);
	BUF_SCOPED struct buf out;

	buf_init(&out, ANSWER_MAX);
	gauge(&out, "probe_success", "Whether the probe succeeded", step->status == STEP_PASSED);
	gauge(&out, "probe_duration_seconds", "How long the probe took",
		seconds(run->run->duration));
	gauge(&out, "probe_dns_lookup_time_seconds", "How long the name took to resolve",
		attempt ? seconds(attempt->timing.dns) : 0);
	gauge(&out, "probe_ip_protocol", "4 or 6; 0: no connection was made",
		!attempt || !attempt->remote ? 0
		: strchr(attempt->remote, ':') && strchr(strchr(attempt->remote, ':') + 1, ':')
			? 6
			: 4);
	run->module->print(run, step, &out);
	run->done(run->ctx, 200, buf_str(&out));
	blackbox_cancel(run);
}

static void on_done(void *ctx, struct run *result)
{
	struct blackbox_run *run = ctx;

	run->run = result;
	loop_defer(run->blackbox->loop, &run->timer, finish, run);
}

/* Questions */

static const struct module *module_find(const char *name)
{
	for (size_t i = 0; i < sizeof(modules) / sizeof(*modules); i++)
		if (strcmp(modules[i].name, name) == 0)
			return &modules[i];
	return NULL;
}

static const struct step_kind *kind_find(const struct blackbox *b, const char *name)
{
	const struct step_kind *const *kinds = b->monitor->options.vocabulary->steps;

	for (size_t i = 0; kinds[i]; i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

/* '*' at either end stands for anything. */
static bool pattern_fits(struct str pattern, struct str text)
{
	bool from = pattern.len && pattern.ptr[0] == '*';
	bool to = pattern.len > 1 && pattern.ptr[pattern.len - 1] == '*';
	struct str middle = str_sub(pattern, from, pattern.len - from - to);

	if (middle.len > text.len)
		return false;
	if (from && to)
		return str_find(text, middle) != SIZE_MAX;
	if (from)
		return str_equal_nocase(str_from(text, text.len - middle.len), middle);
	if (to)
		return str_equal_nocase(str_sub(text, 0, middle.len), middle);
	return str_equal_nocase(text, middle);
}

static bool is_allowed(const struct blackbox *b, struct arena *arena, const struct url *url)
{
	struct str full = str_of(arena_printf(arena, "%.*s:%u", STR_ARG(url->host), url->port));

	for (size_t i = 0; i < b->allow.count; i++)
		if (pattern_fits(b->allow.items[i], url->host) ||
			pattern_fits(b->allow.items[i], full))
			return true;
	for (size_t i = 0; i < b->monitor->count; i++) {
		struct url own;

		if (url_parse(arena, b->monitor->watched[i]->job->plan->target, &own, NULL) == 0 &&
			str_equal_nocase(own.host, url->host) && own.port == url->port)
			return true;
	}
	return false;
}

/* "host", "host:port" or a URL of one of the module's schemes. */
static int target_parse(
	struct blackbox_run *run, const char *target, struct str *text, struct error *err)
{
	const struct module *m = run->module;

	*text = str_of(target);
	if (!str_contains(*text, "://"))
		*text = str_of(arena_printf(run->arena, "%s://%s", m->scheme, target));
	if (url_parse(run->arena, *text, &run->url, err))
		return error_context(err, "target");
	if (!str_is(run->url.scheme, m->scheme) && !str_is(run->url.scheme, m->scheme_tls))
		return error_set(err, "target: module '%s' takes %s:// and not %.*s://", m->name,
			m->scheme, STR_ARG(run->url.scheme));
	if (run->url.userinfo.len)
		return error_set(err, "target: a user and password in a target are not sent");
	return 0;
}

/* A text that stands for itself: "${" in a target is no reference. */
static struct node *literal(struct blackbox_run *run, struct str text)
{
	BUF_SCOPED struct buf out;

	buf_init(&out, 1 << 16);
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '$')
			buf_add_char(&out, '$');
		buf_add_char(&out, text.ptr[i]);
	}
	return node_scalar(run->arena, (struct span){0}, arena_str(run->arena, buf_str(&out)));
}

static struct node *exists_node(struct blackbox_run *run)
{
	struct node *map = node_map(run->arena, (struct span){0});
	struct node *yes = node_scalar(run->arena, (struct span){0}, STR("true"));

	yes->value = value_boolean(true);
	node_map_add(run->arena, map, "exists", yes);
	return map;
}

static struct node *expect_node(struct blackbox_run *run)
{
	struct node *expect = node_map(run->arena, (struct span){0});

	for (size_t i = 0; run->module->facts[i]; i++)
		node_map_add(run->arena, expect, run->module->facts[i], exists_node(run));
	if (run->url.tls && strcmp(run->module->kind, "http") == 0)
		node_map_add(run->arena, expect, "tls.version", exists_node(run));
	return expect->count ? expect : NULL;
}

static struct node *body_node(struct blackbox_run *run, struct str url)
{
	struct node *body = node_map(run->arena, (struct span){0});
	bool v6 = str_find_char(run->url.host, ':') != SIZE_MAX;
	struct node *yes = node_scalar(run->arena, (struct span){0}, STR("true"));

	yes->value = value_boolean(true);
	if (run->module->url) {
		node_map_add(run->arena, body, "url", literal(run, url));
		return body;
	}
	node_map_add(run->arena, body, "address",
		literal(run, str_of(arena_printf(run->arena, v6 ? "[%.*s]:%u" : "%.*s:%u",
				     STR_ARG(run->url.host), run->url.port))));
	if (strcmp(run->module->kind, "grpc") == 0 && run->url.tls)
		node_map_add(run->arena, body, "tls", yes);
	return body;
}

static int64_t timeout_of(int64_t patience)
{
	int64_t timeout = patience > 2 * WAY_BACK ? patience - WAY_BACK
			  : patience              ? patience / 2
						  : TIMEOUT_DEFAULT;

	return timeout < TIMEOUT_MAX ? timeout : TIMEOUT_MAX;
}

static int plan_and_start(struct blackbox_run *run, const struct step_kind *kind, struct str url,
	int64_t patience, struct error *err)
{
	struct blackbox *b = run->blackbox;
	const struct vocabulary *vocabulary = b->monitor->options.vocabulary;
	struct plan_options options = {
		.vars = b->monitor->options.job.plan.vars,
		.connection = b->monitor->options.job.plan.connection,
		.timeout = timeout_of(patience),
	};
	struct engine_options engine = {.auths = vocabulary->auths};
	struct diags diags;

	run->step = (struct step_source){
		.kind = kind,
		.node = node_map(run->arena, (struct span){0}),
		.name = STR("probe"),
		.dir = ".",
		.body = body_node(run, url),
		.expect = expect_node(run),
	};
	run->scenario = (struct scenario){
		.arena = run->arena,
		.file = "probe",
		.dir = ".",
		.name = "probe",
		.steps = &run->step,
		.step_count = 1,
	};
	diags_init(&diags, run->arena);
	struct plan *plan =
		plan_build(run->arena, &run->scenario, vocabulary, &options, run->redactor, &diags);

	if (diags_failed(&diags))
		return error_set(err, "target: %s", diags.items[0].message);
	run->engine = engine_start(run->arena, plan, b->loop, &engine, on_done, run);
	return 0;
}

static int begin(struct blackbox_run *run, const char *target, const char *module, int64_t patience,
	int *status, struct error *err)
{
	struct blackbox *b = run->blackbox;
	const struct step_kind *kind;
	struct str url;

	*status = 400;
	if (!target || !*target)
		return error_set(err, "a target is missing: /probe?target=HOST&module=http_2xx");
	run->module = module_find(module && *module ? module : "http_2xx");
	kind = run->module ? kind_find(b, run->module->kind) : NULL;
	if (!kind)
		return error_set(err,
			"unknown module '%s': there are http_2xx tcp_connect tls grpc "
			"websocket",
			module);
	if (target_parse(run, target, &url, err))
		return -1;
	*status = 403;
	if (!is_allowed(b, run->arena, &run->url))
		return error_set(err,
			"'%.*s:%u' is no scenario's target; --probe-allow lets it be asked",
			STR_ARG(run->url.host), run->url.port);
	*status = 503;
	if (b->running > RUNS_AT_ONCE)
		return error_set(err, "too many probes at once");
	*status = 400;
	return plan_and_start(run, kind, url, patience, err);
}

struct blackbox *blackbox_new(struct loop *loop, struct monitor *monitor, const struct strs *allow)
{
	struct blackbox *b = calloc(1, sizeof(*b));

	if (!b)
		die("out of memory: %zu bytes", sizeof(*b));
	*b = (struct blackbox){.loop = loop, .monitor = monitor, .allow = *allow};
	return b;
}

void blackbox_free(struct blackbox *b)
{
	free(b);
}

struct blackbox_run *blackbox_start(struct blackbox *b, const char *target, const char *module,
	int64_t patience, void (*done)(void *ctx, int status, struct str text), void *ctx,
	int *status, struct error *err)
{
	struct arena *arena = arena_new();
	struct blackbox_run *run = ARENA_NEW(arena, struct blackbox_run);

	run->blackbox = b;
	run->arena = arena;
	run->redactor = redactor_new();
	run->done = done;
	run->ctx = ctx;
	b->running++;
	if (begin(run, target, module, patience, status, err)) {
		blackbox_cancel(run);
		return NULL;
	}
	return run;
}

void blackbox_cancel(struct blackbox_run *run)
{
	if (!run)
		return;
	run->blackbox->running--;
	timer_stop(run->blackbox->loop, &run->timer);
	engine_free(run->engine);
	redactor_free(run->redactor);
	arena_free(run->arena);
}
