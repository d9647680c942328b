/* A whole event: its cluster, its place in time, and whether its text is kept. */
#include "model.h"

#include <stdlib.h>

#include "probe/error.h"

enum {
	KEPT_FIRST = 8,      /* of each shape */
	KEPT_INSTANCES = 48, /* ... and the first of so many instances */
	QUIET_FIRST = 2,
	QUIET_MAX = 4000,
	PRESENCES_MAX = 500000,
	KEPT_BYTES = 32 << 20,
};

/* The shape of a masked form. */
static uint32_t shape_of(struct model *m, const struct judgement *j)
{
	uint64_t hash = j->hash | 1;
	size_t slot = (hash >> 1) % SHAPE_CACHE;

	if (m->cache_hash[slot] == hash)
		return m->cache_shape[slot];
	uint32_t shape = clusters_add(m->clusters, j->masked);

	while (m->shape_count <= shape) {
		m->shapes = heap_grow(
			m->shapes, m->shape_count, &m->shape_capacity, sizeof(*m->shapes));
		m->shapes[m->shape_count++] =
			(struct shape_stat){.first = TIME_NONE, .last = TIME_NONE};
	}
	m->cache_hash[slot] = hash;
	m->cache_shape[slot] = shape;
	return shape;
}

static void presences_rehash(struct model *m)
{
	size_t slots = m->presence_slots ? (m->presence_mask + 1) * 2 : 1024;

	free(m->presence_slots);
	m->presence_slots = calloc(slots, sizeof(*m->presence_slots));
	if (!m->presence_slots)
		die("out of memory for %zu bytes", slots * sizeof(*m->presence_slots));
	m->presence_mask = slots - 1;
	for (size_t i = 0; i < m->presence_count; i++) {
		uint32_t pair[2] = {m->presences[i].shape, m->presences[i].instance};
		size_t at = cluster_hash(pair, sizeof(pair), 41) & m->presence_mask;

		while (m->presence_slots[at])
			at = (at + 1) & m->presence_mask;
		m->presence_slots[at] = (uint32_t)i + 1;
	}
}

/* Counts the shape on the instance; true when it is new there. */
static bool presence_count(struct model *m, uint32_t shape, const struct carry *c)
{
	uint32_t pair[2] = {shape, c->instance};

	if (!m->presence_slots || m->presence_count * 2 >= m->presence_mask)
		presences_rehash(m);
	size_t at = cluster_hash(pair, sizeof(pair), 41) & m->presence_mask;
	struct presence *p = NULL;

	for (; m->presence_slots[at]; at = (at + 1) & m->presence_mask) {
		p = &m->presences[m->presence_slots[at] - 1];
		if (p->shape == shape && p->instance == c->instance)
			break;
	}
	bool is_new = !m->presence_slots[at];

	if (is_new) {
		if (m->presence_count >= PRESENCES_MAX)
			return false;
		m->presences = heap_grow(
			m->presences, m->presence_count, &m->presence_capacity, sizeof(*p));
		p = &m->presences[m->presence_count++];
		*p = (struct presence){.shape = shape,
			.instance = c->instance,
			.first = c->raw.time,
			.last = c->raw.time};
		m->presence_slots[at] = (uint32_t)m->presence_count;
	}
	p->count++;
	if (c->raw.time != TIME_NONE) {
		p->first = p->first == TIME_NONE || c->raw.time < p->first ? c->raw.time : p->first;
		p->last = p->last == TIME_NONE || c->raw.time > p->last ? c->raw.time : p->last;
	}
	return is_new;
}

static bool is_quiet(const struct carry *c)
{
	return c->raw.level < SEVERITY_WARNING && c->raw.status < 500 &&
	       !(c->raw.traits & (LOG_PLATFORM | LOG_LISTENING | LOG_STARTED | LOG_TRACED));
}

static bool power_of_two(int64_t n)
{
	return (n & (n - 1)) == 0;
}

static bool worth_keeping(
	const struct model *m, const struct carry *c, const struct shape_stat *s, bool new_there)
{
	if (m->kept_count >= LOGS_ENTRIES_MAX || m->kept_bytes >= KEPT_BYTES)
		return false;
	if (c->raw.traits & LOG_TRACED)
		return true;
	if (is_quiet(c))
		return s->kept < QUIET_FIRST && m->quiet_kept < QUIET_MAX;
	/* The last quarter is for errors alone. */
	if (c->raw.level < SEVERITY_ERROR && m->kept_count >= LOGS_ENTRIES_MAX / 4 * 3)
		return false;
	return s->kept < KEPT_FIRST || (new_there && s->kept < KEPT_INSTANCES) ||
	       power_of_two(s->count);
}

static struct str copied(struct model *m, struct str s)
{
	return s.len ? arena_str(m->arena, s) : STR("");
}

static void keep(
	struct model *m, const struct item *item, uint32_t shape, struct exception *exception)
{
	const struct carry *c = &item->carry;
	struct log_entry *e = ARENA_NEW(m->arena, struct log_entry);
	struct str text = str_sub(item->text, 0, ENTRY_TEXT_MAX);

	*e = (struct log_entry){.index = c->index,
		.time = c->raw.time,
		.last_time = c->last_time,
		.severity = c->raw.severity,
		.level = c->raw.level,
		.traits = c->raw.traits & ~(unsigned)RAW_BLANK,
		.instance = m->instances[c->instance],
		.log = str_of(c->log),
		.trace_id = copied(m, str_of(c->trace)),
		.text = arena_str(m->arena, text),
		.parts = c->parts,
		.exception = exception};
	e->http = (struct log_http){.status = -1, .latency = TIME_NONE};
	e->revision = str_of(e->instance->revision);
	e->service = str_of(e->instance->service);
	if (text.len < item->text.len)
		e->traits |= LOG_CUT;
	if (item->detail) {
		const struct detail *d = item->detail;

		e->location = copied(m, d->location);
		e->http = (struct log_http){copied(m, d->http.method), copied(m, d->http.url),
			d->http.status, d->http.latency};
	} else if (e->traits & LOG_REQUEST) {
		struct look look;

		look_at(e->text, &look);
		e->http = (struct log_http){look.method, look.url, look.status, TIME_NONE};
	}
	m->kept = heap_grow(m->kept, m->kept_count, &m->kept_capacity, sizeof(*m->kept));
	m->kept[m->kept_count++] = (struct kept){e, shape};
	m->kept_bytes += text.len + sizeof(*e);
	m->quiet_kept += is_quiet(c);
	m->shapes[shape].kept++;
	/* The source is set when all are known: their place may still move. */
	e->source = (const struct log_source *)(uintptr_t)c->source;
}

/* Cluster and source are numbers yet, of which the pointers are known at the end. */
static void add_event(
	struct model *m, const struct carry *c, uint32_t shape, const struct log_entry *kept)
{
	if (m->event_count >= LOGS_EVENTS_MAX) {
		m->logs->events_left_out++;
		return;
	}
	*model_timeline_add(m) = (struct log_event){.time = c->raw.time,
		.instance = m->instances[c->instance],
		.cluster = (struct log_cluster *)(uintptr_t)shape,
		.entry = kept,
		.source = (const struct log_source *)(uintptr_t)c->source,
		.index = c->index,
		.level = c->raw.level,
		.traits = c->raw.traits & ~(unsigned)RAW_BLANK};
}

static void count_shape(struct shape_stat *s, const struct carry *c)
{
	s->count++;
	s->traits |= c->raw.traits & ~(unsigned)RAW_BLANK;
	if (c->raw.level > s->level)
		s->level = c->raw.level;
	if (c->raw.time == TIME_NONE)
		return;
	if (s->first == TIME_NONE || c->raw.time < s->first)
		s->first = c->raw.time;
	if (s->last == TIME_NONE || c->raw.time > s->last)
		s->last = c->raw.time;
}

static void set_ticket(struct model *m, uint64_t ticket, uint32_t shape)
{
	while (m->ticket_count <= ticket) {
		m->tickets = heap_grow(
			m->tickets, m->ticket_count, &m->ticket_capacity, sizeof(*m->tickets));
		m->tickets[m->ticket_count++] = 0;
	}
	m->tickets[ticket] = shape;
}

void model_event(struct model *m, struct item *item)
{
	struct carry *c = &item->carry;
	struct judgement judged = item->judgement;
	char masked[MASK_MAX];

	if (c->quiet && c->parts == 1)
		return;
	if (!judged.known)
		judged = event_judge(
			&c->raw, item->detail, item->text, m->options->format == LOG_LINES, masked);
	/* A warning with an exception stays a warning. */
	if (judged.exception && c->raw.level < SEVERITY_WARNING) {
		c->raw.level = SEVERITY_ERROR;
		m->instances[c->instance]->errors++;
	}
	uint32_t shape = shape_of(m, &judged);
	struct shape_stat *s = &m->shapes[shape];

	count_shape(s, c);
	bool new_there = presence_count(m, shape, c);
	bool kept = worth_keeping(m, c, s, new_there);

	if (kept)
		keep(m, item, shape,
			judged.exception
				? event_exception(m->arena, &c->raw, item->detail, item->text)
				: NULL);
	else if (!is_quiet(c))
		m->logs->entries_left_out++;
	if (!is_quiet(c))
		add_event(m, c, shape, kept ? m->kept[m->kept_count - 1].entry : NULL);
	if (m->options->annotate)
		set_ticket(m, c->ticket, shape);
}
