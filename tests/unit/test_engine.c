/* The engine with one fake kind on a virtual loop: order, retries and deadlines without waiting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/engine.h"

/* Each attempt takes `takes` and ends as the next letter of `plays` says (the last one repeats):
 * p passes, r refused, u 401, 5 status 503, h hangs, c breaks its check. */
struct fake_spec {
	struct str plays;
	int64_t takes;
};

struct fake_state {
	struct timer timer;
	bool started;
};

enum { NAMES = 64 };

static struct {
	int at_once, most, starts, stops;
	int64_t first_start;
	size_t played[NAMES];
	int64_t starts_at[512];
} seen;

static const struct field fake_fields[] = {
	{.name = "plays",
		.type = FIELD_STRING,
		.offset = FIELD_AT(struct fake_spec, plays),
		.fallback = "p",
		.help = "outcomes"},
	{.name = "takes",
		.type = FIELD_DURATION,
		.offset = FIELD_AT(struct fake_spec, takes),
		.fallback = "10ms",
		.help = "time"},
	{.name = NULL},
};

static const struct fact_def fake_facts[] = {
	{"status", "integer", "status"}, {"ok", "boolean", "ok"}, {NULL, NULL, NULL}};

static size_t slot_of(const void *spec)
{
	/* Specs differ from attempt to attempt, their texts do not: scripts are told apart by text. */
	const struct fake_spec *s = spec;
	size_t sum = 0;

	for (size_t i = 0; i < s->plays.len; i++)
		sum = sum * 31 + (unsigned char)s->plays.ptr[i];
	return sum % NAMES;
}

static void fake_fire(void *ctx)
{
	struct attempt *a = ctx;
	const struct fake_spec *spec = attempt_spec(a);
	size_t *played = &seen.played[slot_of(spec)];
	char play = spec->plays.ptr[*played < spec->plays.len ? *played : spec->plays.len - 1];

	(*played)++;
	attempt_fact(a, "ok", value_boolean(play == 'p'));
	attempt_fact(a, "status", value_integer(play == 'u' ? 401 : play == '5' ? 503 : 200));
	if (play == 'r')
		attempt_done(a, FAILURE_CONNECT, "connection refused");
	else
		attempt_done(a, FAILURE_NONE, NULL);
}

static void fake_start(struct attempt *a)
{
	const struct fake_spec *spec = attempt_spec(a);
	struct fake_state *state = attempt_state(a);
	size_t played = seen.played[slot_of(spec)];
	char play = spec->plays.ptr[played < spec->plays.len ? played : spec->plays.len - 1];

	if (seen.starts < 512)
		seen.starts_at[seen.starts] = loop_now(attempt_loop(a));
	seen.starts++;
	if (++seen.at_once > seen.most)
		seen.most = seen.at_once;
	state->started = true;
	if (play == 'h')
		seen.played[slot_of(spec)]++;
	else
		timer_start(attempt_loop(a), &state->timer, loop_now(attempt_loop(a)) + spec->takes,
			fake_fire, a);
}

static void fake_stop(struct attempt *a)
{
	struct fake_state *state = attempt_state(a);

	assert_true(state->started);
	state->started = false;
	seen.stops++;
	seen.at_once--;
	timer_stop(attempt_loop(a), &state->timer);
}

static const struct implied_check fake_implied[] = {{"status", "200"}, {NULL, NULL}};

static const struct step_kind fake = {
	.name = "fake",
	.help = "a fake",
	.example = "fake: {}",
	.facts = fake_facts,
	.fields = fake_fields,
	.implied = fake_implied,
	.spec_size = sizeof(struct fake_spec),
	.state_size = sizeof(struct fake_state),
	.start = fake_start,
	.stop = fake_stop,
};

static const struct step_kind *const fakes[] = {&fake, NULL};
static const struct auth_kind *const no_auths[] = {NULL};
static const struct log_source_kind *const no_logs[] = {NULL};
static const struct vocabulary words = {fakes, no_auths, no_logs};

struct bench {
	struct arena *arena;
	struct redactor *redactor;
	struct loop *loop;
	struct plan *plan;
	struct run *run;
	struct engine *engine;
	struct timer poke;
	bool ended;
};

static void bench_open(struct bench *b, const char *yaml)
{
	char path[] = "/tmp/goldprobe-engine-XXXXXX";
	int fd = mkstemp(path);
	struct plan_options options = {.vars = &(struct pairs){0}, .target = "http://127.0.0.1:1"};
	struct diags diags;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, yaml, strlen(yaml)), (ssize_t)strlen(yaml));
	close(fd);
	memset(&seen, 0, sizeof(seen));
	*b = (struct bench){.arena = arena_new(), .redactor = redactor_new()};
	diags_init(&diags, b->arena);
	struct scenario *scenario = scenario_load(b->arena, path, &words, &diags);

	assert_non_null(scenario);
	b->plan = plan_build(b->arena, scenario, &words, &options, b->redactor, &diags);
	diags_print(&diags, stderr, false);
	assert_false(diags_failed(&diags));
	unlink(path);
	b->loop = loop_new_virtual(1000 * NS_PER_S, 1700000000 * NS_PER_S);
}

static void bench_run(struct bench *b, int64_t deadline)
{
	struct engine_options options = {.deadline = deadline};
	struct error err;

	b->run = run_execute(b->arena, b->plan, b->loop, &options, &err);
	assert_non_null(b->run);
	assert_int_equal(seen.starts, seen.stops);
	assert_int_equal(seen.at_once, 0);
}

static void bench_close(struct bench *b)
{
	loop_free(b->loop);
	redactor_free(b->redactor);
	arena_free(b->arena);
}

static void start(struct bench *b, const char *yaml, int64_t deadline)
{
	bench_open(b, yaml);
	bench_run(b, deadline);
}

static const struct step_result *step(const struct bench *b, size_t i)
{
	return &b->run->steps[i];
}

static void test_order_and_not_reached(void **state)
{
	struct bench b;

	(void)state;
	start(&b,
		"name: t\nsteps:\n"
		"  - {name: a, fake: {}}\n"
		"  - {name: b, fake: {plays: r}}\n"
		"  - {name: c, fake: {}}\n"
		"  - {name: d, fake: {}}\n"
		"  - {name: free, needs: [], fake: {}}\n"
		"  - {name: last, always: true, needs: [d], fake: {}}\n",
		0);
	assert_int_equal(step(&b, 0)->status, STEP_PASSED);
	assert_int_equal(step(&b, 1)->status, STEP_FAILED);
	assert_int_equal(step(&b, 1)->failure, FAILURE_CONNECT);
	assert_int_equal(step(&b, 2)->status, STEP_NOT_REACHED);
	assert_int_equal(step(&b, 3)->status, STEP_NOT_REACHED);
	assert_int_equal(step(&b, 3)->blocked_by, 1);
	assert_int_equal(step(&b, 4)->status, STEP_PASSED);
	assert_int_equal(step(&b, 5)->status, STEP_PASSED);
	assert_int_equal(step(&b, 2)->attempts_total, 0);
	bench_close(&b);
}

static void test_optional_does_not_block(void **state)
{
	struct bench b;

	(void)state;
	start(&b,
		"name: t\nsteps:\n  - {name: a, optional: true, fake: {plays: c, takes: 1s}, expect: {ok: true}}\n"
		"  - {name: b, fake: {}}\n",
		0);
	assert_int_equal(step(&b, 0)->status, STEP_FAILED);
	assert_int_equal(step(&b, 0)->failure, FAILURE_CHECK);
	assert_int_equal(step(&b, 1)->status, STEP_PASSED);
	/* It still waits for the optional one to end. */
	assert_true(step(&b, 1)->started_at >= step(&b, 0)->finished_at);
	bench_close(&b);
}

static void test_retry_counts_from_the_first_start(void **state)
{
	struct bench b;

	(void)state;
	start(&b,
		"name: t\nsteps:\n  - {name: a, fake: {plays: r, takes: 100ms}, retry: {for: 5s, every: 1s}}\n",
		0);
	assert_int_equal(step(&b, 0)->status, STEP_FAILED);
	/* At 0, 1 ... 5 s: none starts later than 5 s. */
	assert_int_equal(step(&b, 0)->attempts_total, 6);
	assert_int_equal(seen.starts_at[5] - seen.starts_at[0], 5 * NS_PER_S);
	bench_close(&b);
}

static void test_retry_until_it_passes(void **state)
{
	struct bench b;

	(void)state;
	start(&b,
		"name: t\nsteps:\n  - {name: a, fake: {plays: rr5p}, retry: {for: 90s, every: 1s, backoff: 2}}\n",
		0);
	assert_int_equal(step(&b, 0)->status, STEP_PASSED);
	assert_int_equal(step(&b, 0)->attempts_total, 4);
	assert_int_equal(seen.starts_at[1] - seen.starts_at[0], 1 * NS_PER_S);
	assert_int_equal(seen.starts_at[2] - seen.starts_at[1], 2 * NS_PER_S);
	assert_int_equal(seen.starts_at[3] - seen.starts_at[2], 4 * NS_PER_S);
	bench_close(&b);
}

static void test_what_does_not_heal_is_not_retried(void **state)
{
	struct bench b;

	(void)state;
	start(&b,
		"name: t\nsteps:\n  - {name: a, fake: {plays: up}, retry: {for: 90s, every: 1s}}\n",
		0);
	assert_int_equal(step(&b, 0)->status, STEP_FAILED);
	assert_int_equal(step(&b, 0)->attempts_total, 1);
	bench_close(&b);
	start(&b,
		"name: t\nsteps:\n  - {name: a, fake: {plays: up}, retry: {for: 90s, every: 1s, on: any}}\n",
		0);
	assert_int_equal(step(&b, 0)->status, STEP_PASSED);
	bench_close(&b);
}

static void test_stable_wants_passes_in_a_row(void **state)
{
	struct bench b;

	(void)state;
	start(&b,
		"name: t\nsteps:\n  - {name: a, stable: 3, fake: {plays: pp5ppp}, retry: {for: 90s, every: 1s}}\n",
		0);
	assert_int_equal(step(&b, 0)->status, STEP_PASSED);
	assert_int_equal(step(&b, 0)->attempts_total, 6);
	bench_close(&b);
}

static void test_timeout_bounds_an_attempt(void **state)
{
	struct bench b;

	(void)state;
	start(&b, "name: t\nsteps:\n  - {name: a, timeout: 3s, fake: {plays: h}}\n", 0);
	assert_int_equal(step(&b, 0)->failure, FAILURE_TIMEOUT);
	assert_int_equal(step(&b, 0)->attempts[0].duration, 3 * NS_PER_S);
	bench_close(&b);
}

static void test_deadline_ends_all_but_always(void **state)
{
	struct bench b;

	(void)state;
	start(&b,
		"name: t\nsteps:\n  - {name: a, timeout: 60s, fake: {plays: h}}\n  - {name: b, fake: {}}\n"
		"  - {name: clean, always: true, fake: {takes: 1s}}\n",
		2 * NS_PER_S);
	assert_int_equal(b.run->end, RUN_DEADLINE);
	assert_int_equal(step(&b, 0)->failure, FAILURE_TIMEOUT);
	assert_non_null(strstr(step(&b, 0)->detail, "deadline"));
	assert_int_equal(step(&b, 1)->status, STEP_NOT_REACHED);
	assert_int_equal(step(&b, 2)->status, STEP_PASSED);
	assert_int_equal(b.run->duration, 3 * NS_PER_S);
	bench_close(&b);
}

static void test_grace_of_always_steps_is_bounded(void **state)
{
	struct bench b;

	(void)state;
	start(&b,
		"name: t\nsteps:\n  - {name: a, timeout: 60s, fake: {plays: h}}\n"
		"  - {name: clean, always: true, timeout: 60s, fake: {plays: hh}}\n",
		2 * NS_PER_S);
	assert_int_equal(step(&b, 1)->status, STEP_FAILED);
	assert_int_equal(b.run->duration, 7 * NS_PER_S);
	bench_close(&b);
}

static void poke(void *ctx)
{
	struct bench *b = ctx;

	engine_interrupt(b->engine, "interrupted by SIGTERM");
}

static void ended(void *ctx, struct run *run)
{
	struct bench *b = ctx;

	b->run = run;
	b->ended = true;
}

static void test_interrupt_while_running_and_pausing(void **state)
{
	struct bench b;
	struct engine_options options = {0};
	struct error err;

	(void)state;
	bench_open(&b,
		"name: t\nsteps:\n  - {name: runs, needs: [], timeout: 60s, fake: {plays: h}}\n"
		"  - {name: pauses, needs: [], fake: {plays: r}, retry: {for: 90s, every: 10s}}\n"
		"  - {name: waits, needs: [runs], fake: {}}\n");
	b.engine = engine_start(b.arena, b.plan, b.loop, &options, ended, &b);
	timer_start(b.loop, &b.poke, loop_now(b.loop) + 5 * NS_PER_S, poke, &b);
	loop_run(b.loop, &b.ended, &err);
	assert_non_null(b.run);
	assert_int_equal(b.run->end, RUN_INTERRUPTED);
	assert_int_equal(step(&b, 0)->failure, FAILURE_INTERRUPTED);
	assert_int_equal(step(&b, 1)->failure, FAILURE_INTERRUPTED);
	assert_non_null(strstr(step(&b, 1)->detail, "connection refused"));
	assert_int_equal(step(&b, 2)->status, STEP_NOT_REACHED);
	assert_int_equal(b.run->duration, 5 * NS_PER_S);
	engine_free(b.engine);
	bench_close(&b);
}

static void test_slots(void **state)
{
	struct bench b;
	char yaml[16384];
	int len = snprintf(yaml, sizeof(yaml), "name: t\nsteps:\n");

	(void)state;
	for (int i = 0; i < 200; i++)
		len += snprintf(yaml + len, sizeof(yaml) - (size_t)len,
			"  - {name: s%d, needs: [], timeout: 1s, fake: {takes: 1s, plays: p}}\n",
			i);
	/* A slot is waited for outside the timeout: 200 steps of one second, 64 at a time. */
	bench_open(&b, yaml);
	for (size_t i = 0; i < b.plan->step_count; i++)
		b.plan->steps[i].timeout = 1500 * NS_PER_MS;
	bench_run(&b, 0);
	assert_int_equal(seen.most, 64);
	assert_int_equal(b.run->duration, 4 * NS_PER_S);
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(step(&b, i)->status, STEP_PASSED);
	bench_close(&b);
}

static void test_attempts_are_kept_within_bounds(void **state)
{
	struct bench b;

	(void)state;
	start(&b,
		"name: t\nsteps:\n  - {name: a, fake: {plays: r, takes: 1ms}, retry: {for: 1h, every: 1s}}\n",
		0);
	assert_int_equal(step(&b, 0)->attempts_total, 3601);
	assert_int_equal(step(&b, 0)->attempt_count, 100);
	int64_t from = step(&b, 0)->attempts[0].started_at;

	assert_int_equal(step(&b, 0)->attempts[9].started_at - from, 9 * NS_PER_S);
	assert_int_equal(step(&b, 0)->attempts[10].started_at - from, 3511 * NS_PER_S);
	assert_int_equal(step(&b, 0)->attempts[99].started_at - from, 3600 * NS_PER_S);
	bench_close(&b);
}

static void exited(void *ctx)
{
	struct bench *b = ctx;

	engine_child_exited(b->engine, "the command exited 3 after 1.2s");
}

static void test_child_exit_ends_the_waiting(void **state)
{
	struct bench b;
	struct engine_options options = {0};
	struct error err;

	(void)state;
	bench_open(&b,
		"name: t\nsteps:\n  - {name: a, fake: {plays: r}, retry: {for: 90s, every: 10s}}\n");
	b.engine = engine_start(b.arena, b.plan, b.loop, &options, ended, &b);
	timer_start(b.loop, &b.poke, loop_now(b.loop) + 2 * NS_PER_S, exited, &b);
	loop_run(b.loop, &b.ended, &err);
	assert_non_null(b.run);
	assert_int_equal(b.run->duration, 2 * NS_PER_S);
	assert_int_equal(step(&b, 0)->failure, FAILURE_CONNECT);
	assert_non_null(strstr(step(&b, 0)->detail, "exited 3"));
	engine_free(b.engine);
	bench_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_not_reached),
		cmocka_unit_test(test_optional_does_not_block),
		cmocka_unit_test(test_retry_counts_from_the_first_start),
		cmocka_unit_test(test_retry_until_it_passes),
		cmocka_unit_test(test_what_does_not_heal_is_not_retried),
		cmocka_unit_test(test_stable_wants_passes_in_a_row),
		cmocka_unit_test(test_timeout_bounds_an_attempt),
		cmocka_unit_test(test_deadline_ends_all_but_always),
		cmocka_unit_test(test_grace_of_always_steps_is_bounded),
		cmocka_unit_test(test_interrupt_while_running_and_pausing),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_attempts_are_kept_within_bounds),
		cmocka_unit_test(test_child_exit_ends_the_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
