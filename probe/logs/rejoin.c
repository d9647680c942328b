/*
 * The joiner with its open events: a hash table by stream, the least recently used one ended when
 * there are too many.
 */
#include "probe/rejoin.h"

#include <stdlib.h>

#include "probe/clock.h"
#include "probe/error.h"

enum { TABLE_SIZE = REJOIN_STREAMS_MAX * 2, HELD_MAX = 64 << 20 };

struct stream {
	uint64_t key, user, used;
	struct rejoin_state state;
	int64_t first, last;
	struct buf text;
	size_t entries; /* 0: nothing is open */
};

struct rejoin {
	void (*event)(void *ctx, const struct rejoin_event *);
	void *ctx;
	struct stream *streams;
	uint32_t table[TABLE_SIZE]; /* index + 1 of a stream */
	size_t count;
	uint64_t clock;
	size_t held; /* bytes of all open events */
};

struct rejoin *rejoin_new(void (*event)(void *ctx, const struct rejoin_event *), void *ctx)
{
	struct rejoin *r = calloc(1, sizeof(*r));

	if (r)
		r->streams = calloc(REJOIN_STREAMS_MAX, sizeof(*r->streams));
	if (!r || !r->streams)
		die("out of memory: %zu bytes", REJOIN_STREAMS_MAX * sizeof(struct stream));
	r->event = event;
	r->ctx = ctx;
	return r;
}

void rejoin_free(struct rejoin *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++)
		buf_release(&r->streams[i].text);
	free(r->streams);
	free(r);
}

/* Ends what is open on a stream. */
static void end(struct rejoin *r, struct stream *s)
{
	if (s->entries == 0)
		return;
	struct rejoin_event event = {.key = s->key,
		.user = s->user,
		.first = s->first,
		.last = s->last,
		.text = buf_str(&s->text),
		.entries = s->entries,
		.cut = s->text.overflow};

	s->entries = 0;
	r->held -= s->text.len;
	r->event(r->ctx, &event);
	/* a long event leaves no long buffer behind */
	if (s->text.capacity > 64 << 10)
		buf_release(&s->text);
	else
		buf_clear(&s->text);
	s->text.overflow = false;
}

static size_t slot_of(const struct rejoin *r, uint64_t key)
{
	size_t at = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) % TABLE_SIZE;

	while (r->table[at] && r->streams[r->table[at] - 1].key != key)
		at = (at + 1) % TABLE_SIZE;
	return at;
}

static void rebuild_table(struct rejoin *r)
{
	memset(r->table, 0, sizeof(r->table));
	for (size_t i = 0; i < r->count; i++)
		r->table[slot_of(r, r->streams[i].key)] = (uint32_t)i + 1;
}

static int order_used(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Ends the half of the streams that was used longest ago, so that the cost of making room is spread
 * over as many entries. */
static void make_room(struct rejoin *r)
{
	uint64_t used[REJOIN_STREAMS_MAX];
	size_t kept = 0;

	for (size_t i = 0; i < r->count; i++)
		used[i] = r->streams[i].used;
	qsort(used, r->count, sizeof(*used), order_used);
	uint64_t median = used[r->count / 2]; /* all differ: exactly half are below */
	for (size_t i = 0; i < r->count; i++) {
		if (r->streams[i].used < median) {
			end(r, &r->streams[i]);
			buf_release(&r->streams[i].text);
			continue;
		}
		r->streams[kept++] = r->streams[i];
	}
	r->count = kept;
	rebuild_table(r);
}

static struct stream *find(struct rejoin *r, uint64_t key)
{
	size_t at = slot_of(r, key);

	if (r->table[at])
		return &r->streams[r->table[at] - 1];
	if (r->count == REJOIN_STREAMS_MAX) {
		make_room(r);
		at = slot_of(r, key);
	}
	struct stream *s = &r->streams[r->count++];
	r->table[at] = (uint32_t)r->count;
	*s = (struct stream){.key = key, .state = {.time = TIME_NONE}};
	buf_init(&s->text, REJOIN_TEXT_MAX);
	return s;
}

void rejoin_add(struct rejoin *r, const struct rejoin_entry *entry)
{
	struct stream *s = find(r, entry->key);

	s->used = ++r->clock;
	bool goes_on = rejoin_continues(&s->state, entry->text, entry->time, entry->starts);
	if (!goes_on || s->entries == 0) {
		end(r, s);
		s->user = entry->user;
		s->first = entry->time;
	}
	size_t before = s->text.len;
	if (s->entries)
		buf_add_char(&s->text, '\n');
	buf_add_str(&s->text, entry->text);
	r->held += s->text.len - before;
	s->entries++;
	s->last = entry->time;
	if (r->held > HELD_MAX)
		rejoin_flush(r);
}

void rejoin_flush(struct rejoin *r)
{
	for (size_t i = 0; i < r->count; i++)
		end(r, &r->streams[i]);
}
