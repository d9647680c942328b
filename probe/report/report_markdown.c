/*
 * markdown: the incident report, as someone would write it who had the time: what is broken, what
 * that means, why, and what to do. CommonMark with GitHub's tables.
 */
#include "report_markdown.h"

#include "gen/version.h"
#include "report_timeline.h"

const char *markdown_moment(const struct sheet *s, int64_t wall_ns)
{
	char text[36];

	text_moment(text, wall_ns);
	return arena_strdup(s->arena, text);
}

static void write_row(const struct sheet *s, const char *name, const char *code)
{
	if (!code || !*code)
		return;
	fprintf(s->out, "| %s | ", name);
	text_markdown_code(s->out, code, true);
	fputs(" |\n", s->out);
}

static void write_head(const struct sheet *s)
{
	const struct report *report = s->report;
	const struct run *run = report->run;
	struct verdict verdict = report_verdict(report);
	char local[36], took[32];

	fputs(run->scenario ? "# Golden path " : "# Log report ", s->out);
	fputs(report_verdict_word(verdict.golden_path), s->out);
	if (run->scenario) {
		fputs(": ", s->out);
		text_markdown(s->out, run->scenario);
	}
	fputs("\n\n## Summary\n\n**", s->out);
	text_markdown(s->out, verdict.summary);
	fputs("**\n\n", s->out);
	if (report->diagnosis && report->diagnosis->banner) {
		fputs("> **Stale logs:** ", s->out);
		text_markdown(s->out, report->diagnosis->banner);
		fputs("\n\n", s->out);
	}
	time_print_local(run->started_at, local);
	text_took(took, run->duration);
	fprintf(s->out, "| | |\n| --- | --- |\n| Verdict | **%s**, exit code %d |\n",
		report_verdict_word(verdict.golden_path), verdict.exit_code);
	write_row(s, "Target", run->target);
	fprintf(s->out, "| Started | %s (local: %s) |\n| Took | %s |\n",
		markdown_moment(s, run->started_at - run->started_at % NS_PER_MS), local, took);
	write_row(s, "Run", run->id);
	write_row(s, "Ended early", run->end_detail);
	if (run->child)
		write_row(s, "Backend", run->child->command);
	fputc('\n', s->out);
}

static void write_impact(const struct sheet *s)
{
	const struct diagnosis *d = s->report->diagnosis;

	if (!d || !d->capability_count)
		return;
	fputs("## Impact\n\n", s->out);
	for (size_t i = 0; i < d->capability_count; i++) {
		const char *why = capability_why(s->arena, s->report, &d->capabilities[i]);

		fputs("* ", s->out);
		text_markdown(s->out, d->capabilities[i].name);
		fprintf(s->out, ": %s", capability_status_text(d->capabilities[i].status));
		if (*why) {
			fputs(" (", s->out);
			text_markdown(s->out, why);
			fputc(')', s->out);
		}
		fputc('\n', s->out);
	}
	fputc('\n', s->out);
}

static const char *result_text(const struct step_result *step)
{
	static const char *const texts[] = {
		[STEP_PASSED] = "passed",
		[STEP_FAILED] = "**failed**",
		[STEP_NOT_REACHED] = "not reached",
		[STEP_SKIPPED] = "skipped",
	};

	return step->status == STEP_FAILED && step->optional ? "failed (optional)"
							     : texts[step->status];
}

static void write_steps(const struct sheet *s)
{
	const struct run *run = s->report->run;

	if (!run->step_count)
		return;
	fputs("## Steps\n\n| Step | Capability | Result | Took | Tries | What was seen |\n"
	      "| --- | --- | --- | ---: | ---: | --- |\n",
		s->out);
	for (size_t i = 0; i < run->step_count; i++) {
		const struct step_result *step = &run->steps[i];
		char took[32];

		text_took(took, step_took(step));
		fputs("| ", s->out);
		text_markdown(s->out, step->name);
		fputs(" | ", s->out);
		text_markdown(s->out, step->capability);
		fprintf(s->out, " | %s | %s | %lld | ", result_text(step), took,
			(long long)step->attempts_total);
		text_markdown_code(s->out, step_why(s->arena, run, step), true);
		fputs(" |\n", s->out);
	}
	fputc('\n', s->out);
}

static void write_failed_checks(const struct sheet *s, const struct step_result *step)
{
	const struct attempt_result *last = step_last(step);

	fputs("### ", s->out);
	text_markdown(s->out, step->name);
	fputs("\n\n", s->out);
	for (size_t i = 0; i < step->check_count; i++) {
		if (step->checks[i].passed)
			continue;
		fputs("* ", s->out);
		text_markdown_code(s->out, check_text(s->arena, &step->checks[i]), false);
		fputc('\n', s->out);
	}
	if (step->target) {
		fputs("* asked: ", s->out);
		text_markdown_code(s->out, step->target, false);
		fputc('\n', s->out);
	}
	if (step->trace_id)
		fprintf(s->out, "* trace: `%.32s`\n", step->trace_id);
	if (last && last->observed.status >= 0)
		fprintf(s->out, "* answered: %d\n", (int)last->observed.status);
	fputc('\n', s->out);
	if (last && last->observed.body.len) {
		text_markdown_block(s->out, "", text_cut(last->observed.body, 1024));
		fputc('\n', s->out);
	}
}

static void write_failures(const struct sheet *s)
{
	const struct run *run = s->report->run;
	size_t failed = report_steps_with(s->report, STEP_FAILED);

	if (!failed)
		return;
	fputs("## Failed steps\n\n", s->out);
	for (size_t i = 0; i < run->step_count; i++)
		if (run->steps[i].status == STEP_FAILED)
			write_failed_checks(s, &run->steps[i]);
}

static void write_changes(const struct sheet *s)
{
	const struct diagnosis *d = s->report->diagnosis;

	if (!d || !d->has_baseline)
		return;
	fputs("## Since the baseline\n\nCompared with run ", s->out);
	text_markdown_code(s->out, d->baseline_id, false);
	fputs(d->change_count ? ":\n\n" : ": nothing changed.\n", s->out);
	for (size_t i = 0; i < d->change_count; i++) {
		fputs("* ", s->out);
		text_markdown(s->out, d->changes[i].text);
		fputc('\n', s->out);
	}
	fputc('\n', s->out);
}

static void write_timeline(const struct sheet *s)
{
	size_t count, left_out;
	const struct moment *moments = report_timeline(s->arena, s->report, &count, &left_out);

	if (!count)
		return;
	fputs("## Timeline\n\n| Time (UTC) | Seen by | What |\n| --- | --- | --- |\n", s->out);
	for (size_t i = 0; i < count; i++) {
		fprintf(s->out, "| %s | %s | ", markdown_moment(s, moments[i].time),
			moments[i].kind == MOMENT_LOG ? "logs" : "goldprobe");
		text_markdown(s->out, moments[i].text);
		if (moments[i].quote) {
			fputs(": ", s->out);
			text_markdown_code(s->out, moments[i].quote, true);
		}
		fputs(" |\n", s->out);
	}
	if (left_out)
		fprintf(s->out, "\nand %zu more.\n", left_out);
	fputc('\n', s->out);
}

static void write(FILE *out, const struct report *const *reports, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct sheet s = {out, arena_new(), reports[i]};

		if (i)
			fputs("\n---\n\n", out);
		write_head(&s);
		write_impact(&s);
		markdown_findings(&s);
		write_steps(&s);
		write_failures(&s);
		write_timeline(&s);
		write_changes(&s);
		markdown_logs(&s);
		fprintf(out, "Made by goldprobe %s at %s.\n", GOLDPROBE_VERSION,
			markdown_moment(&s, reports[i]->now - reports[i]->now % NS_PER_MS));
		arena_free(s.arena);
	}
}

const struct report_format report_markdown = {
	.name = "markdown",
	.help = "the incident report: impact, causes, actions, timeline, logs",
	.write = write,
};
