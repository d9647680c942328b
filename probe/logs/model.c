/* Merging chunks into the model: counts of everything, then what matters goes on to be joined. */
#include "model.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "probe/error.h"

enum { INSTANCE_SLOTS = LOGS_INSTANCES_MAX * 4, HELD_MAX = 50000, AHEAD = 12 };
/* Entries may arrive as much out of order as this. */
#define DISORDER (2 * NS_PER_S)

static void *zeroed(size_t count, size_t size)
{
	void *items = calloc(count, size);

	if (!items)
		die("out of memory for %zu bytes", count * size);
	return items;
}

struct model *model_new(struct arena *arena, const struct log_options *options)
{
	struct model *m = zeroed(1, sizeof(*m));

	m->arena = arena;
	m->options = options;
	m->logs = ARENA_NEW(arena, struct logs);
	m->clusters = clusters_new();
	m->instance_slots = zeroed(INSTANCE_SLOTS, sizeof(*m->instance_slots));
	buf_init(&m->annotated, (size_t)LOG_MAX_BYTES * 2);
	return m;
}

void model_free(struct model *m)
{
	if (!m)
		return;
	clusters_free(m->clusters);
	free(m->states);
	free(m->sources);
	free(m->shapes);
	free(m->presences);
	free(m->presence_slots);
	free(m->instances);
	free(m->instance_hashes);
	free(m->instance_slots);
	if (m->identities)
		munmap(m->identities, (m->identity_mask + 1) * sizeof(*m->identities));
	free(m->kept);
	free(m->events);
	free(m->held);
	free(m->tickets);
	free(m->entry_tickets);
	free(m->streams);
	free(m->stream_slots);
	buf_release(&m->annotated);
	free(m);
}

uint32_t model_source(struct model *m, const char *name)
{
	size_t capacity = m->source_capacity;

	m->sources =
		heap_grow(m->sources, m->source_count, &m->source_capacity, sizeof(*m->sources));
	m->states = heap_grow(m->states, m->source_count, &capacity, sizeof(*m->states));
	struct log_source *s = &m->sources[m->source_count];

	*s = (struct log_source){.name = arena_strdup(m->arena, name),
		.first = TIME_NONE,
		.last = TIME_NONE,
		.gap_from = TIME_NONE,
		.gap_to = TIME_NONE};
	for (int i = 0; i < SEVERITY_COUNT; i++)
		s->by_severity[i].first = s->by_severity[i].last = TIME_NONE;
	m->states[m->source_count] = (struct source_state){.last_time = TIME_NONE};
	m->source = (uint32_t)m->source_count;
	return (uint32_t)m->source_count++;
}

/* Pages move to a larger place; new ones are zeroed by writing to them, as reading them first, which costs as
 * much again, is what a table does. */
static uint64_t *identities_map(uint64_t *table, size_t old, size_t size)
{
	size_t bytes = size * sizeof(*table);
	void *at = table ? mremap(table, old * sizeof(*table), bytes, MREMAP_MAYMOVE)
			 : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);

	if (at == MAP_FAILED)
		die("out of memory for %zu bytes", bytes);
	table = at;
	memset(table + old, 0, bytes - old * sizeof(*table));
	return table;
}

static void identity_put(struct model *m, uint64_t identity)
{
	size_t at = identity & m->identity_mask;

	while (m->identities[at])
		at = (at + 1) & m->identity_mask;
	m->identities[at] = identity;
}

/*
 * Twice the size, in place: the first touch of a page costs more than what is done in it. One round over the old
 * half, from behind an empty slot: then what an identity was moved on by has its own place before it does.
 */
static void identities_grow(struct model *m)
{
	size_t old = m->identities ? m->identity_mask + 1 : 0, size = old ? old * 2 : 4096,
	       empty = 0;

	m->identities = identities_map(m->identities, old, size);
	m->identity_mask = size - 1;
	while (empty < old && m->identities[empty])
		empty++;
	for (size_t i = 1; i <= old; i++) {
		uint64_t *slot = &m->identities[(empty + i) & (old - 1)], identity = *slot;

		*slot = 0;
		if (identity)
			identity_put(m, identity);
	}
}

/* Whether this identity was seen before; remembers it. */
static bool seen_before(struct model *m, uint64_t identity)
{
	if (m->identity_count * 2 >= m->identity_mask)
		identities_grow(m);
	size_t at = identity & m->identity_mask;

	for (; m->identities[at]; at = (at + 1) & m->identity_mask)
		if (m->identities[at] == identity)
			return true;
	m->identities[at] = identity;
	m->identity_count++;
	return false;
}

/* The model's instance for an origin of a chunk. Too many share the last one. */
static uint32_t instance_number(struct model *m, const struct origin *o)
{
	size_t at = o->hash % INSTANCE_SLOTS;

	for (; m->instance_slots[at]; at = (at + 1) % INSTANCE_SLOTS)
		if (m->instance_hashes[m->instance_slots[at] - 1] == o->hash)
			return m->instance_slots[at] - 1;
	if (m->instance_count >= LOGS_INSTANCES_MAX)
		return (uint32_t)m->instance_count - 1;
	m->instances = heap_grow(
		m->instances, m->instance_count, &m->instance_capacity, sizeof(*m->instances));
	m->instance_hashes = heap_grow(m->instance_hashes, m->instance_count,
		&m->instance_hash_capacity, sizeof(*m->instance_hashes));
	struct log_instance *n = ARENA_NEW(m->arena, struct log_instance);

	*n = (struct log_instance){.name = arena_str(m->arena, o->instance).ptr,
		.revision = arena_str(m->arena, o->revision).ptr,
		.service = arena_str(m->arena, o->service).ptr,
		.first = TIME_NONE,
		.last = TIME_NONE,
		.last_error = TIME_NONE,
		.first_healthy = TIME_NONE,
		.last_healthy = TIME_NONE,
		.last_failed = TIME_NONE};
	m->instance_hashes[m->instance_count] = o->hash;
	m->instances[m->instance_count++] = n;
	m->instance_slots[at] = (uint32_t)m->instance_count;
	return (uint32_t)m->instance_count - 1;
}

static void widen(int64_t time, int64_t *first, int64_t *last)
{
	if (time == TIME_NONE)
		return;
	if (*first == TIME_NONE || time < *first)
		*first = time;
	if (*last == TIME_NONE || time > *last)
		*last = time;
}

static void count_instance(struct log_instance *n, const struct raw *r)
{
	int64_t ignored = r->time;

	n->entries++;
	widen(r->time, &n->first, &n->last);
	if (r->traits & LOG_STARTING)
		n->starts++;
	if (r->traits & LOG_EXIT)
		n->exits++;
	if (!(r->traits & LOG_REQUEST)) {
		if (r->level >= SEVERITY_ERROR) {
			n->errors++;
			widen(r->time, &ignored, &n->last_error);
		}
		return;
	}
	n->requests++;
	if (r->traits & LOG_HEALTHY) {
		n->healthy++;
		widen(r->time, &n->first_healthy, &n->last_healthy);
	} else if (r->status >= 500) {
		n->failed++;
		widen(r->time, &ignored, &n->last_failed);
	}
}

static void count_source(struct log_source *s, struct source_state *state, const struct raw *r)
{
	struct log_severity_stat *stat = &s->by_severity[r->severity];

	s->entries++;
	stat->count++;
	if (r->time == TIME_NONE)
		return;
	widen(r->time, &s->first, &s->last);
	widen(r->time, &stat->first, &stat->last);
	if (state->last_time != TIME_NONE) {
		int64_t step = r->time - state->last_time;

		state->ascending += step > 0;
		state->descending += step < 0;
		/* The longest silence, between neighbours of the input. */
		int64_t gap = step < 0 ? -step : step;

		if (s->gap_from == TIME_NONE || gap > s->gap_to - s->gap_from) {
			s->gap_from = step < 0 ? r->time : state->last_time;
			s->gap_to = s->gap_from + gap;
		}
	}
	state->last_time = r->time;
}

static void count_all(struct model *m, const struct raw *r)
{
	struct logs *logs = m->logs;

	logs->by_severity[r->severity]++;
	logs->requests += (r->traits & LOG_REQUEST) != 0;
	logs->healthy += (r->traits & LOG_HEALTHY) != 0;
	logs->failed += r->traits & LOG_REQUEST && r->status >= 500;
}

static const char *log_name(struct model *m, struct str name)
{
	for (size_t i = 0; i < m->log_name_count; i++)
		if (str_is(name, m->log_names[i]))
			return m->log_names[i];
	const char *copy = arena_str(m->arena, str_sub(name, 0, 256)).ptr;

	if (m->log_name_count < sizeof(m->log_names) / sizeof(*m->log_names))
		m->log_names[m->log_name_count++] = copy;
	return copy;
}

static void item_fill(struct model *m, struct item *item, const struct raw *r,
	const struct detail *d, uint32_t instance)
{
	const struct source_state *state = &m->states[m->source];

	*item = (struct item){.text = d->text,
		.detail = d,
		.judgement = d->judgement,
		.part = d->part,
		.hash = d->hash};
	item->carry = (struct carry){.raw = *r,
		.order_time = r->time == TIME_NONE ? state->last_time : r->time,
		.index = state->index,
		.last_time = r->time,
		.source = m->source,
		.instance = instance,
		.log = d->log.len ? log_name(m, d->log) : "",
		.parts = 1,
		.starts = d->starts,
		.quiet = d->quiet,
		.stream = d->stream ^ m->source};
	if (d->trace.len)
		memcpy(item->carry.trace, d->trace.ptr, d->trace.len < 32 ? d->trace.len : 32);
}

/* Remembers what --annotate prints for an entry. */
static void annotate(struct model *m, struct item *item)
{
	item->carry.ticket = m->entry_ticket_count;
	m->entry_tickets = heap_grow(m->entry_tickets, m->entry_ticket_count,
		&m->entry_ticket_capacity, sizeof(*m->entry_tickets));
	m->entry_tickets[m->entry_ticket_count] = m->entry_ticket_count;
	m->entry_ticket_count++;
	uint32_t len = (uint32_t)item->text.len;

	buf_add(&m->annotated, &len, sizeof(len));
	buf_add_str(&m->annotated, item->text);
}

static int compare_items(const void *a, const void *b)
{
	const struct carry *x = &((const struct item *)a)->carry,
			   *y = &((const struct item *)b)->carry;

	if (x->order_time != y->order_time)
		return x->order_time < y->order_time ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* Entries with one time: in a newest-first log the later line came first. */
static int compare_items_backward(const void *a, const void *b)
{
	const struct carry *x = &((const struct item *)a)->carry,
			   *y = &((const struct item *)b)->carry;

	if (x->order_time != y->order_time)
		return x->order_time < y->order_time ? -1 : 1;
	return (x->index < y->index) - (x->index > y->index);
}

/* Gives the held entries on in the order of time, but for those that entries of the next chunk may
 * belong between. */
static void release_held(struct model *m, bool all)
{
	const struct source_state *state = &m->states[m->source];
	bool backward = state->descending > state->ascending;
	size_t from = 0, to = m->held_count;

	if (m->held_count == 0)
		return;
	qsort(m->held, m->held_count, sizeof(*m->held),
		backward ? compare_items_backward : compare_items);
	int64_t oldest = m->held[0].carry.order_time,
		newest = m->held[m->held_count - 1].carry.order_time;

	while (!all && backward && from < to && m->held[from].carry.order_time <= oldest + DISORDER)
		from++;
	while (!all && !backward && to > from &&
		m->held[to - 1].carry.order_time >= newest - DISORDER)
		to--;
	if (to == from && m->held_count > HELD_MAX)
		from = 0, to = m->held_count;
	for (size_t i = from; i < to; i++) {
		model_join(m, &m->held[i]);
		free((char *)m->held[i].text.ptr);
	}
	if (backward)
		model_join_flush(m);
	memmove(m->held + from, m->held + to, (m->held_count - to) * sizeof(*m->held));
	m->held_count -= to - from;
}

static void hold(struct model *m, const struct item *item)
{
	m->held = heap_grow(m->held, m->held_count, &m->held_capacity, sizeof(*m->held));
	struct item *copy = &m->held[m->held_count++];
	struct str masked = item->judgement.masked;
	char *text = malloc(item->text.len + masked.len + 1);

	if (!text)
		die("out of memory for %zu bytes", item->text.len + masked.len);
	memcpy(text, item->text.ptr, item->text.len);
	if (masked.len)
		memcpy(text + item->text.len, masked.ptr, masked.len);
	*copy = *item;
	copy->text.ptr = text;
	copy->judgement.masked.ptr = text + item->text.len;
	copy->detail = NULL;
}

static void merge_raw(struct model *m, struct chunk *c, const struct raw *r)
{
	struct log_source *s = &m->sources[m->source];
	struct source_state *state = &m->states[m->source];
	const struct detail *d = r->detail ? &c->details[r->detail - 1] : NULL;
	struct origin *origin = &c->origins[r->origin];
	struct item item;

	/* Not all origins that were seen wrote an entry. */
	if (origin->number == UINT32_MAX)
		origin->number = instance_number(m, origin);
	uint32_t instance = origin->number;

	if (!(r->traits & RAW_BLANK)) {
		state->index++;
		if (r->identity && seen_before(m, r->identity)) {
			s->duplicates++;
			return;
		}
		count_source(s, state, r);
		count_all(m, r);
		count_instance(m->instances[instance], r);
	}
	if (!d)
		return;
	item_fill(m, &item, r, d, instance);
	if (m->options->annotate && !(r->traits & RAW_BLANK))
		annotate(m, &item);
	if (!d->plain)
		model_event(m, &item);
	else if (state->descending || m->held_count)
		hold(m, &item);
	else
		model_join(m, &item);
}

/* Whether times go back somewhere in the chunk: then nothing may be joined before all is seen. */
static bool goes_back(const struct chunk *c)
{
	int64_t last = TIME_NONE;

	for (size_t i = 0; i < c->raw_count; i++) {
		if (c->raws[i].time == TIME_NONE)
			continue;
		if (c->raws[i].time < last)
			return true;
		last = c->raws[i].time;
	}
	return false;
}

void model_merge(void *ctx, struct chunk *c)
{
	struct model *m = ctx;
	int64_t max = m->options->max_entries ? m->options->max_entries : LOG_MAX_ENTRIES;

	for (size_t i = 0; i < c->origin_count; i++)
		c->origins[i].number = UINT32_MAX;
	m->sources[m->source].left_out += c->cut_lines;
	if (!m->states[m->source].descending && goes_back(c))
		m->states[m->source].descending = 1;
	for (size_t i = 0; i < c->raw_count; i++) {
		if (m->logs->entries >= max) {
			m->full = true;
			m->sources[m->source].left_out += (int64_t)(c->raw_count - i);
			break;
		}
		/* The table of identities is larger than what the processor keeps near. */
		if (m->identities && i + AHEAD < c->raw_count)
			__builtin_prefetch(
				&m->identities[c->raws[i + AHEAD].identity & m->identity_mask]);
		merge_raw(m, c, &c->raws[i]);
		m->logs->entries += !(c->raws[i].traits & RAW_BLANK);
	}
	release_held(m, false);
}

void model_document_end(struct model *m)
{
	release_held(m, true);
	model_join_flush(m);
}
