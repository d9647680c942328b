/* html: causes, their chain and evidence, what to do; and what the logs hold. */
#include "report_html.h"

enum { CLUSTERS_SHOWN = 50 };

static void write_fact(struct html *h, const char *label, const char *tag, const char *text)
{
	if (!text || !*text)
		return;
	fprintf(h->out, "<dt>%s</dt><dd>", label);
	html_element(h, tag, text);
	fputs("</dd>\n", h->out);
}

static void write_chain(struct html *h, const struct finding *f)
{
	if (f->chain_count < 2)
		return;
	fputs("<h4>Error chain, root first</h4>\n<ol class=\"chain\">\n", h->out);
	for (size_t i = 0; i < f->chain_count; i++) {
		const struct finding_link *link = &f->chain[i];

		fputs("<li>", h->out);
		html_element(h, "strong", link->type);
		if (link->type)
			fputs(": ", h->out);
		html_element(h, "code", link->message);
		html_element(h, "small", link->location);
		fputs("</li>\n", h->out);
	}
	fputs("</ol>\n", h->out);
}

static void write_evidence(struct html *h, const struct finding *f)
{
	if (!f->evidence_count)
		return;
	fputs("<h4>Evidence</h4>\n", h->out);
	for (size_t i = 0; i < f->evidence_count; i++) {
		html_element(h, "p class=\"soft\"", evidence_place(h->arena, &f->evidence[i]));
		html_pre(h, str_of(f->evidence[i].quote));
	}
}

static void write_actions(
	struct html *h, const char *horizon, const char *tag, const struct texts *actions)
{
	if (!actions->count)
		return;
	fprintf(h->out, "<h4>%s</h4>\n<ul>\n", horizon);
	for (size_t i = 0; i < actions->count; i++) {
		html_element(h, tag, actions->items[i]);
		fputc('\n', h->out);
	}
	fputs("</ul>\n", h->out);
}

static void write_finding(struct html *h, const struct finding *f)
{
	const char *confidence = arena_printf(h->arena, "%.0f%%%s%s", f->confidence * 100,
		f->confidence_reasons.count ? ": " : "",
		texts_join(h->arena, &f->confidence_reasons));

	fprintf(h->out, "<article class=\"finding %s\">\n<h3><b>%s</b>", priority_name(f->priority),
		priority_name(f->priority));
	html_text(h, f->title);
	fputs("</h3>\n<dl>\n", h->out);
	write_fact(h, "message", "code", f->message);
	write_fact(h, "at", "code", f->location);
	write_fact(h, "cause", "span", finding_state_text(h->arena, f));
	write_fact(h, "seen", "span", finding_seen(h->arena, f));
	if (f->first_seen != TIME_NONE)
		write_fact(h, "when", "span",
			arena_printf(h->arena, "%s to %s", html_moment(h, f->first_seen),
				html_moment(h, f->last_seen)));
	write_fact(h, "explains", "span", texts_join(h->arena, &f->steps));
	write_fact(h, "confidence", "span", confidence);
	fputs("</dl>\n", h->out);
	write_actions(h, "Do now", "li class=\"do\"", &f->now);
	write_actions(h, "Next", "li", &f->next);
	write_actions(h, "Later", "li", &f->later);
	write_chain(h, f);
	write_evidence(h, f);
	fputs("</article>\n", h->out);
}

void html_findings(struct html *h)
{
	const struct diagnosis *d = h->report->diagnosis;

	if (!d || !d->finding_count)
		return;
	const char *as_of = findings_as_of(h->arena, d);

	fputs("<section>\n<h2>Causes and actions</h2>\n", h->out);
	if (as_of)
		html_element(h, "p class=\"soft\"",
			arena_printf(h->arena,
				"All of this is %s; what is so now the log cannot say.", as_of));
	for (size_t i = 0; i < d->finding_count; i++)
		write_finding(h, &d->findings[i]);
	if (d->findings_left_out)
		fprintf(h->out, "<p class=\"soft\">and %zu more findings</p>\n",
			d->findings_left_out);
	fputs("</section>\n", h->out);
}

static void write_age(struct html *h, const struct logs *logs)
{
	char age[32], local[36];

	if (logs->last == TIME_NONE) {
		fputs("<p>No log line carries a time: their age is not known.</p>\n", h->out);
		return;
	}
	age_print(h->report->now - logs->last, age);
	time_print_local(logs->last, local);
	fprintf(h->out,
		"<p>Times are UTC. The logs cover %s to %s; the newest line (%s local) is "
		"<strong>%s old</strong>.</p>\n",
		html_moment(h, logs->first), html_moment(h, logs->last), local, age);
}

static void write_sources(struct html *h, const struct logs *logs)
{
	fputs("<div class=\"scroll\"><table>\n<tr><th>Source</th><th>Status</th><th "
	      "class=\"n\">Entries</th><th class=\"n\">Size</th><th class=\"n\">Left out</th>"
	      "<th>Error</th></tr>\n",
		h->out);
	for (size_t i = 0; i < logs->source_count; i++) {
		const struct log_source *source = &logs->sources[i];
		char size[32];

		text_size(size, source->bytes);
		fputs("<tr><td>", h->out);
		html_element(h, "code", source->name);
		fprintf(h->out,
			"</td><td class=\"w\">%s</td><td class=\"n\" data-of=\"entries\">%lld</td>"
			"<td class=\"n\">%s</td><td class=\"n\" data-of=\"left out\">%lld</td><td>",
			log_status_name(source->status), (long long)source->entries, size,
			(long long)source->left_out);
		html_text(h, source->error);
		fputs("</td></tr>\n", h->out);
	}
	fputs("</table></div>\n", h->out);
}

static void write_clusters(struct html *h, const struct logs *logs)
{
	size_t shown = logs->cluster_count < CLUSTERS_SHOWN ? logs->cluster_count : CLUSTERS_SHOWN;

	if (!shown)
		return;
	fputs("<h3 class=\"label\">Clusters</h3>\n<div class=\"scroll\"><table>\n<tr><th>Severity</th><th "
	      "class=\"n\">Entries</th><th class=\"n\">Instances</th><th>Pattern</th><th>Last "
	      "seen</th></tr>\n",
		h->out);
	for (size_t i = 0; i < shown; i++) {
		const struct log_cluster *c = logs->clusters[i];

		fprintf(h->out,
			"<tr><td class=\"w\">%s</td><td class=\"n\" data-of=\"%s\">%lld</td>"
			"<td class=\"n\" data-of=\"%s\">%lld</td><td>",
			severity_name(c->severity), c->count == 1 ? "entry" : "entries",
			(long long)c->count, c->instances == 1 ? "instance" : "instances",
			(long long)c->instances);
		html_element(h, "code", arena_str(h->arena, text_cut(c->template, 600)).ptr);
		fprintf(h->out, "</td><td class=\"t\">%s</td></tr>\n",
			html_moment(h, c->last_seen));
	}
	fputs("</table></div>\n", h->out);
	if (logs->cluster_count > shown)
		fprintf(h->out, "<p class=\"soft\">and %zu more clusters</p>\n",
			logs->cluster_count - shown);
}

void html_logs(struct html *h)
{
	const struct logs *logs = h->report->logs;
	const struct diagnosis *d = h->report->diagnosis;

	if (!logs)
		return;
	fputs("<section>\n<h2>Logs</h2>\n", h->out);
	write_age(h, logs);
	write_sources(h, logs);
	if (d && d->notes.count) {
		fputs("<ul class=\"soft\">\n", h->out);
		for (size_t i = 0; i < d->notes.count; i++)
			html_element(h, "li", d->notes.items[i]);
		fputs("</ul>\n", h->out);
	}
	write_clusters(h, logs);
	fputs("</section>\n", h->out);
}
