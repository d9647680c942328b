/*
 * Chunks on their way: a ring. The caller fills one, threads read them, the caller merges them in
 * the order in which they were filled. Small input never leaves the caller's thread.
 */
#include "logs_private.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "probe/error.h"

enum { POOL_CHUNKS = 6, POOL_THREADS = 2 };

enum slot_state { SLOT_FREE, SLOT_FILLING, SLOT_QUEUED, SLOT_BUSY, SLOT_DONE };

struct slot {
	struct chunk chunk;
	enum slot_state state;
};

struct pool {
	void (*merge)(void *ctx, struct chunk *);
	void *ctx;
	struct slot slots[POOL_CHUNKS];
	size_t first, filled; /* numbers of the next chunk to merge and to fill */
	size_t next;          /* ... to read */
	pthread_mutex_t mutex;
	pthread_cond_t work, done;
	pthread_t threads[POOL_THREADS];
	size_t thread_count;
	bool stop;
	bool one_thread;
};

static void *run(void *arg)
{
	struct pool *p = arg;

	pthread_mutex_lock(&p->mutex);
	for (;;) {
		while (!p->stop && p->next == p->filled)
			pthread_cond_wait(&p->work, &p->mutex);
		if (p->next == p->filled)
			break;
		struct slot *s = &p->slots[p->next++ % POOL_CHUNKS];

		s->state = SLOT_BUSY;
		pthread_mutex_unlock(&p->mutex);
		chunk_read(&s->chunk);
		pthread_mutex_lock(&p->mutex);
		s->state = SLOT_DONE;
		pthread_cond_signal(&p->done);
	}
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
	p->one_thread = one_thread;
	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->done, NULL);
	return p;
}

static void merge_first(struct pool *p)
{
	struct slot *s = &p->slots[p->first % POOL_CHUNKS];

	if (p->thread_count) {
		pthread_mutex_lock(&p->mutex);
		while (s->state != SLOT_DONE)
			pthread_cond_wait(&p->done, &p->mutex);
		pthread_mutex_unlock(&p->mutex);
	} else {
		p->next++;
		chunk_read(&s->chunk);
	}
	p->merge(p->ctx, &s->chunk);
	chunk_clear(&s->chunk);
	s->state = SLOT_FREE;
	p->first++;
}

struct chunk *pool_chunk(struct pool *p)
{
	if (p->filled - p->first == POOL_CHUNKS)
		merge_first(p);
	struct slot *s = &p->slots[p->filled % POOL_CHUNKS];

	if (!s->chunk.data)
		s->chunk.data = malloc(CHUNK_MAX);
	if (!s->chunk.data)
		die("out of memory for %d bytes", CHUNK_MAX);
	s->state = SLOT_FILLING;
	return &s->chunk;
}

/* Merges what is ready, without waiting. */
static void merge_ready(struct pool *p)
{
	while (p->first < p->filled) {
		pthread_mutex_lock(&p->mutex);
		bool ready = p->slots[p->first % POOL_CHUNKS].state == SLOT_DONE;

		pthread_mutex_unlock(&p->mutex);
		if (!ready)
			return;
		merge_first(p);
	}
}

void pool_submit(struct pool *p, struct chunk *chunk)
{
	bool large = chunk->len >= CHUNK_SIZE / 4;

	/* Threads are worth it from the second large chunk on. */
	if (!p->thread_count && (p->one_thread || !(large && p->filled > 0))) {
		p->filled++;
		merge_first(p);
		return;
	}
	while (p->thread_count < POOL_THREADS &&
		pthread_create(&p->threads[p->thread_count], NULL, run, p) == 0)
		p->thread_count++;
	pthread_mutex_lock(&p->mutex);
	p->slots[p->filled++ % POOL_CHUNKS].state = SLOT_QUEUED;
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->mutex);
	if (p->thread_count)
		merge_ready(p);
}

void pool_drain(struct pool *p)
{
	while (p->first < p->filled)
		merge_first(p);
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->mutex);
	p->stop = true;
	p->next = p->filled;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->mutex);
	for (size_t i = 0; i < p->thread_count; i++)
		pthread_join(p->threads[i], NULL);
	for (size_t i = 0; i < POOL_CHUNKS; i++)
		chunk_release(&p->slots[i].chunk);
	pthread_mutex_destroy(&p->mutex);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->done);
	free(p);
}
