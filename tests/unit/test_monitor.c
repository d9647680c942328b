/* The monitor on virtual time: when runs start, that none overlap, and what becomes of a result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_kinds.h"
#include "probe/monitor.h"

enum { STARTS_MAX = 4000 };

/* What the steps of a test do and did. */
static struct {
	int64_t takes; /* each attempt */
	bool fails;
	int64_t starts[STARTS_MAX];
	size_t count, running, most;
} world;

struct nap {
	struct timer timer;
};

static void nap_over(void *ctx)
{
	if (world.fails)
		attempt_done(ctx, FAILURE_CONNECT, "refused");
	else
		attempt_done(ctx, FAILURE_NONE, NULL);
}

static void nap_start(struct attempt *attempt)
{
	struct nap *nap = attempt_state(attempt);
	struct loop *loop = attempt_loop(attempt);

	if (world.count < STARTS_MAX)
		world.starts[world.count] = loop_now(loop);
	world.count++;
	if (++world.running > world.most)
		world.most = world.running;
	timer_start(loop, &nap->timer, loop_now(loop) + world.takes, nap_over, attempt);
}

static void nap_stop(struct attempt *attempt)
{
	struct nap *nap = attempt_state(attempt);

	timer_stop(attempt_loop(attempt), &nap->timer);
	world.running--;
}

static const struct field nap_fields[] = {{.name = NULL}};
static const struct fact_def nap_facts[] = {{NULL, NULL, NULL}};

static const struct step_kind kind_nap = {
	.name = "nap",
	.help = "waits",
	.example = "nap: {}",
	.facts = nap_facts,
	.fields = nap_fields,
	.state_size = sizeof(struct nap),
	.start = nap_start,
	.stop = nap_stop,
};

static const struct step_kind *const kinds[] = {&kind_nap, NULL};
static const struct auth_kind *const auths[] = {NULL};
static const struct vocabulary vocabulary = {.steps = kinds, .auths = auths};

struct fixture {
	struct loop *loop;
	struct monitor *monitor;
	struct history *history;
	struct timer timer;
	size_t finished;
	char notices[4096], *diagnostics;
	size_t diagnostics_len;
	FILE *out;
	struct error err;
};

static void notice(void *ctx, const char *text)
{
	struct fixture *f = ctx;
	size_t len = strlen(f->notices);

	snprintf(f->notices + len, sizeof(f->notices) - len, "%s\n", text);
}

static void finished(void *ctx, const struct watched *w)
{
	struct fixture *f = ctx;

	assert_non_null(w->document);
	f->finished++;
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "we");

	fputs(text, file);
	fclose(file);
}

static void setup(struct fixture *f, size_t count, int64_t every)
{
	struct monitor_options options = {.vocabulary = &vocabulary,
		.every = every,
		.notice = notice,
		.finished = finished,
		.ctx = f};
	const char **files = calloc(count, sizeof(*files));

	*f = (struct fixture){0};
	world.count = world.running = world.most = 0;
	world.fails = false;
	f->loop = loop_new_virtual(NS_PER_S, 1793520000 * NS_PER_S);
	f->history = history_open(NULL, 86400 * NS_PER_S, &f->err);
	f->out = open_memstream(&f->diagnostics, &f->diagnostics_len);
	options.history = f->history;
	for (size_t i = 0; i < count; i++) {
		char name[32], text[100];

		snprintf(name, sizeof(name), "s%zu.yaml", i);
		snprintf(text, sizeof(text), "name: s%zu\nsteps:\n  - name: one\n    nap: {}\n", i);
		write_file(name, text);
		files[i] = strdup(name);
	}
	f->monitor = monitor_new(f->loop, files, count, &options, f->out, false, &f->err);
	for (size_t i = 0; i < count; i++)
		free((char *)files[i]);
	free(files);
	if (!f->monitor)
		fail_msg("%s", f->err.text);
}

static void teardown(struct fixture *f)
{
	monitor_free(f->monitor);
	history_close(f->history);
	loop_free(f->loop);
	fclose(f->out);
	free(f->diagnostics);
}

static void stop(void *ctx)
{
	struct fixture *f = ctx;

	monitor_stop(f->monitor);
}

static void run_for(struct fixture *f, int64_t time)
{
	timer_start(f->loop, &f->timer, loop_now(f->loop) + time, stop, f);
	assert_int_equal(monitor_run(f->monitor, &f->err), 0);
}

static const struct watched *first(const struct fixture *f)
{
	size_t count;

	return monitor_watched(f->monitor, &count)[0];
}

static void nothing_drifts(void **state)
{
	struct fixture f;

	(void)state;
	world.takes = 700 * NS_PER_MS;
	setup(&f, 1, 10 * NS_PER_S);
	assert_false(monitor_started(f.monitor));
	run_for(&f, 3600 * NS_PER_S + 1);
	assert_true(world.count >= 360 && world.count <= 361);
	for (size_t i = 0; i < 360; i++)
		assert_int_equal(world.starts[i], world.starts[0] + (int64_t)i * 10 * NS_PER_S);
	assert_true(monitor_started(f.monitor));
	assert_int_equal(first(&f)->skipped, 0);
	assert_int_equal(first(&f)->late, 0);
	assert_int_equal(f.finished, world.count);
	teardown(&f);
}

static void no_two_runs_of_a_scenario_overlap(void **state)
{
	struct fixture f;

	(void)state;
	world.takes = 2500 * NS_PER_MS;
	setup(&f, 1, NS_PER_S);
	run_for(&f, 60 * NS_PER_S + 1);
	assert_int_equal(world.most, 1);
	assert_true(world.count >= 20 && world.count <= 21);
	assert_true(first(&f)->skipped >= 39);
	for (size_t i = 1; i < world.count; i++)
		assert_int_equal(world.starts[i] - world.starts[i - 1], 3 * NS_PER_S);
	teardown(&f);
}

static void runs_at_once_are_bounded_and_late_ones_counted(void **state)
{
	struct fixture f;
	size_t count;
	int64_t late = 0;

	(void)state;
	world.takes = 3 * NS_PER_S;
	setup(&f, 200, 10 * NS_PER_S);
	run_for(&f, 30 * NS_PER_S - 1);
	assert_int_equal(world.most, MONITOR_RUNS_AT_ONCE);
	const struct watched *const *watched = monitor_watched(f.monitor, &count);

	for (size_t i = 0; i < count; i++)
		late += watched[i]->late;
	assert_true(late > 100);
	assert_true(world.count > 550);
	teardown(&f);
}

static void first_runs_are_spread(void **state)
{
	struct fixture f;

	(void)state;
	world.takes = NS_PER_MS;
	setup(&f, 40, NS_PER_S);
	run_for(&f, NS_PER_S - 1);
	assert_int_equal(world.count, 40);
	for (size_t i = 1; i < 40; i++)
		assert_int_equal(world.starts[i] - world.starts[i - 1], 20 * NS_PER_MS);
	teardown(&f);
	/* Of many some start together, the groups evenly. */
	setup(&f, 100, NS_PER_S);
	run_for(&f, NS_PER_S - 1);
	assert_int_equal(world.count, 100);
	for (size_t i = 5; i < 100; i++)
		assert_int_equal(world.starts[i] - world.starts[i - 5], 50 * NS_PER_MS);
	teardown(&f);
}

static void fail_now(void *ctx)
{
	(void)ctx;
	world.fails = true;
}

static void the_last_result_is_shown(void **state)
{
	struct arena *arena = arena_new();
	struct timer timer = {0};
	struct history_run *runs;
	struct fixture f;

	(void)state;
	world.takes = NS_PER_MS;
	setup(&f, 1, NS_PER_S);
	assert_int_equal(monitor_state(f.monitor), GOLDEN_UNKNOWN);
	timer_start(f.loop, &timer, loop_now(f.loop) + 4500 * NS_PER_MS, fail_now, NULL);
	run_for(&f, 8 * NS_PER_S - 1);
	const struct watched *w = first(&f);

	assert_int_equal(w->state, GOLDEN_BROKEN);
	assert_int_equal(monitor_state(f.monitor), GOLDEN_BROKEN);
	assert_true(monitor_started(f.monitor));
	assert_int_equal(w->runs[GOLDEN_HEALTHY], 5);
	assert_int_equal(w->runs[GOLDEN_BROKEN], 3);
	assert_int_equal(w->step_count, 1);
	assert_int_equal(w->steps[0].status, STEP_FAILED);
	assert_true(w->finding_count >= 1);
	assert_non_null(strstr(w->document, "goldprobe.run/v1"));
	assert_int_equal(history_list(f.history, arena, NULL, 100, &runs), 8);
	assert_string_equal(runs[0].id, w->run_id);
	assert_true(str_equal(history_document(f.history, arena, w->run_id), str_of(w->document)));
	arena_free(arena);
	teardown(&f);
}

static void break_file(void *ctx)
{
	(void)ctx;
	write_file("s0.yaml", "name: s0\nsteps:\n  - name: one\n    nop: {}\n");
}

static void mend_file(void *ctx)
{
	(void)ctx;
	write_file("s0.yaml", "name: renamed\nsteps:\n  - name: other\n    nap: {}\n");
}

static void a_file_with_mistakes_changes_nothing(void **state)
{
	struct timer broken = {0}, mended = {0};
	struct fixture f;

	(void)state;
	world.takes = NS_PER_MS;
	setup(&f, 2, NS_PER_S);
	timer_start(f.loop, &broken, loop_now(f.loop) + 3 * NS_PER_S, break_file, NULL);
	run_for(&f, 10 * NS_PER_S);
	assert_non_null(strstr(f.notices, "'s0' runs on as it was"));
	fflush(f.out);
	assert_non_null(strstr(f.diagnostics, "unknown kind 'nop'"));
	assert_false(first(&f)->file_valid);
	assert_int_equal(first(&f)->runs[GOLDEN_HEALTHY], 10);
	teardown(&f);

	setup(&f, 2, NS_PER_S);
	timer_start(f.loop, &mended, loop_now(f.loop) + 3 * NS_PER_S, mend_file, NULL);
	run_for(&f, 10 * NS_PER_S);
	assert_non_null(strstr(f.notices, "'s0.yaml' was read anew"));
	assert_string_equal(first(&f)->name, "renamed");
	assert_string_equal(first(&f)->steps[0].name, "other");
	teardown(&f);
}

static void the_end_interrupts_and_records(void **state)
{
	struct fixture f;

	(void)state;
	world.takes = 8 * NS_PER_S;
	setup(&f, 3, 10 * NS_PER_S);
	run_for(&f, NS_PER_S);
	assert_int_equal(world.running, 0);
	assert_int_equal(f.finished, 3);
	assert_int_equal(first(&f)->state, GOLDEN_UNKNOWN);
	assert_int_equal(first(&f)->runs[GOLDEN_BROKEN], 0);
	teardown(&f);
}

static void names_must_differ(void **state)
{
	static const char *const files[] = {"a.yaml", "b.yaml"};
	struct monitor_options options = {.vocabulary = &vocabulary, .notice = notice};
	struct loop *loop = loop_new_virtual(NS_PER_S, NS_PER_S);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct error err;

	(void)state;
	write_file("a.yaml", "name: twin\nsteps:\n  - nap: {}\n");
	write_file("b.yaml", "name: twin\nsteps:\n  - nap: {}\n");
	assert_null(monitor_new(loop, files, 2, &options, out, false, &err));
	fclose(out);
	assert_non_null(strstr(text, "called 'twin' too"));
	assert_non_null(strstr(err.text, "b.yaml"));
	free(text);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_drifts),
		cmocka_unit_test(no_two_runs_of_a_scenario_overlap),
		cmocka_unit_test(runs_at_once_are_bounded_and_late_ones_counted),
		cmocka_unit_test(first_runs_are_spread),
		cmocka_unit_test(the_last_result_is_shown),
		cmocka_unit_test(a_file_with_mistakes_changes_nothing),
		cmocka_unit_test(the_end_interrupts_and_records),
		cmocka_unit_test(names_must_differ),
	};

	return cmocka_run_group_tests(tests, fake_enter, fake_leave);
}
