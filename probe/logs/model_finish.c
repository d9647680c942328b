/* The finished model: shapes become clusters, numbers become pointers, everything is put in order. */
#include "model.h"

#include <stdlib.h>

#include "probe/error.h"

enum { CLUSTERS_MAX = 20000, PRESENCES_KEPT = 64 };

struct finish {
	struct model *m;
	struct logs *logs;
	struct log_cluster *all; /* by number of the grouping */
	size_t count;
};

static int64_t earlier(int64_t a, int64_t b)
{
	return a == TIME_NONE ? b : b == TIME_NONE || a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a == TIME_NONE || b > a ? b : a;
}

static void clusters_fill(struct finish *f)
{
	struct model *m = f->m;

	clusters_finish(m->clusters);
	f->count = clusters_count(m->clusters);
	f->all = ARENA_ARRAY(m->arena, f->count ? f->count : 1, struct log_cluster);
	for (size_t i = 0; i < f->count; i++)
		f->all[i].first_seen = f->all[i].last_seen = TIME_NONE;
	for (uint32_t i = 0; i < m->shape_count; i++) {
		const struct shape_stat *s = &m->shapes[i];
		struct log_cluster *c = &f->all[clusters_of(m->clusters, i)];

		c->count += s->count;
		c->traits |= s->traits;
		if (s->level > c->severity)
			c->severity = s->level;
		c->first_seen = earlier(c->first_seen, s->first);
		c->last_seen = later(c->last_seen, s->last);
		c->entry_count += s->kept;
	}
}

/* Joins what shapes of one cluster have on one instance. */
static int compare_presences(const void *a, const void *b, void *ctx)
{
	const struct presence *x = a, *y = b;
	const struct clusters *c = ctx;
	uint32_t cx = clusters_of(c, x->shape), cy = clusters_of(c, y->shape);

	if (cx != cy)
		return cx < cy ? -1 : 1;
	return (x->instance > y->instance) - (x->instance < y->instance);
}

static int compare_first(const void *a, const void *b)
{
	const struct log_presence *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static void presences_fill(struct finish *f)
{
	struct model *m = f->m;
	struct log_presence *joined =
		ARENA_ARRAY(m->arena, m->presence_count + 1, struct log_presence);
	size_t count = 0;

	if (m->presence_count)
		qsort_r(m->presences, m->presence_count, sizeof(*m->presences), compare_presences,
			m->clusters);
	for (size_t i = 0; i < m->presence_count;) {
		uint32_t number = clusters_of(m->clusters, m->presences[i].shape);
		struct log_cluster *c = &f->all[number];

		c->presences = joined + count;
		while (i < m->presence_count &&
			clusters_of(m->clusters, m->presences[i].shape) == number) {
			const struct presence *p = &m->presences[i++];
			struct log_presence *last = joined + count - 1;

			if (c->presence_count && last->instance == m->instances[p->instance]) {
				last->count += p->count;
				last->first = earlier(last->first, p->first);
				last->last = later(last->last, p->last);
				continue;
			}
			joined[count++] = (struct log_presence){
				m->instances[p->instance], p->count, p->first, p->last};
			c->presence_count++;
		}
		c->instances = (int64_t)c->presence_count;
		qsort(c->presences, c->presence_count, sizeof(*c->presences), compare_first);
		if (c->presence_count > PRESENCES_KEPT)
			c->presence_count = PRESENCES_KEPT;
	}
}

static int compare_entries(const void *a, const void *b)
{
	const struct log_entry *x = *(const struct log_entry *const *)a,
			       *y = *(const struct log_entry *const *)b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	/* Of one moment: in the order in which they were written. */
	bool backward = x->source->order == LOG_NEWEST_FIRST;

	if (x->index == y->index)
		return 0;
	return (x->index < y->index) != backward ? -1 : 1;
}

static void entries_fill(struct finish *f)
{
	struct model *m = f->m;
	struct logs *logs = f->logs;
	const struct log_entry **list =
		ARENA_ARRAY(m->arena, m->kept_count + 1, const struct log_entry *);

	for (size_t i = 0; i < m->kept_count; i++) {
		struct log_entry *e = m->kept[i].entry;

		e->source = &logs->sources[(uintptr_t)e->source];
		e->cluster = &f->all[clusters_of(m->clusters, m->kept[i].shape)];
		list[i] = e;
	}
	qsort(list, m->kept_count, sizeof(*list), compare_entries);
	logs->entry_list = list;
	logs->entry_count = m->kept_count;
	for (size_t i = 0; i < f->count; i++) {
		f->all[i].entries =
			ARENA_ARRAY(m->arena, f->all[i].entry_count + 1, const struct log_entry *);
		f->all[i].entry_count = 0;
	}
	for (size_t i = 0; i < m->kept_count; i++) {
		struct log_cluster *c = list[i]->cluster;

		c->entries[c->entry_count++] = list[i];
		if (!c->sample.len)
			c->sample = list[i]->text;
		if (!c->exception)
			c->exception = list[i]->exception;
	}
}

static bool is_cap(int64_t count)
{
	return count == 50 || count == 1000;
}

/* A few steps the other way are disorder, not an order of their own. */
static enum log_order order_of(const struct source_state *state)
{
	if (state->ascending + state->descending == 0)
		return LOG_ORDER_UNKNOWN;
	if (state->descending * 50 <= state->ascending)
		return LOG_OLDEST_FIRST;
	return state->ascending * 50 <= state->descending ? LOG_NEWEST_FIRST : LOG_MIXED;
}

/* What can be said of a source as a whole. */
static void source_finish(struct log_source *s, const struct source_state *state)
{
	s->order = order_of(state);
	for (int i = 0; i < SEVERITY_COUNT; i++)
		if (is_cap(s->by_severity[i].count)) {
			s->by_severity[i].cap = s->by_severity[i].count;
			s->capped = true;
		}
	if (is_cap(s->entries) || s->entries == 100 || s->entries == 500 || s->entries == 10000)
		s->capped = true;
	/* A silence that is nothing special for this log is none. Parts of a mixed order have no
	 * neighbours. */
	int64_t span = s->first == TIME_NONE ? 0 : s->last - s->first,
		gap = s->gap_to - s->gap_from;

	if (s->gap_from == TIME_NONE || s->order == LOG_MIXED || gap < 60 * NS_PER_S ||
		gap < span / 10)
		s->gap_from = s->gap_to = TIME_NONE;
}

static int compare_clusters(const void *a, const void *b)
{
	const struct log_cluster *x = *(struct log_cluster *const *)a,
				 *y = *(struct log_cluster *const *)b;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return str_compare(x->template, y->template);
}

static void clusters_order(struct finish *f)
{
	struct model *m = f->m;
	struct logs *logs = f->logs;
	struct log_cluster **list = ARENA_ARRAY(m->arena, f->count + 1, struct log_cluster *);
	size_t count = 0;

	for (uint32_t i = 0; i < f->count; i++) {
		struct log_cluster *c = &f->all[i];

		/* Too many templates are not all written out. */
		if (c->count == 0)
			continue;
		c->template = clusters_template(m->clusters, i, m->arena);
		c->id = arena_printf(m->arena, "c%012llx",
			(unsigned long long)(hash_str(c->template, 51) >> 16));
		list[count++] = c;
	}
	qsort(list, count, sizeof(*list), compare_clusters);
	for (size_t i = 0; i < count; i++)
		list[i]->position = i;
	logs->clusters = list;
	logs->cluster_count = count < CLUSTERS_MAX ? count : CLUSTERS_MAX;
	logs->clusters_left_out =
		(int64_t)(count - logs->cluster_count) + clusters_folded(m->clusters);
}

/* Prints a text on one line. */
static void print_escaped(FILE *out, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '\n')
			fputs("\\n", out);
		else if (p[i] == '\t')
			fputs("\\t", out);
		else if (p[i] == '\r')
			fputs("\\r", out);
		else
			fputc(p[i], out);
	}
}

static void annotate_print(struct finish *f)
{
	struct model *m = f->m;
	const char *p = m->annotated.data;

	for (size_t i = 0; i < m->entry_ticket_count; i++) {
		uint32_t shape = m->tickets[m->entry_tickets[i]], len;

		memcpy(&len, p, sizeof(len));
		fprintf(m->options->annotate, "%s\t", f->all[clusters_of(m->clusters, shape)].id);
		print_escaped(m->options->annotate, p + sizeof(len), len);
		fputc('\n', m->options->annotate);
		p += sizeof(len) + len;
	}
}

struct logs *model_finish(struct model *m)
{
	struct logs *logs = m->logs;
	struct finish f = {.m = m, .logs = logs};

	logs->sources = arena_copy(m->arena, m->sources,
		(m->source_count ? m->source_count : 1) * sizeof(*m->sources) *
			(m->source_count > 0));
	logs->source_count = m->source_count;
	logs->first = logs->last = logs->last_healthy = TIME_NONE;
	logs->entries = 0;
	for (size_t i = 0; i < m->source_count; i++) {
		struct log_source *s = &logs->sources[i];

		source_finish(s, &m->states[i]);
		logs->entries += s->entries;
		logs->duplicates += s->duplicates;
		logs->first = earlier(logs->first, s->first);
		logs->last = later(logs->last, s->last);
	}
	logs->instances =
		arena_copy(m->arena, m->instances, m->instance_count * sizeof(*m->instances));
	logs->instance_count = m->instance_count;
	for (size_t i = 0; i < m->instance_count; i++)
		logs->last_healthy = later(logs->last_healthy, m->instances[i]->last_healthy);
	clusters_fill(&f);
	presences_fill(&f);
	entries_fill(&f);
	model_timeline(m, f.all);
	clusters_order(&f);
	if (m->options->annotate)
		annotate_print(&f);
	return logs;
}
