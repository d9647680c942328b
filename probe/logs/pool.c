/*
 * Threads that share the work on a document, which is of three kinds: to fill a chunk (one at a time, as
 * the document goes on), to read what is in it (side by side) and to merge it (one at a time, in the
 * order of the document). Whoever is free takes what there is to do, so that no thread waits for a
 * slower one, and mostly reads what it has filled, which lies near its processor.
 *
 * Where bytes come over the network, the caller fills and merges, and the others only read.
 */
#include "logs_private.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "probe/error.h"

enum { POOL_CHUNKS = 6, POOL_THREADS = 3 };

enum slot_state { SLOT_FILLING, SLOT_QUEUED, SLOT_BUSY, SLOT_DONE };

struct slot {
	struct chunk chunk;
	enum slot_state state;
};

struct worker {
	struct pool *pool;
	pthread_t thread;
	struct chunk_tools tools;
};

struct pool {
	void (*merge)(void *ctx, struct chunk *);
	void *ctx;
	bool (*fill)(void *ctx); /* of the document that is read; NULL: the caller brings it */
	void *fill_ctx;
	struct slot slots[POOL_CHUNKS];
	/* A stack: what was used last may still lie near a processor. */
	struct slot *unused[POOL_CHUNKS];
	size_t unused_count;
	struct slot *queue[POOL_CHUNKS]; /* by number of the chunk */
	size_t first, next, filled; /* numbers of the chunk to merge, to read and to fill next */
	struct worker *filling;     /* who does; NULL nobody */
	bool merging;               /* somebody does */
	bool ended;                 /* there is nothing more to fill */
	bool stop;
	pthread_mutex_t mutex; /* of all but the chunks */
	pthread_cond_t changed;
	size_t waiting;
	struct worker caller, workers[POOL_THREADS];
	size_t worker_count;
	bool complete; /* no more threads are started */
};

static struct slot *slot(struct pool *p, size_t number)
{
	return p->queue[number % POOL_CHUNKS];
}

/* There is something new to do. With the mutex. */
static void tell(struct pool *p)
{
	if (p->waiting)
		pthread_cond_broadcast(&p->changed);
}

static void await(struct pool *p)
{
	p->waiting++;
	pthread_cond_wait(&p->changed, &p->mutex);
	p->waiting--;
}

static void merge_first(struct pool *p)
{
	struct slot *s = slot(p, p->first);

	p->merging = true;
	pthread_mutex_unlock(&p->mutex);
	p->merge(p->ctx, &s->chunk);
	chunk_clear(&s->chunk);
	pthread_mutex_lock(&p->mutex);
	p->unused[p->unused_count++] = s;
	p->first++;
	p->merging = false;
}

static void read_next(struct pool *p, struct worker *w)
{
	struct slot *s = slot(p, p->next++);

	s->state = SLOT_BUSY;
	pthread_mutex_unlock(&p->mutex);
	chunk_read(&s->chunk, &w->tools);
	pthread_mutex_lock(&p->mutex);
	s->state = SLOT_DONE;
}

static void fill_more(struct pool *p, struct worker *w)
{
	bool more;

	p->filling = w;
	pthread_mutex_unlock(&p->mutex);
	more = p->fill(p->fill_ctx);
	pthread_mutex_lock(&p->mutex);
	p->filling = NULL;
	p->ended = !more;
}

/* Does one piece of what there is to do, the oldest first; false: nothing. With the mutex, which others
 * have meanwhile. */
static bool turn(struct worker *w)
{
	struct pool *p = w->pool;

	if (!p->merging && (w == &p->caller || p->fill) && p->first < p->next &&
		slot(p, p->first)->state == SLOT_DONE)
		merge_first(p);
	else if (p->next < p->filled)
		read_next(p, w);
	else if (p->fill && !p->filling && !p->ended && p->filled - p->first < POOL_CHUNKS)
		fill_more(p, w);
	else
		return false;
	tell(p);
	return true;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct pool *p = w->pool;

	pthread_mutex_lock(&p->mutex);
	while (!p->stop)
		if (!turn(w))
			await(p);
	pthread_mutex_unlock(&p->mutex);
	return NULL;
}

struct pool *pool_new(void (*merge)(void *ctx, struct chunk *), void *ctx, bool one_thread)
{
	struct pool *p = calloc(1, sizeof(*p));

	if (!p)
		die("out of memory for %zu bytes", sizeof(*p));
	p->merge = merge;
	p->ctx = ctx;
	p->complete = one_thread;
	p->caller.pool = p;
	for (size_t i = 0; i < POOL_CHUNKS; i++)
		p->unused[p->unused_count++] = &p->slots[i];
	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->changed, NULL);
	return p;
}

/* One for each processor this process may use, with the caller's. */
static void start_threads(struct pool *p)
{
	cpu_set_t set;
	int others = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) - 1 : 0;

	p->complete = true;
	while (others-- > 0 && p->worker_count < POOL_THREADS) {
		struct worker *w = &p->workers[p->worker_count];

		w->pool = p;
		if (pthread_create(&w->thread, NULL, work, w) != 0)
			break;
		p->worker_count++;
	}
}

struct chunk *pool_chunk(struct pool *p)
{
	pthread_mutex_lock(&p->mutex);
	/* Whoever fills does what others would be waited for. */
	while (p->filled - p->first == POOL_CHUNKS)
		if (!turn(p->filling ? p->filling : &p->caller))
			await(p);
	struct slot *s = p->unused[--p->unused_count];

	p->queue[p->filled % POOL_CHUNKS] = s;
	s->state = SLOT_FILLING;
	pthread_mutex_unlock(&p->mutex);
	if (!s->chunk.data)
		s->chunk.data = malloc(CHUNK_MAX + JSON_MARGIN);
	if (!s->chunk.data)
		die("out of memory for %d bytes", CHUNK_MAX + JSON_MARGIN);
	return &s->chunk;
}

void pool_submit(struct pool *p, struct chunk *chunk)
{
	pthread_mutex_lock(&p->mutex);
	/* Threads are worth it for a second large chunk, which comes after a full one as a rule. */
	if (!p->complete && chunk->len >= (p->filled > 0 ? CHUNK_SIZE / 4 : CHUNK_SIZE / 4 * 3))
		start_threads(p);
	slot(p, p->filled++)->state = SLOT_QUEUED;
	tell(p);
	/* Nobody else merges what the caller brings, and without threads nobody reads it. */
	while (!p->fill && p->first < p->filled &&
		(p->worker_count == 0 || slot(p, p->first)->state == SLOT_DONE) && turn(&p->caller))
		;
	pthread_mutex_unlock(&p->mutex);
}

/* Works until all that was filled is merged, and nothing more is to be filled. With the mutex. */
static void finish(struct pool *p)
{
	while (p->first < p->filled || (p->fill && !p->ended))
		if (!turn(&p->caller))
			await(p);
}

void pool_run(struct pool *p, bool (*fill)(void *ctx), void *ctx)
{
	pthread_mutex_lock(&p->mutex);
	p->fill = fill;
	p->fill_ctx = ctx;
	p->ended = false;
	finish(p);
	p->fill = NULL;
	pthread_mutex_unlock(&p->mutex);
}

void pool_drain(struct pool *p)
{
	pthread_mutex_lock(&p->mutex);
	finish(p);
	pthread_mutex_unlock(&p->mutex);
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->mutex);
	p->stop = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->mutex);
	for (size_t i = 0; i < p->worker_count; i++) {
		pthread_join(p->workers[i].thread, NULL);
		chunk_tools_release(&p->workers[i].tools);
	}
	chunk_tools_release(&p->caller.tools);
	for (size_t i = 0; i < POOL_CHUNKS; i++)
		chunk_release(&p->slots[i].chunk);
	pthread_mutex_destroy(&p->mutex);
	pthread_cond_destroy(&p->changed);
	free(p);
}
