/* See probe/loop.h. A turn: wait, take the time, call the ready descriptors, fire what is due. */
#include "probe/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { BATCH_MAX = 64, BUSY_MAX = 8 };

struct attached {
	const void *key;
	void *machine;
	void (*free_machine)(void *);
	struct attached *next; /* attached before this one */
};

struct loop {
	int epoll; /* -1: virtual */
	int64_t now, wall;
	uint64_t order;
	struct timer **heap; /* by (at, order), the first is the next */
	size_t timer_count, timer_capacity;
	size_t watch_count;
	/* The events under way: loop_unwatch takes its watch out, so that none is called after. */
	struct epoll_event *batch;
	int batch_count;
	int busy; /* turns in a row that only fired timers */
	int (*wait)(void *ctx, int timeout_ms);
	void *wait_ctx;
	struct attached *attached;
};

/* Life */

static struct loop *loop_alloc(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		die("out of memory: %zu bytes", sizeof(*loop));
	loop->epoll = -1;
	return loop;
}

struct loop *loop_new(struct error *err)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0) {
		error_set(err, "cannot make an event loop: %s", strerror(errno));
		return NULL;
	}
	struct loop *loop = loop_alloc();

	loop->epoll = epoll;
	loop_refresh(loop);
	return loop;
}

struct loop *loop_new_virtual(int64_t monotonic_ns, int64_t wall_ns)
{
	struct loop *loop = loop_alloc();

	loop->now = monotonic_ns;
	loop->wall = wall_ns;
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	/* A machine may still stop timers and unwatch while it is freed. */
	while (loop->attached) {
		struct attached *a = loop->attached;

		loop->attached = a->next;
		a->free_machine(a->machine);
		free(a);
	}
	for (size_t i = 0; i < loop->timer_count; i++)
		loop->heap[i]->slot = 0;
	free(loop->heap);
	if (loop->epoll >= 0)
		close(loop->epoll);
	free(loop);
}

void *loop_attached(struct loop *loop, const void *key)
{
	for (const struct attached *a = loop->attached; a; a = a->next)
		if (a->key == key)
			return a->machine;
	return NULL;
}

void loop_attach(struct loop *loop, const void *key, void *machine, void (*free_machine)(void *))
{
	struct attached *a = calloc(1, sizeof(*a));

	if (!a)
		die("out of memory: %zu bytes", sizeof(*a));
	*a = (struct attached){key, machine, free_machine, loop->attached};
	loop->attached = a;
}

/* Time */

int64_t loop_now(const struct loop *loop)
{
	return loop->now;
}

int64_t loop_wall(const struct loop *loop)
{
	return loop->wall;
}

void loop_refresh(struct loop *loop)
{
	if (loop->epoll < 0)
		return;
	loop->now = clock_monotonic();
	loop->wall = clock_wall();
}

/* Timers: a binary heap of pointers, each timer knows its slot. */

static bool timer_before(const struct timer *a, const struct timer *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void heap_put(struct loop *loop, size_t i, struct timer *t)
{
	loop->heap[i] = t;
	t->slot = i + 1;
}

static void heap_up(struct loop *loop, size_t i, struct timer *t)
{
	while (i > 0 && timer_before(t, loop->heap[(i - 1) / 2])) {
		heap_put(loop, i, loop->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_put(loop, i, t);
}

static void heap_down(struct loop *loop, size_t i, struct timer *t)
{
	for (size_t child; (child = 2 * i + 1) < loop->timer_count; i = child) {
		if (child + 1 < loop->timer_count &&
			timer_before(loop->heap[child + 1], loop->heap[child]))
			child++;
		if (!timer_before(loop->heap[child], t))
			break;
		heap_put(loop, i, loop->heap[child]);
	}
	heap_put(loop, i, t);
}

void timer_start(struct loop *loop, struct timer *t, int64_t at, void (*fire)(void *ctx), void *ctx)
{
	timer_stop(loop, t);
	t->at = at;
	t->order = loop->order++;
	t->fire = fire;
	t->ctx = ctx;
	if (loop->timer_count == loop->timer_capacity) {
		size_t capacity = loop->timer_capacity ? 2 * loop->timer_capacity : 16;
		struct timer **heap = realloc(loop->heap, capacity * sizeof(struct timer *));

		if (!heap)
			die("out of memory: %zu bytes", capacity * sizeof(struct timer *));
		loop->heap = heap;
		loop->timer_capacity = capacity;
	}
	loop->timer_count++;
	heap_up(loop, loop->timer_count - 1, t);
}

void timer_stop(struct loop *loop, struct timer *t)
{
	if (!t->slot)
		return;
	size_t i = t->slot - 1;

	t->slot = 0;
	struct timer *last = loop->heap[--loop->timer_count];

	if (last == t)
		return;
	if (i > 0 && timer_before(last, loop->heap[(i - 1) / 2]))
		heap_up(loop, i, last);
	else
		heap_down(loop, i, last);
}

bool timer_running(const struct timer *t)
{
	return t->slot != 0;
}

void loop_defer(struct loop *loop, struct timer *t, void (*fire)(void *ctx), void *ctx)
{
	timer_start(loop, t, loop->now, fire, ctx);
}

/* Fires what is due. Timers started meanwhile wait for the next turn, so that one which starts
 * itself anew cannot starve the descriptors. */
static void fire_due(struct loop *loop, const bool *stop)
{
	uint64_t end = loop->order;

	while (loop->timer_count && !*stop) {
		struct timer *t = loop->heap[0];

		if (t->at > loop->now || t->order >= end)
			break;
		timer_stop(loop, t);
		t->fire(t->ctx);
	}
}

/* Descriptors */

static uint32_t epoll_events(unsigned events)
{
	return (events & LOOP_READ ? EPOLLIN : 0) | (events & LOOP_WRITE ? EPOLLOUT : 0);
}

int loop_watch(struct loop *loop, struct watch *w, int fd, unsigned events,
	void (*ready)(void *ctx, unsigned events), void *ctx, struct error *err)
{
	struct epoll_event event = {.events = epoll_events(events), .data.ptr = w};

	if (loop->epoll < 0)
		return error_set(err, "a virtual loop has no descriptors");
	*w = (struct watch){.fd = fd, .events = events, .ready = ready, .ctx = ctx};
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return error_set(err, "cannot watch descriptor %d: %s", fd, strerror(errno));
	w->active = true;
	loop->watch_count++;
	return 0;
}

void loop_rewatch(struct loop *loop, struct watch *w, unsigned events)
{
	struct epoll_event event = {.events = epoll_events(events), .data.ptr = w};

	if (!w->active || w->events == events)
		return;
	/* A library may have closed the descriptor and got its number again: the kernel has forgotten
	 * the first one. */
	if (epoll_ctl(loop->epoll, EPOLL_CTL_MOD, w->fd, &event) < 0 && errno == ENOENT)
		epoll_ctl(loop->epoll, EPOLL_CTL_ADD, w->fd, &event);
	w->events = events;
}

void loop_unwatch(struct loop *loop, struct watch *w)
{
	if (!w->active)
		return;
	w->active = false;
	loop->watch_count--;
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	for (int i = 0; i < loop->batch_count; i++)
		if (loop->batch[i].data.ptr == w)
			loop->batch[i].data.ptr = NULL;
}

static void call_ready(struct loop *loop, struct epoll_event *events, int count)
{
	loop->batch = events;
	loop->batch_count = count;
	for (int i = 0; i < count; i++) {
		const struct watch *w = events[i].data.ptr;
		uint32_t got = events[i].events;

		if (!w)
			continue;
		w->ready(w->ctx, (got & EPOLLIN ? LOOP_READ : 0u) |
					 (got & EPOLLOUT ? LOOP_WRITE : 0u) |
					 (got & (EPOLLHUP | EPOLLERR) ? LOOP_HANGUP : 0u));
	}
	loop->batch = NULL;
	loop->batch_count = 0;
}

/* Turns */

/* Milliseconds until the next timer, rounded up so that a turn never spins before it; -1: none. */
static int wait_ms(struct loop *loop)
{
	if (!loop->timer_count)
		return -1;
	int64_t at = loop->heap[0]->at;

	if (at <= loop->now)
		return 0;
	loop_refresh(loop); /* the turn itself took time */
	int64_t left = at - loop->now;

	if (left <= 0)
		return 0;
	return left > (INT_MAX - 1) * NS_PER_MS ? INT_MAX
						: (int)((left + NS_PER_MS - 1) / NS_PER_MS);
}

static int turn_virtual(struct loop *loop, struct error *err)
{
	if (!loop->timer_count)
		return error_set(err, "nothing is left to wait for");
	int64_t ahead = loop->heap[0]->at - loop->now;

	if (ahead > 0) {
		loop->now += ahead;
		loop->wall += ahead;
	}
	return 0;
}

static int turn_real(struct loop *loop, struct error *err)
{
	struct epoll_event events[BATCH_MAX];
	int timeout = wait_ms(loop);

	/* What a turn puts off is due at once: descriptors are looked at after a few such turns. */
	if (timeout == 0 && loop->busy++ < BUSY_MAX) {
		loop_refresh(loop);
		return 0;
	}
	loop->busy = 0;
	if (timeout < 0 && !loop->watch_count && !loop->wait)
		return error_set(err, "nothing is left to wait for");
	if (loop->wait) {
		if (loop->wait(loop->wait_ctx, timeout) < 0)
			return error_set(err, "waiting for events failed");
		timeout = 0;
	}
	int count = epoll_wait(loop->epoll, events, BATCH_MAX, timeout);

	if (count < 0 && errno != EINTR)
		return error_set(err, "waiting for events failed: %s", strerror(errno));
	loop_refresh(loop);
	if (count > 0)
		call_ready(loop, events, count);
	return 0;
}

int loop_run(struct loop *loop, const bool *stop, struct error *err)
{
	while (!*stop) {
		int rc = loop->epoll < 0 ? turn_virtual(loop, err) : turn_real(loop, err);

		if (rc < 0)
			return -1;
		fire_due(loop, stop);
	}
	return 0;
}

int loop_fd(const struct loop *loop)
{
	return loop->epoll;
}

void loop_set_waiter(struct loop *loop, int (*wait)(void *ctx, int timeout_ms), void *ctx)
{
	loop->wait = wait;
	loop->wait_ctx = ctx;
}
