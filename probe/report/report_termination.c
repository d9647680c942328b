/*
 * termination: the diagnosis in at most 4096 bytes, what matters most first, for
 * /dev/termination-log (Kubernetes keeps that much of a terminated container's message).
 */
#include "report_private.h"

enum { TERMINATION_MAX = 4096 };

static void add_line(struct buf *b, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	buf_add_text(b, label);
	text_clean(b, str_of(text), false);
	buf_add_char(b, '\n');
}

static void add_finding(struct buf *b, struct arena *arena, const struct finding *f)
{
	buf_printf(b, "%s ", priority_name(f->priority));
	add_line(b, "", f->title);
	add_line(b, "  cause: ", finding_state_text(arena, f));
	add_line(b, "  at: ", f->location);
	add_line(b, "  message: ", f->message);
	for (size_t i = 0; i < f->now.count; i++)
		add_line(b, "  do now: ", f->now.items[i]);
	if (f->evidence_count) {
		add_line(b, "  seen in: ", f->evidence[0].source);
		add_line(b, "  evidence: ", f->evidence[0].quote);
	}
}

static void add_steps(struct buf *b, struct arena *arena, const struct run *run)
{
	for (size_t i = 0; i < run->step_count; i++) {
		const struct step_result *step = &run->steps[i];

		if (step->status != STEP_FAILED && step->status != STEP_NOT_REACHED)
			continue;
		add_line(b, step->status == STEP_FAILED ? "failed: " : "not reached: ",
			arena_printf(arena, "%s: %s", step->name, step_why(arena, run, step)));
	}
}

static void add_changes(struct buf *b, const struct diagnosis *d)
{
	if (!d || !d->has_baseline)
		return;
	if (!d->change_count)
		add_line(b, "nothing changed since baseline ", d->baseline_id);
	for (size_t i = 0; i < d->change_count && b->len <= TERMINATION_MAX; i++)
		add_line(b, "since baseline: ", d->changes[i].text);
}

static void write(FILE *out, const struct report *const *reports, size_t count)
{
	BUF_SCOPED struct buf b;
	struct arena *arena = arena_new();

	buf_init(&b, SIZE_MAX / 4);
	for (size_t i = 0; i < count; i++)
		add_line(&b,
			arena_printf(arena, "%s ",
				report_verdict_word(report_verdict(reports[i]).golden_path)),
			arena_printf(arena, "%s: %s", report_name(reports[i]),
				report_verdict(reports[i]).summary));
	for (size_t i = 0; i < count; i++) {
		const struct diagnosis *d = reports[i]->diagnosis;

		add_steps(&b, arena, reports[i]->run);
		for (size_t f = 0; d && f < d->finding_count && b.len <= TERMINATION_MAX; f++)
			add_finding(&b, arena, &d->findings[f]);
		add_changes(&b, d);
	}
	struct str text = text_cut(buf_str(&b), TERMINATION_MAX);

	fwrite(text.ptr, 1, text.len, out);
	arena_free(arena);
}

const struct report_format report_termination = {
	.name = "termination",
	.help = "the diagnosis in at most 4096 bytes, for /dev/termination-log",
	.write = write,
};
