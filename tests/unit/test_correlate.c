/*
 * What ties an incident of the log to a failed step, strongest first, each with its reason in words.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "diagnosis_help.h"

#define TRACE "0af7651916cd43dd8448eb211c80319c"

/* One entry as Cloud Logging has it: seconds after the start, instance, what else it holds. */
#define ENTRY(at, instance, rest)                                                                  \
	"{\"timestamp\":\"2026-01-02T10:00:0" at "Z\",\"labels\":{\"instanceId\":\"" instance      \
	"\"},\"resource\":{\"type\":\"cloud_run_revision\",\"labels\":{\"revision_name\":"         \
	"\"api-00002\",\"service_name\":\"api\"}}," rest "}\n"

#define CRASH(type, line, more)                                                                    \
	"\"severity\":\"ERROR\"" more ",\"textPayload\":\"Traceback (most recent call last):\\n"   \
	"  File \\\"/app/main.py\\\", line " line ", in handle\\n    x()\\n" type "\""

#define REQUEST(more)                                                                              \
	"\"severity\":\"ERROR\",\"logName\":\"projects/p/logs/run.googleapis.com%2Frequests\","    \
	"\"httpRequest\":{\"requestMethod\":\"POST\",\"requestUrl\":\"/auth/login\",\"status\":"   \
	"500}" more

#define TRACED ",\"trace\":\"projects/p/traces/" TRACE "\""

static const char *first_reason(const struct diagnosis *d)
{
	assert_true(d->finding_count > 0);
	assert_true(d->findings[0].confidence_reasons.count > 0);
	return d->findings[0].confidence_reasons.items[0];
}

/* A step of a fixed trace that got 500, judged against the log. */
static const struct diagnosis *judge_with(struct fixture *f, const char *log)
{
	fixture_init(f, 2);
	fail_step(f, 0, FAILURE_CHECK, 500, "status: wanted 2xx, saw 500");
	f->steps[0].trace_id = TRACE;
	read_log(f, log);
	const struct diagnosis *d = judge(f);
	assert_ptr_equal(diagnosis_explains(d, "starts"), &d->findings[0]);
	assert_int_equal(d->findings[0].priority, PRIORITY_P0);
	return d;
}

/* A crash that has the trace beats one that is more frequent and of a known cause. */
static void test_trace(void **state)
{
	struct fixture f;

	(void)state;
	const struct diagnosis *d = judge_with(&f,
		ENTRY("1", "a", CRASH("ValueError: one", "7", TRACED))
			ENTRY("1", "b", CRASH("KeyError: 'REDIS_URL'", "9", ""))
				ENTRY("2", "b", CRASH("KeyError: 'REDIS_URL'", "9", "")));
	assert_string_equal(d->findings[0].message, "one");
	assert_string_equal(d->findings[0].location, "/app/main.py:7");
	assert_string_equal(first_reason(d), "a log entry has the trace id of the step's request");
	fixture_end(&f);
}

/* The request's own entry names the instance; what it logged in that second explains it. */
static void test_request(void **state)
{
	struct fixture f;

	(void)state;
	const struct diagnosis *d = judge_with(&f,
		ENTRY("1.1", "a", CRASH("ValueError: one", "7", ""))
			ENTRY("1.2", "a", REQUEST(TRACED))
				ENTRY("1.2", "b", CRASH("KeyError: 'REDIS_URL'", "9", "")));
	assert_string_equal(d->findings[0].message, "one");
	assert_string_equal(first_reason(d),
		"the request's own log entry is on the same instance at the same time");
	fixture_end(&f);
}

/* Same instance, seconds apart. */
static void test_instance(void **state)
{
	struct fixture f;

	(void)state;
	const struct diagnosis *d = judge_with(&f,
		ENTRY("1", "a", CRASH("ValueError: one", "7", "")) ENTRY("5", "a", REQUEST(TRACED))
			ENTRY("5", "b", CRASH("KeyError: 'REDIS_URL'", "9", "")));
	assert_string_equal(d->findings[0].message, "one");
	assert_string_equal(first_reason(d),
		"it was logged by the instance that got the request, while the step ran");
	fixture_end(&f);
}

/* What was seen and what was logged name the same, though another problem is more frequent. */
static void test_same_cause(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 1);
	fail_step(&f, 0, FAILURE_CHECK, 401, "status: wanted 200, saw 401");
	read_log(&f, "2026-01-02T10:00:01Z ERROR jwt: Signature verification failed\n"
		     "2026-01-02T10:00:02Z ERROR smtp\nTraceback (most recent call last):\n"
		     "  File \"/app/mail.py\", line 3, in f\n    x()\nOSError: mail is down\n");
	const struct diagnosis *d = judge(&f);
	assert_string_equal(d->findings[0].cause, "signing-key-mismatch");
	assert_string_equal(
		first_reason(d), "what the step saw and what the log says name the same cause");
	fixture_end(&f);
}

/* Nothing but the time: the weakest, and it says so. */
static void test_window(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 1);
	fail_step(&f, 0, FAILURE_CHECK, 200, "json $.status: wanted \"ok\", saw \"degraded\"");
	read_log(&f, "2026-01-02T10:00:01Z ERROR job\nTraceback (most recent call last):\n"
		     "  File \"/app/job.py\", line 3, in f\n    x()\nValueError: no rows\n");
	const struct diagnosis *d = judge(&f);
	assert_string_equal(d->findings[0].location, "/app/job.py:3");
	assert_string_equal(first_reason(d), "it was logged while the step ran");
	fixture_end(&f);
}

/* What was logged before the step began or after it ended ties to nothing. */
static void test_outside_window(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 1);
	fail_step(&f, 0, FAILURE_CHECK, 200, "json $.status: wanted \"ok\", saw \"degraded\"");
	read_log(&f, "2026-01-02T09:58:01Z ERROR job\nTraceback (most recent call last):\n"
		     "  File \"/app/job.py\", line 3, in f\n    x()\nValueError: no rows\n"
		     "2026-01-02T10:00:05Z INFO idle\n");
	const struct diagnosis *d = judge(&f);
	assert_string_equal(d->findings[0].cause, "unexpected-response");
	assert_int_equal(d->findings[0].clusters.count, 0);
	fixture_end(&f);
}

/* The strength of ties is that of the specification, whatever the order in the log. */
static void test_confidence_falls(void **state)
{
	static const char *const logs[] = {
		ENTRY("1", "a", CRASH("ValueError: one", "7", TRACED)),
		ENTRY("1.1", "a", CRASH("ValueError: one", "7", ""))
			ENTRY("1.2", "a", REQUEST(TRACED)),
		ENTRY("1", "a", CRASH("ValueError: one", "7", "")),
	};
	double before = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(logs) / sizeof(*logs); i++) {
		struct fixture f;
		const struct diagnosis *d = judge_with(&f, logs[i]);

		assert_string_equal(d->findings[0].message, "one");
		assert_true(d->findings[0].confidence <= before);
		before = d->findings[0].confidence;
		fixture_end(&f);
	}
}

/* Began before the deploy, and in the baseline: old, below what is new. */
static void test_old_against_new(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 1);
	f.options.deployed_at = START;
	read_log(&f, "2026-01-02T09:58:01Z ERROR a\nTraceback (most recent call last):\n"
		     "  File \"/app/old.py\", line 3, in f\n    x()\nValueError: for days\n"
		     "2026-01-02T10:00:05Z ERROR b\nTraceback (most recent call last):\n"
		     "  File \"/app/new.py\", line 3, in f\n    x()\nTypeError: since now\n");
	const struct diagnosis *d = judge(&f);
	assert_int_equal(d->finding_count, 2);
	assert_string_equal(d->findings[0].location, "/app/new.py:3");
	assert_int_equal(d->findings[0].state, FINDING_ACTIVE);
	assert_int_equal(d->findings[1].state, FINDING_OLD);
	assert_int_equal(d->findings[1].priority, PRIORITY_P2);
	bool said = false;
	for (size_t i = 0; i < d->findings[1].confidence_reasons.count; i++)
		said = said || strcmp(d->findings[1].confidence_reasons.items[i],
				       "it began before the deploy") == 0;
	assert_true(said);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_instance),
		cmocka_unit_test(test_same_cause),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_outside_window),
		cmocka_unit_test(test_confidence_falls),
		cmocka_unit_test(test_old_against_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
