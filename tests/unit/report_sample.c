#include "report_sample.h"

#define MS(n) ((int64_t)(n)*NS_PER_MS)

#define TEXTS(...)                                                                                 \
	((struct texts){(const char *[]){__VA_ARGS__},                                             \
		sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *)})

int64_t sample_time(const char *text)
{
	int64_t wall = TIME_NONE;

	return time_parse(str_of(text), &wall) ? wall : TIME_NONE;
}

static struct texts texts_of(struct arena *arena, struct texts texts)
{
	return (struct texts){
		arena_copy(arena, texts.items, texts.count * sizeof(*texts.items)), texts.count};
}

static struct run *new_run(struct arena *arena, const char *scenario, size_t steps)
{
	struct run *run = ARENA_NEW(arena, struct run);

	*run = (struct run){
		.id = "0190c0de-1",
		.scenario = scenario,
		.file = "golden-path.yaml",
		.target = "http://127.0.0.1:8080",
		.started_at = sample_time("2026-03-01T10:00:00.250Z"),
		.finished_at = sample_time("2026-03-01T10:00:12.750Z"),
		.duration = MS(12500),
		.steps = ARENA_ARRAY(arena, steps, struct step_result),
		.step_count = steps,
	};
	for (size_t i = 0; i < steps; i++)
		run->steps[i] = (struct step_result){
			.kind = "http",
			.blocked_by = -1,
			.started_at = TIME_NONE,
			.finished_at = TIME_NONE,
			.tls_not_after = TIME_NONE,
		};
	return run;
}

static struct attempt_result *add_attempts(
	struct arena *arena, struct step_result *step, size_t count, int64_t start)
{
	step->attempts = ARENA_ARRAY(arena, count, struct attempt_result);
	step->attempt_count = count;
	step->attempts_total = (int64_t)count;
	step->trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
	step->started_at = start;
	for (size_t i = 0; i < count; i++)
		step->attempts[i] = (struct attempt_result){
			.started_at = start + (int64_t)i * NS_PER_S,
			.duration = MS(42),
			.remote = "127.0.0.1:8080",
			.timing = {TIME_NONE, MS(1), TIME_NONE, MS(40), MS(42)},
			.observed = {.status = 200, .close_code = -1},
		};
	step->finished_at = step->attempts[count - 1].started_at + MS(42);
	return step->attempts;
}

static struct check_result check(const char *fact, const char *select, const char *op,
	struct value wanted, struct value actual, bool passed)
{
	return (struct check_result){.fact = fact,
		.select = select,
		.op = op,
		.wanted = wanted,
		.actual = actual,
		.has_actual = actual.type != VALUE_NULL,
		.passed = passed};
}

static void add_checks(struct arena *arena, struct step_result *step,
	const struct check_result *checks, size_t count)
{
	step->checks = arena_copy(arena, checks, count * sizeof(*checks));
	step->check_count = count;
}

static struct diagnosis *new_diagnosis(
	struct arena *arena, enum golden_path golden_path, int exit_code, const char *summary)
{
	struct diagnosis *d = ARENA_NEW(arena, struct diagnosis);

	d->verdict = (struct verdict){golden_path, summary, exit_code};
	d->logs_first = d->logs_last = TIME_NONE;
	return d;
}

static void add_capabilities(
	struct arena *arena, struct diagnosis *d, const struct capability *list, size_t count)
{
	d->capabilities = arena_copy(arena, list, count * sizeof(*list));
	d->capability_count = count;
}

static struct report *new_report(struct arena *arena, const struct run *run,
	const struct logs *logs, const struct diagnosis *d)
{
	struct report *report = ARENA_NEW(arena, struct report);

	*report = (struct report){
		.run = run, .logs = logs, .diagnosis = d, .now = run->finished_at, .width = 80};
	return report;
}

struct report *sample_healthy(struct arena *arena)
{
	struct run *run = new_run(arena, "golden-path", 2);
	struct diagnosis *d =
		new_diagnosis(arena, GOLDEN_HEALTHY, 0, "Golden path healthy: 2 steps passed.");
	struct attempt_result *attempts;

	run->steps[0].name = "starts";
	run->steps[0].capability = "service";
	run->steps[0].target = "GET http://127.0.0.1:8080/health/ready";
	attempts = add_attempts(arena, &run->steps[0], 4, run->started_at);
	for (size_t i = 0; i < 3; i++) {
		attempts[i].failure = FAILURE_CONNECT;
		attempts[i].detail = "connection refused by 127.0.0.1:8080";
		attempts[i].observed.status = -1;
		attempts[i].timing =
			(struct timing){TIME_NONE, TIME_NONE, TIME_NONE, TIME_NONE, MS(42)};
	}
	run->steps[1].name = "signs in";
	run->steps[1].capability = "auth";
	add_attempts(arena, &run->steps[1], 1, run->started_at + MS(3100));
	run->steps[1].tls_not_after = sample_time("2026-06-01T00:00:00Z");
	add_checks(arena, &run->steps[1],
		(struct check_result[]){check(
			"status", NULL, "equals", value_integer(200), value_integer(200), true)},
		1);
	add_capabilities(arena, d,
		(struct capability[]){
			{"service", CAPABILITY_WORKING}, {"auth", CAPABILITY_WORKING}},
		2);
	return new_report(arena, run, NULL, d);
}

static void incident_steps(struct arena *arena, struct run *run)
{
	struct step_result *steps = run->steps;
	struct attempt_result *attempts = add_attempts(arena, &steps[0], 12, run->started_at);

	steps[0].name = "starts";
	steps[0].capability = "service";
	steps[0].status = STEP_FAILED;
	steps[0].failure = FAILURE_CHECK;
	steps[0].detail = "status: wanted 200, saw 503 (and 1 more)";
	steps[0].target = "GET http://127.0.0.1:8080/health/ready";
	for (size_t i = 0; i < 12; i++) {
		attempts[i].failure = i < 2 ? FAILURE_CONNECT : FAILURE_CHECK;
		attempts[i].detail =
			i < 2 ? "connection refused by 127.0.0.1:8080" : steps[0].detail;
		attempts[i].observed.status = i < 2 ? -1 : 503;
	}
	attempts[11].observed.headers = (struct pairs){
		arena_copy(arena,
			(struct pair[]){{STR("Content-Type"), STR("application/json")},
				{STR("Set-Cookie"), STR("***")}},
			2 * sizeof(struct pair)),
		2};
	attempts[11].observed.body = STR("{\"status\":\"starting\",\"error\":\"no such module\"}");
	add_checks(arena, &steps[0],
		(struct check_result[]){check("status", NULL, "equals", value_integer(200),
						value_integer(503), false),
			check("json", "$.status", "equals", value_text("ready"),
				value_text("starting"), false),
			check("time", NULL, "lt", value_text("800ms"), value_text("42ms"), true)},
		3);
	steps[1].name = "signs in";
	steps[1].capability = "auth";
	steps[1].status = STEP_NOT_REACHED;
	steps[1].blocked_by = 0;
	steps[1].detail = "needs 'starts', which failed";
	steps[2].name = "chat answers";
	steps[2].kind = "websocket";
	steps[2].capability = "chat";
	steps[2].status = STEP_NOT_REACHED;
	steps[2].blocked_by = 0;
	steps[3].name = "keeps rows";
	steps[3].capability = "database";
	steps[3].status = STEP_NOT_REACHED;
	steps[3].blocked_by = 0;
	steps[3].detail = "needs 'starts', which failed";
	add_attempts(arena, &steps[4], 1, run->started_at)[0].failure = FAILURE_TIMEOUT;
	steps[4].name = "exports metrics";
	steps[4].optional = true;
	steps[4].status = STEP_FAILED;
	steps[4].failure = FAILURE_TIMEOUT;
	steps[4].detail = steps[4].attempts[0].detail = "no answer within 10s";
	steps[4].target = "GET http://127.0.0.1:9090/metrics";
	steps[4].attempts[0].observed.status = -1;
	steps[4].attempts[0].timing =
		(struct timing){TIME_NONE, MS(1), TIME_NONE, TIME_NONE, MS(10000)};
	steps[5].name = "cleans up";
	steps[5].status = STEP_SKIPPED;
	steps[5].detail = "not chosen by --only";
}

static struct log_cluster *cluster(struct arena *arena, const char *id, enum severity severity,
	const char *template, const char *sample, int64_t count)
{
	struct log_cluster *c = ARENA_NEW(arena, struct log_cluster);

	*c = (struct log_cluster){
		.id = id,
		.template = str_of(template),
		.severity = severity,
		.count = count,
		.first_seen = sample_time("2026-03-01T09:58:58.538145Z"),
		.last_seen = sample_time("2026-03-01T10:00:09.538192Z"),
		.instances = 3,
		.sample = str_of(sample),
	};
	return c;
}

static struct logs *incident_logs(struct arena *arena)
{
	struct logs *logs = ARENA_NEW(arena, struct logs);

	logs->sources = ARENA_ARRAY(arena, 2, struct log_source);
	logs->source_count = 2;
	logs->sources[0] = (struct log_source){
		.name = "backend.json",
		.status = LOG_READ,
		.entries = 12345,
		.bytes = 1258291,
		.first = sample_time("2026-03-01T09:15:00Z"),
		.last = sample_time("2026-03-01T10:00:11.5Z"),
		.gap_from = TIME_NONE,
		.gap_to = TIME_NONE,
	};
	logs->sources[1] = (struct log_source){
		.name = "gcp:my-project/backend",
		.status = LOG_PARTIAL,
		.entries = 1000,
		.bytes = 530000,
		.left_out = 20,
		.first = sample_time("2026-03-01T09:45:00Z"),
		.last = sample_time("2026-03-01T10:00:10Z"),
		.error = "429 RESOURCE_EXHAUSTED: quota of 60 requests a minute",
		.gap_from = TIME_NONE,
		.gap_to = TIME_NONE,
	};
	logs->entries = 13345;
	logs->first = sample_time("2026-03-01T09:15:00Z");
	logs->last = sample_time("2026-03-01T10:00:11.5Z");
	logs->last_healthy = TIME_NONE;
	logs->by_severity[SEVERITY_INFO] = 13000;
	logs->by_severity[SEVERITY_WARNING] = 270;
	logs->by_severity[SEVERITY_ERROR] = 75;
	logs->clusters = ARENA_ARRAY(arena, 3, struct log_cluster *);
	logs->cluster_count = 3;
	logs->clusters[0] = cluster(arena, "c1f00d", SEVERITY_ERROR,
		"ModuleNotFoundError: No module named '<*>'",
		"Traceback (most recent call last):\n  File \"/app/websocket_manager.py\", line 53\n"
		"ModuleNotFoundError: No module named 'auth_service'",
		75);
	logs->clusters[1] = cluster(arena, "c2beef", SEVERITY_ERROR, "error: Missing field | <*>",
		"error: Missing field | severity", 356);
	logs->clusters[2] = cluster(arena, "c3cafe", SEVERITY_WARNING,
		"SERVICE_ID contained whitespace - sanitized from '<*>' to '<*>'",
		"SERVICE_ID contained whitespace - sanitized from 'backend\\n' to 'backend'", 15);
	return logs;
}

static void incident_findings(struct arena *arena, struct diagnosis *d)
{
	d->findings = ARENA_ARRAY(arena, 2, struct finding);
	d->finding_count = 2;
	d->findings[0] = (struct finding){
		.rank = 1,
		.priority = PRIORITY_P0,
		.cause = "missing-module",
		.title = "The module 'auth_service' is not in the image",
		.message = "No module named 'auth_service'",
		.type = "ModuleNotFoundError",
		.location = "/app/websocket_core/websocket_manager.py:53",
		.chain = arena_copy(arena,
			(struct finding_link[]){
				{"ModuleNotFoundError", "No module named 'auth_service'",
					"/app/websocket_core/websocket_manager.py:53"},
				{"ImportError", "CRITICAL: Core WebSocket components import failed",
					NULL},
				{"RuntimeError", "Failed to setup enhanced middleware",
					"/app/main.py:12"}},
			3 * sizeof(struct finding_link)),
		.chain_count = 3,
		.clusters = texts_of(arena, TEXTS("c1f00d")),
		.steps = texts_of(arena, TEXTS("starts")),
		.incidents = 15,
		.entries = 75,
		.instances = 3,
		.first_seen = sample_time("2026-03-01T09:58:58.538145Z"),
		.last_seen = sample_time("2026-03-01T10:00:09.538192Z"),
		.revision = "backend-00042-abc",
		.confidence = 0.95,
		.confidence_reasons =
			texts_of(arena, TEXTS("the same instance and time as step 'starts'",
						"the process exited with 3 right after")),
		.evidence = arena_copy(arena,
			(struct evidence[]){{"Traceback (most recent call last):\n  File "
					     "\"/app/websocket_core/websocket_manager.py\", line "
					     "53\nModuleNotFoundError: No module named "
					     "'auth_service'",
						    "backend.json", 17,
						    sample_time("2026-03-01T10:00:09.538145Z")},
				{"status 503", "step 'starts'", 0, TIME_NONE}},
			2 * sizeof(struct evidence)),
		.evidence_count = 2,
		.now = texts_of(arena,
			TEXTS("Put 'auth_service' into the image, or take the import out of "
			      "websocket_manager.py:53",
				"Send traffic back to the revision before backend-00042-abc")),
		.next = texts_of(arena, TEXTS("Import websocket_manager in CI before the deploy")),
		.later = texts_of(arena, TEXTS("Call the auth service over HTTP")),
	};
	d->findings[1] = (struct finding){
		.rank = 2,
		.priority = PRIORITY_P2,
		.cause = "config-whitespace",
		.title = "SERVICE_ID has white space around its value",
		.message = "SERVICE_ID contained whitespace - sanitized from 'backend\\n' to "
			   "'backend'",
		.clusters = texts_of(arena, TEXTS("c3cafe")),
		.incidents = 15,
		.entries = 15,
		.instances = 3,
		.first_seen = sample_time("2026-03-01T09:58:58.538145Z"),
		.last_seen = sample_time("2026-03-01T10:00:09.538192Z"),
		.confidence = 0.9,
		.secondary = true,
		.next = texts_of(arena, TEXTS("Remove the white space from SERVICE_ID")),
	};
}

struct report *sample_incident(struct arena *arena)
{
	struct run *run = new_run(arena, "golden-path", 6);
	struct logs *logs = incident_logs(arena);
	struct diagnosis *d = new_diagnosis(arena, GOLDEN_BROKEN, 1,
		"Golden path BROKEN at 'starts': the service exits while importing, No module named "
		"'auth_service' (websocket_manager.py:53). Auth, chat and database were not "
		"reached.");

	incident_steps(arena, run);
	incident_findings(arena, d);
	add_capabilities(arena, d,
		(struct capability[]){{"service", CAPABILITY_BROKEN},
			{"auth", CAPABILITY_NOT_REACHED}, {"chat", CAPABILITY_NOT_REACHED},
			{"database", CAPABILITY_NOT_REACHED}},
		4);
	d->logs_first = logs->first;
	d->logs_last = logs->last;
	d->notes =
		texts_of(arena, TEXTS("backend.json: nothing was logged between 09:20 and 09:40"));
	d->has_baseline = true;
	d->baseline_id = "0190beef-9";
	d->changes = arena_copy(arena,
		(struct change[]){{CHANGE_CLUSTER_NEW, "c1f00d",
					  "new: ModuleNotFoundError: No module named '<*>'"},
			{CHANGE_STEP_STATUS, "starts", "'starts' passed before and fails now"}},
		2 * sizeof(struct change));
	d->change_count = 2;
	return new_report(arena, run, logs, d);
}

static void refused_step(struct arena *arena, struct step_result *step, int64_t start)
{
	struct attempt_result *attempt = add_attempts(arena, step, 1, start);

	step->name = "chat answers";
	step->kind = "websocket";
	step->capability = "chat";
	step->status = STEP_FAILED;
	step->failure = attempt->failure = FAILURE_CHECK;
	step->detail = attempt->detail = "status: wanted 101, saw 403";
	step->target = "ws://127.0.0.1:8080/ws";
	attempt->observed.status = 403;
	attempt->observed.headers =
		(struct pairs){arena_copy(arena,
				       (struct pair[]){{STR("Server"), STR("uvicorn")},
					       {STR("Date"), STR("Sun, 01 Mar 2026 10:00:00 GMT")}},
				       2 * sizeof(struct pair)),
			2};
	attempt->observed.body = STR("origin 'http://localhost' is not allowed\n");
	add_checks(arena, step,
		(struct check_result[]){check(
			"status", NULL, "equals", value_integer(101), value_integer(403), false)},
		1);
}

static void accepted_step(struct arena *arena, struct step_result *step, int64_t start)
{
	struct attempt_result *attempts = add_attempts(arena, step, 3, start);

	step->name = "refuses bad tokens";
	step->capability = "auth";
	step->status = STEP_FAILED;
	step->failure = FAILURE_CHECK;
	step->detail = "a credential of kind 'alg_none' was accepted (status 200)";
	step->target = "GET http://127.0.0.1:8080/api/me";
	attempts[0].credential = "good";
	attempts[1].credential = "missing";
	attempts[1].observed.status = 401;
	attempts[2].credential = "alg_none";
	attempts[2].failure = FAILURE_CHECK;
	attempts[2].detail = step->detail;
	step->accepted = (struct strs){arena_copy(arena, &STR("alg_none"), sizeof(struct str)), 1};
}

struct report *sample_refused(struct arena *arena)
{
	struct run *run = new_run(arena, "websocket", 2);
	struct logs *logs = ARENA_NEW(arena, struct logs);
	struct diagnosis *d = new_diagnosis(arena, GOLDEN_BROKEN, 1,
		"Golden path BROKEN at 'chat answers': the handshake was refused with 403, origin "
		"'http://localhost' is not allowed.");

	refused_step(arena, &run->steps[0], run->started_at);
	accepted_step(arena, &run->steps[1], run->started_at + MS(100));
	logs->sources = ARENA_ARRAY(arena, 1, struct log_source);
	logs->source_count = 1;
	logs->sources[0] = (struct log_source){.name = "missing.log",
		.status = LOG_FAILED,
		.first = TIME_NONE,
		.last = TIME_NONE,
		.error = "cannot open 'missing.log': No such file or directory",
		.gap_from = TIME_NONE,
		.gap_to = TIME_NONE};
	logs->first = logs->last = logs->last_healthy = TIME_NONE;
	d->findings = ARENA_ARRAY(arena, 1, struct finding);
	d->finding_count = 1;
	d->findings[0] = (struct finding){
		.rank = 1,
		.priority = PRIORITY_P0,
		.cause = "websocket-origin-rejected",
		.title = "The handshake was refused with 403 because of the Origin",
		.message = "origin 'http://localhost' is not allowed",
		.steps = texts_of(arena, TEXTS("chat answers")),
		.first_seen = TIME_NONE,
		.last_seen = TIME_NONE,
		.confidence = 0.8,
		.now = texts_of(arena, TEXTS("Allow the origin 'http://localhost' in the backend")),
	};
	add_capabilities(arena, d,
		(struct capability[]){{"chat", CAPABILITY_BROKEN}, {"auth", CAPABILITY_BROKEN}}, 2);
	return new_report(arena, run, logs, d);
}

struct report *sample_logs(struct arena *arena)
{
	struct run *run = new_run(arena, NULL, 0);
	struct logs *logs = incident_logs(arena);
	struct diagnosis *d = new_diagnosis(arena, GOLDEN_BROKEN, 1,
		"The service exited while importing, No module named 'auth_service'.");

	run->target = run->file = NULL;
	run->started_at = run->finished_at = sample_time("2026-03-02T20:10:00Z");
	run->duration = MS(35);
	incident_findings(arena, d);
	d->findings[0].steps.count = 0;
	d->stale = true;
	d->banner = "the newest log line is 1d10h9m old (2026-03-01T10:00:11Z): this is what was, "
		    "not what is";
	d->logs_first = logs->first;
	d->logs_last = logs->last;
	return new_report(arena, run, logs, d);
}
