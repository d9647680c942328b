/* tap: Test Anything Protocol 14, one test point per step, with what was seen in YAML below it. */
#include "report_private.h"

/* '#' begins a directive and '\' escapes in descriptions (TAP 14, "Test Points"). */
static void write_description(FILE *out, struct arena *arena, const char *text)
{
	for (const char *c = text_clean_in(arena, text, false); *c; c++) {
		if (*c == '#' || *c == '\\')
			fputc('\\', out);
		fputc(*c, out);
	}
}

/* JSON's strings are YAML's too, so nothing in them can end the block. */
static void write_text(FILE *out, const char *key, const char *text)
{
	BUF_SCOPED struct buf clean, b;

	buf_init(&clean, SIZE_MAX / 4);
	buf_init(&b, SIZE_MAX / 4);
	if (!text)
		return;
	text_clean(&clean, str_of(text), false);
	json_print_str(&b, buf_str(&clean));
	fprintf(out, "  %s: %s\n", key, b.data);
}

static void write_failed_checks(FILE *out, struct arena *arena, const struct step_result *step)
{
	bool any = false;

	for (size_t i = 0; i < step->check_count; i++) {
		if (step->checks[i].passed)
			continue;
		if (!any)
			fputs("  checks:\n", out);
		any = true;
		write_text(out, "  - text", check_text(arena, &step->checks[i]));
	}
}

static void write_yaml(
	FILE *out, struct arena *arena, const struct report *report, const struct step_result *step)
{
	const struct attempt_result *last = step_last(step);
	const struct finding *finding =
		report->diagnosis ? diagnosis_explains(report->diagnosis, step->name) : NULL;

	fputs("  ---\n", out);
	write_text(out, "message", step_why(arena, report->run, step));
	write_text(out, "severity", step->optional ? "comment" : "fail");
	write_text(out, "failure", failure_name(step->failure));
	write_text(out, "target", step->target);
	if (last && last->observed.status >= 0)
		fprintf(out, "  status: %d\n", (int)last->observed.status);
	write_failed_checks(out, arena, step);
	fprintf(out, "  attempts: %lld\n", (long long)step->attempts_total);
	if (finding) {
		write_text(out, "cause", finding->cause);
		write_text(out, "finding", finding->title);
		write_text(out, "at", finding->location);
	}
	fputs("  ...\n", out);
}

static void write_point(FILE *out, struct arena *arena, const struct report *report,
	const struct step_result *step, size_t number, bool many)
{
	bool failed = step->status == STEP_FAILED && !step->optional;
	const char *tries = step_tries(arena, step);
	char took[32];

	fprintf(out, "%sok %zu - ", failed ? "not " : "", number);
	if (many) {
		write_description(out, arena, report_name(report));
		fputs(": ", out);
	}
	write_description(out, arena, step->name);
	if (step->status == STEP_PASSED && tries) {
		fprintf(out, " (");
		write_description(out, arena, tries);
		fputc(')', out);
	}
	if (step->status != STEP_PASSED && !failed) {
		fputs(step->status == STEP_NOT_REACHED ? " # SKIP not reached: " : " # SKIP ", out);
		write_description(out, arena, step_why(arena, report->run, step));
	}
	fputc('\n', out);
	if (step->status == STEP_FAILED) {
		write_yaml(out, arena, report, step);
	} else if (step->status == STEP_PASSED) {
		text_took(took, step_took(step));
		fprintf(out, "  ---\n  took: \"%s\"\n  ...\n", took);
	}
}

static void write_comment(FILE *out, struct arena *arena, const char *text)
{
	fprintf(out, "# %s\n", text_clean_in(arena, text, false));
}

static void write_changes(FILE *out, struct arena *arena, const struct diagnosis *d)
{
	if (!d || !d->has_baseline)
		return;
	write_comment(out, arena,
		arena_printf(arena, "since baseline %s:%s", d->baseline_id ? d->baseline_id : "-",
			d->change_count ? "" : " nothing changed"));
	for (size_t i = 0; i < d->change_count; i++)
		write_comment(out, arena, arena_printf(arena, "  %s", d->changes[i].text));
}

static void write(FILE *out, const struct report *const *reports, size_t count)
{
	struct arena *arena = arena_new();
	size_t total = 0, number = 0;

	for (size_t i = 0; i < count; i++)
		total += reports[i]->run->step_count;
	fprintf(out, "TAP version 14\n1..%zu%s\n", total, total ? "" : " # SKIP no steps");
	for (size_t i = 0; i < count; i++) {
		const struct run *run = reports[i]->run;
		struct verdict verdict = report_verdict(reports[i]);

		for (size_t s = 0; s < run->step_count; s++)
			write_point(out, arena, reports[i], &run->steps[s], ++number, count > 1);
		write_comment(out, arena,
			arena_printf(arena, "%s: golden path %s: %s", report_name(reports[i]),
				golden_path_name(verdict.golden_path), verdict.summary));
		write_changes(out, arena, reports[i]->diagnosis);
	}
	arena_free(arena);
}

const struct report_format report_tap = {
	.name = "tap",
	.help = "Test Anything Protocol 14, a test point per step",
	.write = write,
};
