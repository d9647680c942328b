#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "diagnosis_help.h"

#include "logs_bytes.h"

void fixture_init(struct fixture *f, size_t steps)
{
	static const char *const names[] = {"starts", "signs in", "chat answers", "extra"};
	static const char *const capabilities[] = {"service", "auth", "chat", "extra"};

	*f = (struct fixture){.arena = arena_new()};
	f->rules = rules_new(f->arena);
	f->options = (struct diagnose_options){
		.now = START + 60 * NS_PER_S, .live = true, .deployed_at = TIME_NONE};
	f->run = (struct run){.id = "r1",
		.scenario = "golden-path",
		.target = "http://10.0.0.1:8080",
		.started_at = START,
		.finished_at = START + 10 * NS_PER_S,
		.steps = f->steps,
		.step_count = steps};
	for (size_t i = 0; i < steps; i++) {
		f->attempts[i] = (struct attempt_result){.started_at = START,
			.duration = 20 * NS_PER_MS,
			.timing = TIMING_NONE,
			.observed = {.status = 200, .close_code = -1}};
		f->steps[i] = (struct step_result){.name = names[i],
			.kind = "http",
			.capability = capabilities[i],
			.status = STEP_PASSED,
			.target = "http://10.0.0.1:8080/health",
			.blocked_by = -1,
			.started_at = START,
			.finished_at = START + 10 * NS_PER_S,
			.attempts_total = 1,
			.attempts = &f->attempts[i],
			.attempt_count = 1,
			.tls_not_after = TIME_NONE};
	}
}

void fixture_end(struct fixture *f)
{
	rules_free(f->rules);
	arena_free(f->arena);
}

void fail_step(
	struct fixture *f, size_t step, enum failure failure, int64_t status, const char *detail)
{
	f->steps[step].status = STEP_FAILED;
	f->steps[step].failure = failure;
	f->steps[step].detail = detail;
	f->attempts[step].failure = failure;
	f->attempts[step].detail = detail;
	f->attempts[step].observed.status = status;
	for (size_t i = step + 1; i < f->run.step_count; i++) {
		f->steps[i].status = STEP_NOT_REACHED;
		f->steps[i].blocked_by = (int64_t)i - 1;
		f->steps[i].attempt_count = 0;
	}
}

void read_log(struct fixture *f, const char *text)
{
	f->logs = logs_of_bytes(f->arena, str_of(text), 0, (struct log_options){0});
	assert_non_null(f->logs);
}

const struct diagnosis *judge(struct fixture *f)
{
	return diagnose(
		f->arena, f->run.step_count ? &f->run : NULL, f->logs, f->rules, &f->options);
}
