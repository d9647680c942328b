/* The loop: order of timers, jumps of virtual time, descriptors that vanish under their callbacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/loop.h"

struct seen {
	struct loop *loop;
	struct timer timers[200];
	int order[400];
	size_t count;
	bool stop;
	struct watch watches[2];
	int pipes[2][2];
};

struct mark {
	struct seen *seen;
	int number;
};

static void note(void *ctx)
{
	struct mark *mark = ctx;

	mark->seen->order[mark->seen->count++] = mark->number;
}

static void end(void *ctx)
{
	((struct seen *)ctx)->stop = true;
}

static void test_timers_fire_in_order(void **state)
{
	(void)state;
	struct seen seen = {.loop = loop_new_virtual(1000, 5000)};
	struct mark marks[200];
	struct timer last = {0};

	for (int i = 0; i < 200; i++) {
		marks[i] = (struct mark){&seen, (i * 73) % 200};
		timer_start(seen.loop, &seen.timers[i], 2000 + marks[i].number * NS_PER_S, note,
			&marks[i]);
	}
	for (int i = 0; i < 200; i++)
		if (marks[i].number % 2)
			timer_stop(seen.loop, &seen.timers[i]);
	timer_start(seen.loop, &last, 1000 * NS_PER_S, end, &seen);
	assert_int_equal(loop_run(seen.loop, &seen.stop, NULL), 0);
	assert_int_equal(seen.count, 100);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(seen.order[i], 2 * i);
	assert_true(loop_now(seen.loop) == 1000 * NS_PER_S);
	assert_true(loop_wall(seen.loop) == 1000 * NS_PER_S + 4000);
	loop_free(seen.loop);
}

static void test_equal_moments_keep_order(void **state)
{
	(void)state;
	struct seen seen = {.loop = loop_new_virtual(0, 0)};
	struct mark marks[50];
	struct timer last = {0};

	for (int i = 0; i < 50; i++) {
		marks[i] = (struct mark){&seen, i};
		timer_start(seen.loop, &seen.timers[i], 7, note, &marks[i]);
	}
	timer_start(seen.loop, &last, 7, end, &seen);
	assert_int_equal(loop_run(seen.loop, &seen.stop, NULL), 0);
	for (int i = 0; i < 50; i++)
		assert_int_equal(seen.order[i], i);
	loop_free(seen.loop);
}

static void defer_again(void *ctx)
{
	struct seen *seen = ctx;

	if (seen->count++ < 100)
		loop_defer(seen->loop, &seen->timers[0], defer_again, seen);
	else
		seen->stop = true;
}

static void test_defer_never_nests_nor_takes_time(void **state)
{
	(void)state;
	struct seen seen = {.loop = loop_new_virtual(5, 5)};

	loop_defer(seen.loop, &seen.timers[0], defer_again, &seen);
	assert_int_equal(seen.count, 0);
	assert_int_equal(loop_run(seen.loop, &seen.stop, NULL), 0);
	assert_int_equal(seen.count, 101);
	assert_true(loop_now(seen.loop) == 5);
	loop_free(seen.loop);
}

static void test_nothing_left_is_an_error(void **state)
{
	(void)state;
	struct error err;
	bool stop = false;
	struct loop *loops[] = {loop_new_virtual(0, 0), loop_new(&err)};

	for (int i = 0; i < 2; i++) {
		assert_int_equal(loop_run(loops[i], &stop, &err), -1);
		assert_string_equal(err.text, "nothing is left to wait for");
		loop_free(loops[i]);
	}
}

/* Both pipes are ready in the same turn; the first callback takes both away. */
static void take_both(void *ctx, unsigned events)
{
	struct seen *seen = ctx;

	assert_true(events & LOOP_READ);
	seen->count++;
	loop_unwatch(seen->loop, &seen->watches[0]);
	loop_unwatch(seen->loop, &seen->watches[1]);
	seen->stop = true;
}

static void test_unwatched_is_never_called(void **state)
{
	(void)state;
	struct seen seen = {.loop = loop_new(NULL)};

	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe(seen.pipes[i]), 0);
		assert_int_equal(loop_watch(seen.loop, &seen.watches[i], seen.pipes[i][0],
					 LOOP_READ, take_both, &seen, NULL),
			0);
		assert_int_equal(write(seen.pipes[i][1], "x", 1), 1);
	}
	assert_int_equal(loop_run(seen.loop, &seen.stop, NULL), 0);
	assert_int_equal(seen.count, 1);
	for (int i = 0; i < 2; i++) {
		close(seen.pipes[i][0]);
		close(seen.pipes[i][1]);
	}
	loop_free(seen.loop);
}

static int foreign_wait(void *ctx, int timeout_ms)
{
	struct seen *seen = ctx;

	assert_true(timeout_ms >= 0);
	seen->count++;
	usleep(1000);
	return 0;
}

static void test_waiter_replaces_waiting(void **state)
{
	(void)state;
	struct seen seen = {.loop = loop_new(NULL)};

	loop_set_waiter(seen.loop, foreign_wait, &seen);
	timer_start(seen.loop, &seen.timers[0], loop_now(seen.loop) + 20 * NS_PER_MS, end, &seen);
	assert_int_equal(loop_run(seen.loop, &seen.stop, NULL), 0);
	assert_true(seen.count >= 2);
	loop_free(seen.loop);
}

static int freed[3];
static size_t freed_count;

static void free_machine(void *machine)
{
	freed[freed_count++] = *(int *)machine;
}

static void test_machines_are_freed_in_reverse(void **state)
{
	(void)state;
	static const char keys[3];
	int numbers[] = {1, 2, 3};
	struct loop *loop = loop_new_virtual(0, 0);

	for (int i = 0; i < 3; i++)
		loop_attach(loop, &keys[i], &numbers[i], free_machine);
	assert_ptr_equal(loop_attached(loop, &keys[1]), &numbers[1]);
	assert_null(loop_attached(loop, loop));
	loop_free(loop);
	assert_int_equal(freed_count, 3);
	assert_int_equal(freed[0], 3);
	assert_int_equal(freed[2], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timers_fire_in_order),
		cmocka_unit_test(test_equal_moments_keep_order),
		cmocka_unit_test(test_defer_never_nests_nor_takes_time),
		cmocka_unit_test(test_nothing_left_is_an_error),
		cmocka_unit_test(test_unwatched_is_never_called),
		cmocka_unit_test(test_waiter_replaces_waiting),
		cmocka_unit_test(test_machines_are_freed_in_reverse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
