/* terminal: what the logs hold and what it all means. */
#include "report_terminal.h"

#include <string.h>

enum { TEXT = 10, QUOTES_SHOWN = 3 };

static const char *moment(struct page *p, int64_t wall_ns)
{
	char text[36];

	time_print_local(wall_ns, text);
	return arena_strdup(p->arena, text);
}

static void write_source(
	struct page *p, const struct report *report, const struct log_source *source)
{
	char entries[64], left_out[64];

	text_count(entries, source->entries, "entry", "entries");
	if (source->status == LOG_READ && !source->error && !report->verbose)
		return;
	text_count(left_out, source->left_out, "left out", "left out");
	page_item(p, 2, 4, STYLE_PLAIN, source->name,
		source->status == LOG_READ ? STYLE_DIM : STYLE_WARN,
		arena_printf(p->arena, "%s, %s%s%s%s%s", log_status_name(source->status), entries,
			source->left_out ? ", " : "", source->left_out ? left_out : "",
			source->error ? ": " : "", source->error ? source->error : ""));
}

void terminal_logs(struct page *p, const struct report *report)
{
	const struct logs *logs = report->logs;
	const struct diagnosis *d = report->diagnosis;
	char entries[64], sources[64], age[32];

	text_count(entries, logs->entries, "entry", "entries");
	text_count(sources, (int64_t)logs->source_count, "source", "sources");
	page_heading(p, "logs");
	if (d && d->banner)
		page_item(p, 2, 4, STYLE_WARN, "!", STYLE_WARN, d->banner);
	page_item(p, 2, 2, STYLE_PLAIN, "", STYLE_PLAIN,
		arena_printf(p->arena, "%s from %s", entries, sources));
	if (logs->last != TIME_NONE) {
		age_print(report->now - logs->last, age);
		page_item(p, 2, 2, STYLE_PLAIN, "", STYLE_PLAIN,
			arena_printf(p->arena, "%s to %s", moment(p, logs->first),
				moment(p, logs->last)));
		page_item(p, 2, 2, STYLE_PLAIN, "", STYLE_PLAIN,
			arena_printf(p->arena, "the newest line is %s old", age));
	}
	for (size_t i = 0; i < logs->source_count; i++)
		write_source(p, report, &logs->sources[i]);
	for (size_t i = 0; d && i < d->notes.count; i++)
		page_item(p, 2, 4, STYLE_DIM, "-", STYLE_DIM, d->notes.items[i]);
}

static void write_part(struct page *p, const char *label, enum style style, const char *text)
{
	page_item(p, 6, TEXT + 6, STYLE_DIM, label, style, text);
}

/* Root first, each consequence below what it came from. */
static void write_chain(struct page *p, const struct finding *f)
{
	for (size_t i = 0; i < f->chain_count; i++) {
		const struct finding_link *link = &f->chain[i];

		write_part(p, i ? "" : "chain", STYLE_PLAIN,
			arena_printf(p->arena, "%s%s%s%s%s%s%s", i ? "-> " : "",
				link->type ? link->type : "", link->type ? ": " : "", link->message,
				link->location ? " (" : "", link->location ? link->location : "",
				link->location ? ")" : ""));
	}
}

static void write_seen(struct page *p, const struct finding *f)
{
	const char *seen = finding_seen(p->arena, f);

	if (*seen)
		write_part(p, "seen", STYLE_PLAIN, seen);
	if (f->first_seen != TIME_NONE && f->last_seen != TIME_NONE)
		write_part(p, *seen ? "" : "seen", STYLE_DIM,
			f->first_seen == f->last_seen
				? moment(p, f->first_seen)
				: arena_printf(p->arena, "%s to %s", moment(p, f->first_seen),
					  moment(p, f->last_seen)));
}

static void write_evidence(struct page *p, const struct report *report, const struct finding *f)
{
	for (size_t i = 0; i < f->evidence_count; i++) {
		const struct evidence *e = &f->evidence[i];

		if (i == QUOTES_SHOWN && !report->verbose) {
			write_part(p, "", STYLE_DIM,
				arena_printf(p->arena, "and %zu more quote%s",
					f->evidence_count - i,
					f->evidence_count - i == 1 ? "" : "s"));
			return;
		}
		write_part(p, i ? "" : "evidence", STYLE_DIM,
			arena_printf(p->arena, "%s%s%s%s", e->source ? e->source : "unknown source",
				e->entry
					? arena_printf(p->arena, " entry %lld", (long long)e->entry)
					: "",
				e->time != TIME_NONE ? ", " : "",
				e->time != TIME_NONE ? moment(p, e->time) : ""));
		page_quote(p, TEXT + 6, e->quote, report->verbose ? 50 : 4, f->message);
	}
}

static void write_actions(struct page *p, const char *label, const struct texts *actions)
{
	for (size_t i = 0; i < actions->count; i++)
		write_part(p, i ? "" : label, STYLE_BOLD, actions->items[i]);
}

static enum style priority_style(enum priority priority)
{
	return priority == PRIORITY_P0   ? STYLE_BAD
	       : priority == PRIORITY_P1 ? STYLE_WARN
					 : STYLE_DIM;
}

static void write_finding(struct page *p, const struct report *report, const struct finding *f)
{
	bool whole = f->priority <= PRIORITY_P1 || report->verbose;

	page_item(p, 2, 6, priority_style(f->priority), priority_name(f->priority),
		whole ? STYLE_BOLD : STYLE_PLAIN, f->title);
	write_part(p, "cause", STYLE_PLAIN, finding_state_text(p->arena, f));
	if (f->location)
		write_part(p, "at", STYLE_BOLD, f->location);
	if (whole && f->chain_count > 1)
		write_chain(p, f);
	else if (strcmp(f->title, f->message) != 0)
		write_part(p, "message", STYLE_PLAIN, f->message);
	write_seen(p, f);
	if (f->steps.count)
		write_part(p, "explains", STYLE_PLAIN, texts_join(p->arena, &f->steps));
	if (!whole)
		return;
	write_evidence(p, report, f);
	write_part(p, "sure", STYLE_DIM,
		arena_printf(p->arena, "%.0f%%%s%s", f->confidence * 100,
			f->confidence_reasons.count ? ": " : "",
			texts_join(p->arena, &f->confidence_reasons)));
	write_actions(p, "do now", &f->now);
	write_actions(p, "next", &f->next);
	write_actions(p, "later", &f->later);
}

void terminal_findings(struct page *p, const struct report *report)
{
	const struct diagnosis *d = report->diagnosis;

	if (d->has_baseline) {
		page_heading(p, arena_printf(p->arena, "since baseline %s",
					d->baseline_id ? d->baseline_id : ""));
		if (!d->change_count)
			page_item(p, 2, 2, STYLE_PLAIN, "", STYLE_DIM, "nothing changed");
		for (size_t i = 0; i < d->change_count; i++)
			page_item(p, 2, 4, STYLE_WARN, "*", STYLE_PLAIN, d->changes[i].text);
	}
	const char *as_of = findings_as_of(p->arena, d);

	if (d->finding_count)
		page_heading(p, as_of ? arena_printf(p->arena, "findings, %s", as_of) : "findings");
	for (size_t i = 0; i < d->finding_count; i++) {
		if (i)
			page_end_line(p);
		write_finding(p, report, &d->findings[i]);
	}
	if (d->findings_left_out)
		page_item(p, 2, 6, STYLE_DIM, "", STYLE_DIM,
			arena_printf(p->arena, "and %zu more findings", d->findings_left_out));
}
