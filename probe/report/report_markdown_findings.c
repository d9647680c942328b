/* markdown: causes and what to do about them. */
#include "report_markdown.h"

static void write_code_item(const struct sheet *s, const char *label, const char *code)
{
	if (!code || !*code)
		return;
	fprintf(s->out, "* %s: ", label);
	text_markdown_code(s->out, code, false);
	fputc('\n', s->out);
}

static void write_text_item(const struct sheet *s, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	fprintf(s->out, "* %s: ", label);
	text_markdown(s->out, text);
	fputc('\n', s->out);
}

static void write_chain(const struct sheet *s, const struct finding *f)
{
	if (f->chain_count < 2)
		return;
	fputs("Error chain, from the root to the symptom:\n\n", s->out);
	for (size_t i = 0; i < f->chain_count; i++) {
		const struct finding_link *link = &f->chain[i];

		fprintf(s->out, "%zu. ", i + 1);
		text_markdown_code(s->out,
			arena_printf(s->arena, "%s%s%s", link->type ? link->type : "",
				link->type ? ": " : "", link->message),
			false);
		if (link->location) {
			fputs(" at ", s->out);
			text_markdown_code(s->out, link->location, false);
		}
		fputc('\n', s->out);
	}
	fputc('\n', s->out);
}

static void write_evidence(const struct sheet *s, const struct finding *f)
{
	if (!f->evidence_count)
		return;
	fputs("Evidence:\n\n", s->out);
	for (size_t i = 0; i < f->evidence_count; i++) {
		fputs("* ", s->out);
		text_markdown(s->out, evidence_place(s->arena, &f->evidence[i]));
		fputs("\n\n", s->out);
		text_markdown_block(s->out, "  ", str_of(f->evidence[i].quote));
		fputc('\n', s->out);
	}
}

static void write_times(const struct sheet *s, const struct finding *f)
{
	if (f->first_seen == TIME_NONE)
		return;
	fprintf(s->out, "* first seen: %s, last seen: %s\n", markdown_moment(s, f->first_seen),
		markdown_moment(s, f->last_seen));
}

static void write_finding(const struct sheet *s, const struct finding *f)
{
	fprintf(s->out, "### %s: %s ", f->rank == 1 ? "Primary cause" : "Secondary cause",
		priority_name(f->priority));
	text_markdown(s->out, f->title);
	fputs("\n\n", s->out);
	write_code_item(s, "message", f->message);
	write_code_item(s, "type", f->type);
	write_code_item(s, "at", f->location);
	write_text_item(s, "cause", finding_state_text(s->arena, f));
	write_text_item(s, "seen", finding_seen(s->arena, f));
	write_times(s, f);
	write_text_item(s, "explains", texts_join(s->arena, &f->steps));
	fprintf(s->out, "* confidence: %.0f%%", f->confidence * 100);
	if (f->confidence_reasons.count) {
		fputs(" (", s->out);
		text_markdown(s->out, texts_join(s->arena, &f->confidence_reasons));
		fputc(')', s->out);
	}
	fputs("\n\n", s->out);
	write_chain(s, f);
	write_evidence(s, f);
}

static void write_actions(const struct sheet *s, const char *horizon, size_t offset)
{
	const struct diagnosis *d = s->report->diagnosis;
	bool any = false;

	for (size_t i = 0; i < d->finding_count; i++) {
		const struct texts *actions =
			(const struct texts *)((const char *)&d->findings[i] + offset);

		for (size_t a = 0; a < actions->count; a++) {
			if (!any)
				fprintf(s->out, "### %s\n\n", horizon);
			any = true;
			fprintf(s->out, "* %s: ", priority_name(d->findings[i].priority));
			text_markdown(s->out, actions->items[a]);
			fputc('\n', s->out);
		}
	}
	if (any)
		fputc('\n', s->out);
}

void markdown_findings(const struct sheet *s)
{
	const struct diagnosis *d = s->report->diagnosis;

	if (!d || !d->finding_count)
		return;
	const char *as_of = findings_as_of(s->arena, d);

	fputs("## Root cause\n\n", s->out);
	if (as_of)
		fprintf(s->out, "All of this is %s; what is so now the log cannot say.\n\n", as_of);
	for (size_t i = 0; i < d->finding_count; i++)
		write_finding(s, &d->findings[i]);
	if (d->findings_left_out)
		fprintf(s->out, "and %zu more findings.\n\n", d->findings_left_out);
	fputs("## Actions\n\n", s->out);
	write_actions(s, "Now", offsetof(struct finding, now));
	write_actions(s, "Next", offsetof(struct finding, next));
	write_actions(s, "Later", offsetof(struct finding, later));
}
