/* markdown: what the logs hold, how old they are, and where they came from. */
#include "report_markdown.h"

enum { CLUSTERS_SHOWN = 25 };

static void write_clusters(const struct sheet *s, const struct logs *logs)
{
	size_t shown = logs->cluster_count < CLUSTERS_SHOWN ? logs->cluster_count : CLUSTERS_SHOWN;

	if (!shown)
		return;
	fputs("## Clusters\n\n| Severity | Entries | Instances | First seen (UTC) | Last seen (UTC) | "
	      "Pattern |\n| --- | ---: | ---: | --- | --- | --- |\n",
		s->out);
	for (size_t i = 0; i < shown; i++) {
		const struct log_cluster *c = logs->clusters[i];

		fprintf(s->out, "| %s | %lld | %lld | %s | %s | ", severity_name(c->severity),
			(long long)c->count, (long long)c->instances,
			markdown_moment(s, c->first_seen), markdown_moment(s, c->last_seen));
		text_markdown_code(
			s->out, arena_str(s->arena, text_cut(c->template, 400)).ptr, true);
		fputs(" |\n", s->out);
	}
	if (logs->cluster_count > shown)
		fprintf(s->out, "\nand %zu more clusters.\n", logs->cluster_count - shown);
	fputc('\n', s->out);
}

static void write_sources(const struct sheet *s, const struct logs *logs)
{
	fputs("## Sources analysed\n\n| Source | Status | Entries | Size | First (UTC) | Last (UTC) | "
	      "Left out | Error |\n| --- | --- | ---: | ---: | --- | --- | ---: | --- |\n",
		s->out);
	for (size_t i = 0; i < logs->source_count; i++) {
		const struct log_source *source = &logs->sources[i];
		char size[32];

		text_size(size, source->bytes);
		fputs("| ", s->out);
		text_markdown_code(s->out, source->name, true);
		fprintf(s->out, " | %s | %lld | %s | %s | %s | %lld | ",
			log_status_name(source->status), (long long)source->entries, size,
			markdown_moment(s, source->first), markdown_moment(s, source->last),
			(long long)source->left_out);
		text_markdown_code(s->out, source->error, true);
		fputs(" |\n", s->out);
	}
	fputc('\n', s->out);
}

/* Present tense needs fresh logs: so their age stands beside the time of the report. */
static void write_age(const struct sheet *s, const struct logs *logs)
{
	char age[32], local[36];

	fputs("## Times and age of the logs\n\n", s->out);
	time_print_local(s->report->now, local);
	fprintf(s->out, "* report made: %s UTC, %s local\n",
		markdown_moment(s, s->report->now - s->report->now % NS_PER_MS), local);
	fputs("* times in this report are UTC; the logs' own zones were converted\n", s->out);
	if (logs->last == TIME_NONE) {
		fputs("* no log line carries a time: their age is not known\n\n", s->out);
		return;
	}
	age_print(s->report->now - logs->last, age);
	time_print_local(logs->last, local);
	fprintf(s->out, "* window covered by the logs: %s to %s\n", markdown_moment(s, logs->first),
		markdown_moment(s, logs->last));
	fprintf(s->out, "* newest line: %s UTC, %s local, **%s old**\n",
		markdown_moment(s, logs->last), local, age);
	fputs("* entries by severity:", s->out);
	for (int i = SEVERITY_COUNT - 1; i >= 0; i--)
		if (logs->by_severity[i])
			fprintf(s->out, " %s %lld", severity_name((enum severity)i),
				(long long)logs->by_severity[i]);
	fputs("\n\n", s->out);
}

void markdown_logs(const struct sheet *s)
{
	const struct logs *logs = s->report->logs;
	const struct diagnosis *d = s->report->diagnosis;

	if (!logs)
		return;
	write_clusters(s, logs);
	write_age(s, logs);
	write_sources(s, logs);
	for (size_t i = 0; d && i < d->notes.count; i++) {
		fputs("* ", s->out);
		text_markdown(s->out, d->notes.items[i]);
		fputs(i + 1 == d->notes.count ? "\n\n" : "\n", s->out);
	}
}
