/*
 * terminal: what someone reads who was woken by it. The verdict and its reason first, then the
 * steps, what was seen, what the logs say, and what to do; the last line counts and dates it all.
 */
#include "report_terminal.h"

#include <string.h>

static enum style verdict_style(enum golden_path golden_path)
{
	return golden_path == GOLDEN_HEALTHY  ? STYLE_GOOD
	       : golden_path == GOLDEN_BROKEN ? STYLE_BAD
					      : STYLE_WARN;
}

static void write_verdict(struct page *p, const struct report *report, const struct verdict *v)
{
	const struct run *run = report->run;

	const char *word = report_verdict_word(v->golden_path);

	page_item(p, 0, (unsigned)strlen(word) + 2, verdict_style(v->golden_path), word, STYLE_BOLD,
		arena_printf(p->arena, "%s%s%s", report_name(report), run->target ? "  " : "",
			run->target ? run->target : ""));
	page_item(p, 0, 0, STYLE_PLAIN, "", STYLE_PLAIN, v->summary);
	if (run->end_detail && !str_contains(str_of(v->summary), run->end_detail))
		page_item(p, 0, 0, STYLE_PLAIN, "", STYLE_WARN, run->end_detail);
}

static void write_child(struct page *p, const struct child_result *child)
{
	char took[32];
	const char *end = "ran until it was stopped";

	text_took(took, child->after);
	if (child->exited && child->exit_code >= 0)
		end = arena_printf(p->arena, "exited %d after %s", (int)child->exit_code, took);
	else if (child->exited)
		end = arena_printf(
			p->arena, "ended by signal %d after %s", (int)child->signal, took);
	page_heading(p, "backend");
	page_item(p, 2, 8, STYLE_PLAIN, "", STYLE_PLAIN, child->command);
	page_item(p, 8, 8, STYLE_PLAIN, "", child->exited ? STYLE_WARN : STYLE_DIM, end);
}

/* One line for each status that occurs, worst first. */
static void write_capabilities(struct page *p, const struct diagnosis *d)
{
	static const struct {
		enum capability_status status;
		const char *word;
		enum style style;
	} rows[] = {
		{CAPABILITY_BROKEN, "broken", STYLE_BAD},
		{CAPABILITY_DEGRADED, "degraded", STYLE_WARN},
		{CAPABILITY_NOT_REACHED, "not reached", STYLE_WARN},
		{CAPABILITY_WORKING, "working", STYLE_GOOD},
	};

	page_heading(p, "capabilities");
	for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
		BUF_SCOPED struct buf names;

		buf_init(&names, 1 << 16);
		for (size_t i = 0; i < d->capability_count; i++)
			if (d->capabilities[i].status == rows[r].status)
				buf_printf(&names, "%s%s", names.len ? ", " : "",
					d->capabilities[i].name);
		if (names.len)
			page_item(p, 2, 16, rows[r].style, rows[r].word, STYLE_PLAIN, names.data);
	}
}

/* "2 passed, 1 failed, 3 not reached in 12.4s" */
static void write_counts(struct page *p, const struct report *report)
{
	static const char *const words[] = {
		[STEP_PASSED] = "passed",
		[STEP_FAILED] = "failed",
		[STEP_NOT_REACHED] = "not reached",
		[STEP_SKIPPED] = "skipped",
	};
	BUF_SCOPED struct buf b;
	char took[32], when[36];

	buf_init(&b, 256);
	for (unsigned status = STEP_PASSED; status <= STEP_SKIPPED; status++) {
		size_t count = report_steps_with(report, (enum step_status)status);

		if (count)
			buf_printf(&b, "%s%zu %s", b.len ? ", " : "", count, words[status]);
	}
	text_took(took, report->run->duration);
	time_print_local(report->run->started_at, when);
	buf_printf(&b, "%s%s", b.len ? " in " : "took ", took);
	page_item(p, 0, 0, STYLE_PLAIN, "", STYLE_PLAIN, b.data);
	page_item(p, 0, 0, STYLE_PLAIN, "", STYLE_DIM,
		arena_printf(p->arena, "started %s%s%s", when, report->run->id ? ", run " : "",
			report->run->id ? report->run->id : ""));
}

static void write_one(struct page *p, const struct report *report)
{
	struct verdict verdict = report_verdict(report);
	const struct diagnosis *d = report->diagnosis;

	write_verdict(p, report, &verdict);
	if (report->quiet)
		return;
	if (report->run->step_count)
		terminal_steps(p, report);
	if (report->run->child)
		write_child(p, report->run->child);
	if (d && d->capability_count)
		write_capabilities(p, d);
	if (report->logs)
		terminal_logs(p, report);
	if (d)
		terminal_findings(p, report);
	page_end_line(p);
	write_counts(p, report);
}

static void write(FILE *out, const struct report *const *reports, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct page page = {
			.out = out,
			.arena = arena_new(),
			.width = reports[i]->width ? reports[i]->width : 80,
			.color = reports[i]->color,
		};

		if (i)
			fputc('\n', out);
		write_one(&page, reports[i]);
		arena_free(page.arena);
	}
}

const struct report_format report_terminal = {
	.name = "terminal",
	.help = "for people: verdict, steps, findings and what to do (the default)",
	.write = write,
};
