/*
 * loop: one thread, one event loop (epoll and a timer heap), everything asynchronous hangs on it.
 *
 * `now` is taken once a turn. libwebsockets brings its own poll loop: when a WebSocket machine exists
 * it becomes the master of the waiting (loop_set_waiter) and the loop's epoll descriptor is adopted
 * by it; without one nothing of libwebsockets is touched. A virtual loop jumps to the next timer
 * instead of waiting, so that retries and deadlines are tested without time passing.
 */
#ifndef PROBE_LOOP_H
#define PROBE_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "probe/clock.h"
#include "probe/error.h"

struct loop;

struct loop *loop_new(struct error *err);
struct loop *loop_new_virtual(int64_t monotonic_ns, int64_t wall_ns);
void loop_free(struct loop *);

/* Monotonic and wall time of this turn, ns. loop_refresh takes them anew inside a long turn. */
int64_t loop_now(const struct loop *);
int64_t loop_wall(const struct loop *);
void loop_refresh(struct loop *);

/* Timers are embedded in their owner, zeroed before first use; starting a running one moves it. A
 * timer is stopped before its callback runs. */
struct timer {
	int64_t at;
	uint64_t order; /* of starting: equal moments fire in this order */
	size_t slot;    /* position in the heap + 1; 0: not running */
	void (*fire)(void *ctx);
	void *ctx;
};
void timer_start(struct loop *, struct timer *, int64_t at, void (*fire)(void *ctx), void *ctx);
void timer_stop(struct loop *, struct timer *);
bool timer_running(const struct timer *);

/* Descriptors. One watch per fd; `ready` gets LOOP_READ | LOOP_WRITE | LOOP_HANGUP. Unwatch before
 * closing the fd. A callback may unwatch and free any watch, its own too. */
enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 };
struct watch {
	int fd;
	unsigned events;
	bool active;
	void (*ready)(void *ctx, unsigned events);
	void *ctx;
};
int loop_watch(struct loop *, struct watch *, int fd, unsigned events,
	void (*ready)(void *ctx, unsigned events), void *ctx, struct error *err);
void loop_rewatch(struct loop *, struct watch *, unsigned events);
void loop_unwatch(struct loop *, struct watch *);

/* Runs `fire` soon, after what is due already and never from inside the caller's frame. The timer is
 * stopped like any other. */
void loop_defer(struct loop *, struct timer *, void (*fire)(void *ctx), void *ctx);

/* Turns until *stop is true. Returns -1 when waiting itself fails, or when neither a timer nor a
 * descriptor nor a waiter is left that could ever set it. */
int loop_run(struct loop *, const bool *stop, struct error *err);

/* Another library waits in our place: wait(ctx, timeout_ms) returns after activity on the loop's
 * descriptor (loop_fd) or on its own, or after the timeout. NULL gives the waiting back. */
int loop_fd(const struct loop *);
void loop_set_waiter(struct loop *, int (*wait)(void *ctx, int timeout_ms), void *ctx);

/* A place for machines that exist once a loop (the HTTP machine, the WebSocket machine): found by
 * their address as key, freed in reverse order by loop_free. */
void *loop_attached(struct loop *, const void *key);
void loop_attach(struct loop *, const void *key, void *machine, void (*free_machine)(void *));

#endif
