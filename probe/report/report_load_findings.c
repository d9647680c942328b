/* Reads the logs and the findings of a document back. */
#include "report_load.h"

#include <string.h>

static enum severity load_severity(struct loader *l, const struct value *v, const char *key)
{
	int severity = severity_find(str_of(load_text(l, v, key)));

	if (severity < 0)
		load_fail(l, key, "is no severity");
	return severity < 0 ? SEVERITY_DEFAULT : (enum severity)severity;
}

static void load_source(struct loader *l, const struct value *s, struct log_source *out)
{
	*out = (struct log_source){
		.name = load_text(l, s, "source"),
		.status = LOAD_ENUM(l, s, "status", enum log_status, log_status_name, LOG_FAILED),
		.error = load_text_or_null(l, s, "error"),
		.entries = load_integer(l, s, "entries", 0),
		.bytes = load_integer(l, s, "bytes", 0),
		.first = load_moment(l, s, "first"),
		.last = load_moment(l, s, "last"),
		.left_out = load_integer(l, s, "left_out", 0),
		.gap_from = TIME_NONE,
		.gap_to = TIME_NONE,
	};
}

static void load_cluster(struct loader *l, const struct value *c, struct log_cluster *out)
{
	*out = (struct log_cluster){
		.id = load_text(l, c, "id"),
		.template = str_of(load_text(l, c, "template")),
		.severity = load_severity(l, c, "severity"),
		.count = load_integer(l, c, "count", 0),
		.first_seen = load_moment(l, c, "first_seen"),
		.last_seen = load_moment(l, c, "last_seen"),
		.instances = load_integer(l, c, "instances", 0),
		.sample = str_of(load_text(l, c, "sample")),
	};
}

/* Widens first..last by a span that may be unknown. */
static void span_add(int64_t *first, int64_t *last, int64_t from, int64_t to)
{
	if (from != TIME_NONE && (*first == TIME_NONE || from < *first))
		*first = from;
	if (to != TIME_NONE && (*last == TIME_NONE || to > *last))
		*last = to;
}

static void load_counts(struct loader *l, const struct value *v, struct logs *logs)
{
	const struct value *map = load_object(l, v, "by_severity");

	for (size_t i = 0; map && i < map->object.count; i++) {
		const struct member *m = &map->object.members[i];
		int severity = severity_find(m->key);

		if (severity < 0 || m->value.type != VALUE_INTEGER || m->value.integer < 0) {
			load_fail(l, "by_severity", "must be counts by severity");
			return;
		}
		logs->by_severity[severity] = m->value.integer;
	}
}

static void load_sources(struct loader *l, const struct value *v, struct logs *logs)
{
	const struct value *items = load_list(l, v, "sources", &logs->source_count);

	logs->sources = ARENA_ARRAY(l->arena, logs->source_count, struct log_source);
	for (size_t i = 0; i < logs->source_count; i++) {
		struct log_source *source = &logs->sources[i];
		size_t mark = load_enter(l, "sources", i);

		load_source(l, &items[i], source);
		span_add(&logs->first, &logs->last, source->first, source->last);
		logs->entries += source->entries;
		load_leave(l, mark);
	}
}

struct logs *load_logs(struct loader *l, const struct value *document)
{
	struct logs *logs = ARENA_NEW(l->arena, struct logs);
	const struct value *v = load_object(l, document, "logs");
	size_t outer = load_enter(l, "logs", LOAD_NO_INDEX);

	logs->first = logs->last = logs->last_healthy = TIME_NONE;
	load_sources(l, v, logs);
	load_counts(l, v, logs);
	const struct value *items = load_list(l, v, "clusters", &logs->cluster_count);

	logs->clusters = ARENA_ARRAY(l->arena, logs->cluster_count, struct log_cluster *);
	for (size_t i = 0; i < logs->cluster_count; i++) {
		size_t mark = load_enter(l, "clusters", i);

		logs->clusters[i] = ARENA_NEW(l->arena, struct log_cluster);
		load_cluster(l, &items[i], logs->clusters[i]);
		logs->clusters[i]->position = i;
		load_leave(l, mark);
	}
	logs->clusters_left_out = load_integer(l, v, "clusters_left_out", 0);
	load_leave(l, outer);
	return logs->source_count ? logs : NULL;
}

static const struct log_cluster *cluster_of(const struct logs *logs, const char *id)
{
	for (size_t i = 0; logs && i < logs->cluster_count; i++)
		if (strcmp(logs->clusters[i]->id, id) == 0)
			return logs->clusters[i];
	return NULL;
}

/* What the document leaves to its clusters and quotes. */
static void add_clusters(struct finding *f, const struct logs *logs)
{
	for (size_t i = 0; i < f->evidence_count; i++)
		span_add(&f->first_seen, &f->last_seen, f->evidence[i].time, f->evidence[i].time);
	for (size_t i = 0; i < f->clusters.count; i++) {
		const struct log_cluster *c = cluster_of(logs, f->clusters.items[i]);

		if (!c)
			continue;
		f->entries += c->count;
		if (c->instances > f->instances)
			f->instances = c->instances;
		span_add(&f->first_seen, &f->last_seen, c->first_seen, c->last_seen);
	}
}

static void load_chain(struct loader *l, const struct value *v, struct finding *f)
{
	const struct value *items = load_list(l, v, "chain", &f->chain_count);

	f->chain = ARENA_ARRAY(l->arena, f->chain_count, struct finding_link);
	for (size_t i = 0; i < f->chain_count; i++) {
		size_t mark = load_enter(l, "chain", i);

		f->chain[i] = (struct finding_link){
			.type = load_text_or_null(l, &items[i], "type"),
			.message = load_text(l, &items[i], "message"),
			.location = load_text_or_null(l, &items[i], "location"),
		};
		load_leave(l, mark);
	}
}

static void load_evidence(struct loader *l, const struct value *v, struct finding *f)
{
	const struct value *items = load_list(l, v, "evidence", &f->evidence_count);

	f->evidence = ARENA_ARRAY(l->arena, f->evidence_count, struct evidence);
	for (size_t i = 0; i < f->evidence_count; i++) {
		size_t mark = load_enter(l, "evidence", i);

		f->evidence[i] = (struct evidence){
			.quote = load_text(l, &items[i], "quote"),
			.source = load_text_or_null(l, &items[i], "source"),
			.entry = load_integer_or(l, &items[i], "entry", 0),
			.time = load_moment(l, &items[i], "time"),
		};
		load_leave(l, mark);
	}
}

static void load_finding(
	struct loader *l, const struct value *v, const struct logs *logs, struct finding *f)
{
	const struct value *confidence = load_object(l, v, "confidence");
	const struct value *actions = load_object(l, v, "actions");

	*f = (struct finding){
		.rank = (unsigned)load_integer(l, v, "rank", 1),
		.priority = LOAD_ENUM(l, v, "priority", enum priority, priority_name, PRIORITY_P3),
		.cause = load_text(l, v, "cause"),
		.title = load_text(l, v, "title"),
		.message = load_text(l, v, "message"),
		.type = load_text_or_null(l, v, "type"),
		.location = load_text_or_null(l, v, "location"),
		.clusters = load_texts(l, v, "clusters"),
		.steps = load_texts(l, v, "steps"),
		.incidents = load_integer(l, v, "incidents", 0),
		.first_seen = TIME_NONE,
		.last_seen = TIME_NONE,
		.state = LOAD_ENUM(
			l, v, "state", enum finding_state, finding_state_name, FINDING_OLD),
		.confidence = load_number(l, confidence, "value"),
		.confidence_reasons = load_texts(l, confidence, "reasons"),
		.now = load_texts(l, actions, "now"),
		.next = load_texts(l, actions, "next"),
		.later = load_texts(l, actions, "later"),
	};
	if (value_find(v, "new_since_baseline"))
		f->new_since_baseline = load_boolean(l, v, "new_since_baseline");
	f->secondary = f->rank > 1 && f->priority <= PRIORITY_P2;
	load_chain(l, v, f);
	load_evidence(l, v, f);
	add_clusters(f, logs);
}

static void load_capabilities(struct loader *l, const struct value *document, struct diagnosis *d)
{
	const struct value *items = load_list(l, document, "capabilities", &d->capability_count);

	d->capabilities = ARENA_ARRAY(l->arena, d->capability_count, struct capability);
	for (size_t i = 0; i < d->capability_count; i++) {
		size_t mark = load_enter(l, "capabilities", i);

		d->capabilities[i] = (struct capability){
			.name = load_text(l, &items[i], "name"),
			.status = LOAD_ENUM(l, &items[i], "status", enum capability_status,
				capability_status_name, CAPABILITY_NOT_REACHED),
		};
		load_leave(l, mark);
	}
}

static void load_baseline(struct loader *l, const struct value *document, struct diagnosis *d)
{
	const struct value *baseline = value_find(document, "baseline");
	size_t outer = load_enter(l, "baseline", LOAD_NO_INDEX);

	d->has_baseline = baseline != NULL;
	if (baseline) {
		const struct value *items = load_list(l, baseline, "changes", &d->change_count);

		d->baseline_id = load_text_or_null(l, baseline, "id");
		d->changes = ARENA_ARRAY(l->arena, d->change_count, struct change);
		for (size_t i = 0; i < d->change_count; i++)
			d->changes[i] = (struct change){
				.kind = LOAD_ENUM(l, &items[i], "kind", enum change_kind,
					change_kind_name, CHANGE_CHECK),
				.name = load_text_or_null(l, &items[i], "name"),
				.text = load_text(l, &items[i], "text"),
			};
	}
	load_leave(l, outer);
}

void load_diagnosis(struct loader *l, const struct value *document, const struct run *run,
	const struct logs *logs, struct diagnosis *d)
{
	const struct value *verdict = load_object(l, document, "verdict");
	const struct value *items = load_list(l, document, "findings", &d->finding_count);

	d->verdict = (struct verdict){
		.golden_path = LOAD_ENUM(l, verdict, "golden_path", enum golden_path,
			golden_path_name, GOLDEN_UNKNOWN),
		.summary = load_text(l, verdict, "summary"),
		.exit_code = (int)load_integer(l, verdict, "exit_code", 0),
	};
	if (d->verdict.exit_code > 3 || d->verdict.exit_code == 2)
		load_fail(l, "verdict", "has no exit code of a run");
	load_capabilities(l, document, d);
	d->findings = ARENA_ARRAY(l->arena, d->finding_count, struct finding);
	for (size_t i = 0; i < d->finding_count && !l->failed; i++) {
		size_t mark = load_enter(l, "findings", i);

		load_finding(l, &items[i], logs, &d->findings[i]);
		load_leave(l, mark);
	}
	load_baseline(l, document, d);
	/* What the document does not say in words follows from its times. */
	diagnosis_date_logs(l->arena, d, logs, run->finished_at, LOGS_STALE);
}
