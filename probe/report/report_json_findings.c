/* json: what the logs held, and the findings. */
#include "report_json.h"

static void write_source(struct json_writer *w, const struct log_source *source)
{
	json_begin(w, NULL, '{');
	json_cut(w, "source", source->name);
	json_text(w, "status", log_status_name(source->status));
	json_int(w, "entries", source->entries);
	json_int(w, "bytes", source->bytes);
	json_moment(w, "first", source->first);
	json_moment(w, "last", source->last);
	json_int(w, "left_out", source->left_out);
	json_cut(w, "error", source->error);
	json_end(w);
}

static void write_cluster(struct json_writer *w, const struct log_cluster *cluster)
{
	json_begin(w, NULL, '{');
	json_text(w, "id", cluster->id);
	json_cut_str(w, "template", cluster->template);
	json_text(w, "severity", severity_name(cluster->severity));
	json_int(w, "count", cluster->count);
	json_moment(w, "first_seen", cluster->first_seen);
	json_moment(w, "last_seen", cluster->last_seen);
	json_int(w, "instances", cluster->instances);
	json_cut_str(w, "sample", cluster->sample);
	json_end(w);
}

void json_logs(struct json_writer *w, const struct logs *logs)
{
	static const struct logs none;
	size_t shown;

	if (!logs)
		logs = &none;
	shown = logs->cluster_count < JSON_CLUSTERS_MAX ? logs->cluster_count : JSON_CLUSTERS_MAX;
	json_begin(w, "logs", '{');
	json_begin(w, "sources", '[');
	for (size_t i = 0; i < logs->source_count; i++)
		write_source(w, &logs->sources[i]);
	json_end(w);
	json_begin(w, "by_severity", '{');
	for (int i = 0; i < SEVERITY_COUNT; i++)
		if (logs->by_severity[i])
			json_int(w, severity_name((enum severity)i), logs->by_severity[i]);
	json_end(w);
	json_begin(w, "clusters", '[');
	for (size_t i = 0; i < shown; i++)
		write_cluster(w, logs->clusters[i]);
	json_end(w);
	json_int(w, "clusters_left_out",
		(int64_t)(logs->cluster_count - shown) + logs->clusters_left_out);
	json_end(w);
}

static void write_texts(struct json_writer *w, const char *key, const struct texts *texts)
{
	json_begin(w, key, '[');
	for (size_t i = 0; i < texts->count; i++)
		json_cut(w, NULL, texts->items[i]);
	json_end(w);
}

static void write_chain(struct json_writer *w, const struct finding *f)
{
	json_begin(w, "chain", '[');
	for (size_t i = 0; i < f->chain_count; i++) {
		json_begin(w, NULL, '{');
		json_cut(w, "type", f->chain[i].type);
		json_cut(w, "message", f->chain[i].message);
		json_cut(w, "location", f->chain[i].location);
		json_end(w);
	}
	json_end(w);
}

static void write_evidence(struct json_writer *w, const struct finding *f)
{
	json_begin(w, "evidence", '[');
	for (size_t i = 0; i < f->evidence_count; i++) {
		const struct evidence *e = &f->evidence[i];

		json_begin(w, NULL, '{');
		json_cut(w, "quote", e->quote);
		json_cut(w, "source", e->source);
		if (e->entry > 0)
			json_int(w, "entry", e->entry);
		else
			json_null(w, "entry");
		json_moment(w, "time", e->time);
		json_end(w);
	}
	json_end(w);
}

static void write_finding(struct json_writer *w, const struct finding *f, bool baseline)
{
	json_begin(w, NULL, '{');
	json_int(w, "rank", f->rank);
	json_text(w, "priority", priority_name(f->priority));
	json_cut(w, "cause", f->cause);
	json_cut(w, "title", f->title);
	json_cut(w, "message", f->message);
	json_cut(w, "type", f->type);
	json_cut(w, "location", f->location);
	write_chain(w, f);
	write_texts(w, "clusters", &f->clusters);
	write_texts(w, "steps", &f->steps);
	json_int(w, "incidents", f->incidents);
	json_text(w, "state", finding_state_name(f->state));
	if (baseline)
		json_bool(w, "new_since_baseline", f->new_since_baseline);
	json_begin(w, "confidence", '{');
	json_num(w, "value", f->confidence, 3);
	write_texts(w, "reasons", &f->confidence_reasons);
	json_end(w);
	write_evidence(w, f);
	json_begin(w, "actions", '{');
	write_texts(w, "now", &f->now);
	write_texts(w, "next", &f->next);
	write_texts(w, "later", &f->later);
	json_end(w);
	json_end(w);
}

void json_findings(struct json_writer *w, const struct diagnosis *d)
{
	json_begin(w, "findings", '[');
	for (size_t i = 0; d && i < d->finding_count; i++)
		write_finding(w, &d->findings[i], d->has_baseline);
	json_end(w);
}
