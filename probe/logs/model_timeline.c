/*
 * What happened, in the order of time. Mostly it was read in that order. What was not is taken out, sorted and put
 * where it belongs; by buckets of equal time, of which most get one event, as comparing all of them would be
 * most of the work that is left when a log was read.
 */
#include "model.h"

#include <stdlib.h>

#include "probe/error.h"

static int compare_events(const void *a, const void *b)
{
	const struct log_event *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	bool backward = x->source && x->source->order == LOG_NEWEST_FIRST;

	if (x->index == y->index)
		return 0;
	return (x->index < y->index) != backward ? -1 : 1;
}

struct buckets {
	int64_t first;
	uint64_t width;
	size_t count;
	size_t *ends; /* of each, in the sorted list; before it is filled: where it begins */
};

static size_t bucket_of(const struct buckets *b, int64_t time)
{
	return time == TIME_NONE ? 0 : ((uint64_t)time - (uint64_t)b->first) / b->width;
}

static void buckets_init(struct buckets *b, const struct log_event *list, size_t count)
{
	int64_t first = INT64_MAX, last = INT64_MIN;

	for (size_t i = 0; i < count; i++) {
		first = list[i].time != TIME_NONE && list[i].time < first ? list[i].time : first;
		last = list[i].time > last ? list[i].time : last;
	}
	*b = (struct buckets){.first = first, .width = 1, .count = count + 1};
	if (first < last)
		b->width = ((uint64_t)last - (uint64_t)first) / b->count + 1;
	b->ends = calloc(b->count + 1, sizeof(*b->ends));
	if (!b->ends)
		die("out of memory for %zu bytes", (b->count + 1) * sizeof(*b->ends));
	for (size_t i = 0; i < count; i++)
		b->ends[bucket_of(b, list[i].time) + 1]++;
	for (size_t i = 1; i <= b->count; i++)
		b->ends[i] += b->ends[i - 1];
}

/* An array for so many events. */
static struct log_event *events_new(size_t count)
{
	struct log_event *list = malloc((count + 1) * sizeof(*list));

	if (!list)
		die("out of memory for %zu bytes", (count + 1) * sizeof(*list));
	return list;
}

static void sort_by_buckets(struct log_event *list, size_t count)
{
	struct log_event *out = events_new(count);
	struct buckets b;

	buckets_init(&b, list, count);
	for (size_t i = 0; i < count; i++)
		out[b.ends[bucket_of(&b, list[i].time)]++] = list[i];
	for (size_t i = 0, from = 0; i < b.count; from = b.ends[i++])
		if (b.ends[i] > from + 1)
			qsort(out + from, b.ends[i] - from, sizeof(*out), compare_events);
	memcpy(list, out, count * sizeof(*out));
	free(b.ends);
	free(out);
}

/* How many of the events come after one that is later than they are. */
static size_t count_late(const struct log_event *list, size_t count)
{
	size_t late = 0, newest = 0;

	for (size_t i = 1; i < count; i++) {
		bool is_late = compare_events(&list[newest], &list[i]) > 0;

		late += is_late;
		newest = is_late ? newest : i;
	}
	return late;
}

static void put_in_order(struct log_event *list, size_t count)
{
	size_t late_count = count_late(list, count), kept = 0, to = count;

	if (late_count == 0)
		return;
	if (late_count > count / 2) {
		sort_by_buckets(list, count);
		return;
	}
	struct log_event *late = events_new(late_count);

	late_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (kept && compare_events(&list[kept - 1], &list[i]) > 0)
			late[late_count++] = list[i];
		else
			list[kept++] = list[i];
	}
	put_in_order(late, late_count);
	while (late_count > 0) {
		bool from_late =
			kept == 0 || compare_events(&list[kept - 1], &late[late_count - 1]) < 0;

		list[--to] = from_late ? late[--late_count] : list[--kept];
	}
	free(late);
}

struct log_event *model_timeline_add(struct model *m)
{
	/* Room for all there can ever be, and two proofs of health for each instance: memory that is not
	 * touched costs nothing, growing would. */
	if (!m->events)
		m->events = events_new(LOGS_EVENTS_MAX + 2 * LOGS_INSTANCES_MAX);
	return &m->events[m->event_count++];
}

/* When each instance was healthy first and last. */
static void add_health(struct model *m)
{
	for (size_t i = 0; i < m->instance_count; i++) {
		const struct log_instance *n = m->instances[i];
		struct log_event proof = {.time = n->first_healthy,
			.instance = n,
			.traits = LOG_REQUEST | LOG_HEALTHY};

		if (n->first_healthy == TIME_NONE)
			continue;
		*model_timeline_add(m) = proof;
		proof.time = n->last_healthy;
		if (n->last_healthy != n->first_healthy)
			*model_timeline_add(m) = proof;
	}
}

void model_timeline(struct model *m, struct log_cluster *all)
{
	struct logs *logs = m->logs;

	for (size_t i = 0; i < m->event_count; i++) {
		struct log_event *e = &m->events[i];

		e->source = &logs->sources[(uintptr_t)e->source];
		e->cluster = &all[clusters_of(m->clusters, (uint32_t)(uintptr_t)e->cluster)];
	}
	add_health(m);
	put_in_order(m->events, m->event_count);
	logs->events = realloc(m->events, (m->event_count + 1) * sizeof(*m->events));
	if (!logs->events)
		die("out of memory for %zu events", m->event_count);
	logs->event_count = m->event_count;
	arena_adopt(m->arena, logs->events);
	m->events = NULL;
}
