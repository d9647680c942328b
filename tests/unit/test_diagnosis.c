#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "diagnosis_help.h"

static void test_healthy(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 3);
	const struct diagnosis *d = judge(&f);
	assert_int_equal(d->verdict.golden_path, GOLDEN_HEALTHY);
	assert_int_equal(d->verdict.exit_code, 0);
	assert_string_equal(d->verdict.summary, "Golden path healthy: all 3 steps passed.");
	assert_int_equal(d->finding_count, 0);
	assert_int_equal(d->capability_count, 3);
	assert_int_equal(d->capabilities[0].status, CAPABILITY_WORKING);
	assert_null(d->banner);
	fixture_end(&f);
}

/* A step that nothing else explains names what it saw. */
static void test_observed_only(void **state)
{
	static const struct {
		enum failure failure;
		int64_t status;
		const char *detail, *cause;
	} cases[] = {
		{FAILURE_CONNECT, -1, "connection to 10.0.0.1:8080 refused", "connection-refused"},
		{FAILURE_TIMEOUT, -1, "no answer within 5s", "no-answer"},
		{FAILURE_DNS, -1, "cannot resolve 'api.internal'", "dns-failure"},
		{FAILURE_TLS, -1, "certificate has expired", "tls-failure"},
		{FAILURE_CHECK, 500, "status: wanted 200, saw 500", "unexpected-response"},
		{FAILURE_PROTOCOL, -1, "masked frame", "unexpected-response"},
		{FAILURE_INTERNAL, -1, "no file descriptor", "unknown"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture f;

		fixture_init(&f, 3);
		fail_step(&f, 0, cases[i].failure, cases[i].status, cases[i].detail);
		const struct diagnosis *d = judge(&f);
		assert_int_equal(d->finding_count, 1);
		assert_string_equal(d->findings[0].cause, cases[i].cause);
		assert_int_equal(d->findings[0].priority, PRIORITY_P0);
		assert_string_equal(d->findings[0].message, cases[i].detail);
		assert_ptr_equal(diagnosis_explains(d, "starts"), &d->findings[0]);
		assert_int_equal(d->findings[0].evidence_count, 1);
		assert_int_equal(
			d->verdict.exit_code, cases[i].failure == FAILURE_INTERNAL ? 3 : 1);
		assert_int_equal(d->capabilities[2].status, CAPABILITY_NOT_REACHED);
		if (cases[i].failure != FAILURE_INTERNAL)
			assert_non_null(
				strstr(d->verdict.summary, "Auth and chat were not reached."));
		fixture_end(&f);
	}
}

static void test_credential_accepted(void **state)
{
	struct str kinds[] = {STR("alg_none")};
	struct fixture f;

	(void)state;
	fixture_init(&f, 2);
	fail_step(&f, 1, FAILURE_CHECK, 200, "let in: alg_none");
	f.steps[1].accepted = (struct strs){kinds, 1};
	const struct diagnosis *d = judge(&f);
	assert_string_equal(d->findings[0].cause, "credential-accepted");
	assert_int_equal(d->findings[0].priority, PRIORITY_P0);
	assert_string_equal(d->findings[0].title, "a bad credential is let in: alg_none");
	fixture_end(&f);
}

static void test_slow(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 1);
	fail_step(&f, 0, FAILURE_CHECK, 200, "time: wanted lt 800ms, saw 1.2s");
	f.checks[0] = (struct check_result){
		.fact = "time", .op = "lt", .text = "time: wanted lt 800ms, saw 1.2s"};
	f.steps[0].checks = f.checks;
	f.steps[0].check_count = 1;
	assert_string_equal(judge(&f)->findings[0].cause, "slow-response");
	fixture_end(&f);
}

/* Only an optional step failed: degraded, and --strict makes it exit 1. What it keeps from being
 * reached breaks the path. */
static void test_optional(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 2);
	fail_step(&f, 1, FAILURE_TIMEOUT, -1, "no answer within 5s");
	f.steps[1].optional = true;
	const struct diagnosis *d = judge(&f);
	assert_int_equal(d->verdict.golden_path, GOLDEN_DEGRADED);
	assert_int_equal(d->verdict.exit_code, 0);
	assert_int_equal(d->findings[0].priority, PRIORITY_P1);
	assert_int_equal(d->capabilities[1].status, CAPABILITY_DEGRADED);
	f.options.strict = true;
	assert_int_equal(judge(&f)->verdict.exit_code, 1);
	fixture_end(&f);

	fixture_init(&f, 3);
	fail_step(&f, 1, FAILURE_TIMEOUT, -1, "no answer within 5s");
	f.steps[1].optional = true;
	d = judge(&f);
	assert_int_equal(d->verdict.golden_path, GOLDEN_BROKEN);
	assert_int_equal(d->findings[0].priority, PRIORITY_P0);
	fixture_end(&f);
}

static void test_interrupted(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 2);
	fail_step(&f, 0, FAILURE_INTERRUPTED, -1, "interrupted");
	f.run.end = RUN_INTERRUPTED;
	f.run.end_detail = "interrupted by SIGTERM";
	const struct diagnosis *d = judge(&f);
	assert_int_equal(d->verdict.golden_path, GOLDEN_UNKNOWN);
	assert_int_equal(d->verdict.exit_code, 3);
	assert_non_null(strstr(d->verdict.summary, "interrupted by SIGTERM"));
	fixture_end(&f);
}

/* The crash in the log explains the refused connection; noise and exit hooks do not. */
static void test_crash_explains(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 3);
	fail_step(&f, 0, FAILURE_CONNECT, -1, "connection to 10.0.0.1:8080 refused");
	read_log(&f,
		"2026-01-02T10:00:01.000Z ERROR statsd: cannot resolve telegraf, metrics are disabled\n"
		"2026-01-02T10:00:01.100Z ERROR boot failed\n"
		"Traceback (most recent call last):\n"
		"  File \"/app/main.py\", line 3, in <module>\n"
		"    import auth_service\n"
		"ModuleNotFoundError: No module named 'auth_service'\n"
		"2026-01-02T10:00:01.200Z ERROR Application startup failed. Exiting.\n");
	const struct diagnosis *d = judge(&f);
	assert_string_equal(d->findings[0].cause, "missing-module");
	assert_string_equal(d->findings[0].location, "/app/main.py:3");
	assert_int_equal(d->findings[0].priority, PRIORITY_P0);
	assert_ptr_equal(diagnosis_explains(d, "starts"), &d->findings[0]);
	assert_non_null(
		strstr(d->verdict.summary, "Golden path BROKEN at 'starts': auth_service is "
					   "not in the image: No module named "
					   "'auth_service' (main.py:3)."));
	assert_non_null(strstr(d->findings[0].now.items[0], "auth_service"));
	for (size_t i = 1; i < d->finding_count; i++)
		assert_true(d->findings[i].priority >= PRIORITY_P2);
	fixture_end(&f);
}

/* Refused here, listening there. */
static void test_ports(void **state)
{
	static const struct {
		const char *log, *cause;
	} cases[] = {
		{"2026-01-02T10:00:01Z INFO Uvicorn running on http://0.0.0.0:8000\n",
			"wrong-port"},
		{"2026-01-02T10:00:01Z INFO Uvicorn running on http://127.0.0.1:8080\n",
			"bind-loopback-only"},
		{"2026-01-02T10:00:01Z INFO Uvicorn running on http://0.0.0.0:8080\n",
			"connection-refused"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture f;

		fixture_init(&f, 1);
		fail_step(&f, 0, FAILURE_CONNECT, -1, "connection to 10.0.0.1:8080 refused");
		read_log(&f, cases[i].log);
		const struct diagnosis *d = judge(&f);
		assert_string_equal(d->findings[0].cause, cases[i].cause);
		assert_int_equal(d->findings[0].steps.count, 1);
		fixture_end(&f);
	}
}

/* Asked on the same loopback address it is no question of the address: it came too late. */
static void test_late(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 1);
	fail_step(&f, 0, FAILURE_CONNECT, -1, "connection to 127.0.0.1:8080 refused");
	f.steps[0].target = "GET http://127.0.0.1:8080/health";
	f.steps[0].attempts_total = 9;
	read_log(&f, "INFO Uvicorn running on http://127.0.0.1:8080\n");
	const struct diagnosis *d = judge(&f);
	assert_string_equal(d->findings[0].cause, "startup-timeout");
	assert_non_null(strstr(d->findings[0].title, "Uvicorn running on"));
	fixture_end(&f);
}

/* A step that passed does not hide what the log tells; a plain ERROR line is no more than a note. */
static void test_log_degrades(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 1);
	read_log(&f, "2026-01-02T10:00:01Z ERROR could not obtain lock on row 12\n");
	assert_int_equal(judge(&f)->verdict.golden_path, GOLDEN_HEALTHY);
	read_log(&f,
		"2026-01-02T10:00:01Z ERROR request failed\nTraceback (most recent call last):\n"
		"  File \"/app/o.py\", line 3, in f\n    x['currency']\nKeyError: 'currency'\n");
	const struct diagnosis *d = judge(&f);
	assert_int_equal(d->verdict.golden_path, GOLDEN_DEGRADED);
	assert_string_equal(d->findings[0].cause, "unhandled-exception");
	fixture_end(&f);
}

/* An error that tells no place of its own happened where the logger was called. */
static void test_caller(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 0);
	read_log(&f,
		"{\"level\":\"error\",\"ts\":1767348001.2,\"caller\":\"db/pool.go:88\",\"msg\":"
		"\"connect failed\",\"error\":\"dial tcp 10.2.3.4:5432: i/o timeout\"}\n");
	const struct diagnosis *d = judge(&f);
	assert_string_equal(d->findings[0].cause, "db-unreachable");
	assert_string_equal(d->findings[0].location, "db/pool.go:88");
	fixture_end(&f);
}

static void test_stale(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 0);
	read_log(&f, "2026-01-02T10:00:01Z FATAL JWT_SECRET is not set\n");
	f.options.now = START + 34 * 3600 * NS_PER_S;
	const struct diagnosis *d = judge(&f);
	assert_true(d->stale);
	assert_non_null(strstr(d->banner, "33 hours old"));
	assert_non_null(strstr(d->verdict.summary, "As of 2026-01-02T10:00:01Z"));
	assert_string_equal(d->findings[0].cause, "missing-config");
	assert_string_equal(d->findings[0].title, "JWT_SECRET is not set");
	assert_int_equal(d->verdict.exit_code, 1);
	fixture_end(&f);
}

static void test_empty_log(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 0);
	read_log(&f, "");
	const struct diagnosis *d = judge(&f);
	assert_int_equal(d->finding_count, 0);
	assert_int_equal(d->verdict.golden_path, GOLDEN_UNKNOWN);
	assert_int_equal(d->verdict.exit_code, 0);
	fixture_end(&f);
}

#define OF(revision, at, text)                                                                     \
	"{\"timestamp\":\"2026-01-02T" at "Z\",\"severity\":\"ERROR\",\"textPayload\":\"" text     \
	"\",\"labels\":{\"instanceId\":\"" revision "i\"},\"resource\":{\"labels\":{"              \
	"\"service_name\":\"s\",\"revision_name\":\"" revision "\"}}}\n"

static bool has_reason(const struct finding *f, const char *text)
{
	for (size_t i = 0; i < f->confidence_reasons.count; i++)
		if (strstr(f->confidence_reasons.items[i], text))
			return true;
	return false;
}

/* The first line of the newest revision tells when the deploy was. */
static void test_deploy(void **state)
{
	static const char log[] = OF("s-1", "09:50:00", "cannot reach redis at cache:6379: refused")
		OF("s-1", "09:55:00", "cannot reach redis at cache:6379: refused")
			OF("s-2", "10:00:00", "KeyError: 'DATABASE_URL'");
	struct fixture f;

	(void)state;
	fixture_init(&f, 3);
	fail_step(&f, 0, FAILURE_CHECK, 500, "status: wanted 200, saw 500");
	read_log(&f, log);
	const struct diagnosis *d = judge(&f);
	assert_string_equal(d->findings[0].cause, "missing-config");
	assert_true(has_reason(&d->findings[0], "it is new since the deploy of revision s-2"));
	assert_int_equal(d->findings[1].state, FINDING_OLD);
	assert_true(has_reason(&d->findings[1], "it began before the deploy of revision s-2"));
	assert_true(d->findings[1].priority >= PRIORITY_P2);
	fixture_end(&f);

	/* One revision tells of no deploy. */
	fixture_init(&f, 3);
	read_log(&f, OF("s-1", "09:50:00", "KeyError: 'DATABASE_URL'"));
	d = judge(&f);
	assert_false(has_reason(&d->findings[0], "deploy"));
	fixture_end(&f);
}

static void test_baseline(void **state)
{
	struct fixture now, then;

	(void)state;
	fixture_init(&now, 2);
	fixture_init(&then, 2);
	now.attempts[0].duration = 300 * NS_PER_MS;
	fail_step(&now, 1, FAILURE_CHECK, 500, "status: wanted 200, saw 500");
	read_log(&then, "2026-01-02T10:00:01Z ERROR old trouble with the cart\n");
	read_log(&now, "2026-01-02T10:00:01Z ERROR old trouble with the cart\n"
		       "2026-01-02T10:00:02Z ERROR sudden trouble in checkout\n");
	now.options.baseline_run = &then.run;
	now.options.baseline_logs = then.logs;
	const struct diagnosis *d = judge(&now);
	assert_true(d->has_baseline);
	bool slower = false, status = false, cluster = false;
	for (size_t i = 0; i < d->change_count; i++) {
		slower = slower || d->changes[i].kind == CHANGE_STEP_SLOWER;
		status = status || d->changes[i].kind == CHANGE_STEP_STATUS;
		cluster = cluster || d->changes[i].kind == CHANGE_CLUSTER_NEW;
	}
	assert_true(slower && status && cluster);
	for (size_t i = 0; i < d->finding_count; i++) {
		if (strstr(d->findings[i].message, "old trouble"))
			assert_int_equal(d->findings[i].state, FINDING_OLD);
		if (strstr(d->findings[i].message, "sudden trouble"))
			assert_true(d->findings[i].new_since_baseline);
	}
	fixture_end(&now);
	fixture_end(&then);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_healthy),
		cmocka_unit_test(test_observed_only),
		cmocka_unit_test(test_credential_accepted),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_optional),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_crash_explains),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_log_degrades),
		cmocka_unit_test(test_caller),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_empty_log),
		cmocka_unit_test(test_deploy),
		cmocka_unit_test(test_baseline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
