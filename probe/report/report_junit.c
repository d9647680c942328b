/* junit: XML as CI systems read it, a test suite per scenario and a test case per step. */
#include "report_private.h"

#include <string.h>

/* A required step that failed is an error, not a failure, when the target is not to blame. */
static bool is_error(const struct step_result *step)
{
	return step->status == STEP_FAILED && !step->optional &&
	       (step->failure == FAILURE_INTERRUPTED || step->failure == FAILURE_INTERNAL);
}

static bool is_failure(const struct step_result *step)
{
	return step->status == STEP_FAILED && !step->optional && !is_error(step);
}

static void write_attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	text_xml(out, str_of(value), false);
	fputc('"', out);
}

static void write_line(FILE *out, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	fputs(label, out);
	text_xml(out, str_of(text), true);
	fputc('\n', out);
}

static void write_finding(FILE *out, struct arena *arena, const struct finding *f)
{
	write_line(out,
		"cause: ", arena_printf(arena, "%s (%s)", f->title, finding_state_text(arena, f)));
	write_line(out, "at: ", f->location);
	for (size_t i = 0; i < f->now.count; i++)
		write_line(out, "do now: ", f->now.items[i]);
}

/* The body of a failure: what a developer sees who opens the test in the CI. */
static void write_story(
	FILE *out, struct arena *arena, const struct report *report, const struct step_result *step)
{
	const struct attempt_result *last = step_last(step);
	const struct finding *finding =
		report->diagnosis ? diagnosis_explains(report->diagnosis, step->name) : NULL;

	write_line(out, "", step_why(arena, report->run, step));
	for (size_t i = 0; i < step->check_count; i++)
		if (!step->checks[i].passed)
			write_line(out, "check failed: ", check_text(arena, &step->checks[i]));
	write_line(out, "", step->target);
	write_line(out, "", step_tries(arena, step));
	if (last && last->observed.status >= 0)
		write_line(
			out, "answered: ", arena_printf(arena, "%d", (int)last->observed.status));
	if (last && last->observed.body.len) {
		fputs("body: ", out);
		text_xml(out, text_cut(last->observed.body, 1024), true);
		fputc('\n', out);
	}
	write_line(out, "trace: ", step->trace_id);
	if (finding)
		write_finding(out, arena, finding);
}

static void write_outcome(
	FILE *out, struct arena *arena, const struct report *report, const struct step_result *step)
{
	const char *why = step_why(arena, report->run, step);

	if (is_failure(step) || is_error(step)) {
		const char *element = is_error(step) ? "error" : "failure";

		fprintf(out, "      <%s", element);
		write_attribute(out, "message", why);
		write_attribute(
			out, "type", step->failure ? failure_name(step->failure) : "failed");
		fputc('>', out);
		write_story(out, arena, report, step);
		fprintf(out, "</%s>\n", element);
		return;
	}
	fputs("      <skipped", out);
	write_attribute(out, "message",
		step->status == STEP_NOT_REACHED ? arena_printf(arena, "not reached: %s", why)
		: step->status == STEP_FAILED ? arena_printf(arena, "optional step failed: %s", why)
					      : why);
	fputs("/>\n", out);
}

static double seconds(int64_t ns)
{
	return ns == TIME_NONE ? 0 : (double)ns / NS_PER_S;
}

static void write_case(
	FILE *out, struct arena *arena, const struct report *report, const struct step_result *step)
{
	const char *tries = step_tries(arena, step);

	fputs("    <testcase", out);
	write_attribute(out, "name", step->name);
	write_attribute(out, "classname",
		step->capability
			? arena_printf(arena, "%s.%s", report_name(report), step->capability)
			: report_name(report));
	fprintf(out, " time=\"%.3f\"", seconds(step_took(step)));
	if (step->status == STEP_PASSED && !tries) {
		fputs("/>\n", out);
		return;
	}
	fputs(">\n", out);
	if (step->status != STEP_PASSED)
		write_outcome(out, arena, report, step);
	if (tries && step->status == STEP_PASSED) {
		fputs("      <system-out>", out);
		text_xml(out, str_of(tries), false);
		fputs("</system-out>\n", out);
	}
	fputs("    </testcase>\n", out);
}

struct totals {
	size_t tests, failures, errors, skipped;
	int64_t time;
};

static struct totals count_steps(const struct report *report)
{
	struct totals t = {.tests = report->run->step_count, .time = report->run->duration};

	for (size_t i = 0; i < report->run->step_count; i++) {
		const struct step_result *step = &report->run->steps[i];

		t.failures += is_failure(step);
		t.errors += is_error(step);
		t.skipped += step->status != STEP_PASSED && !is_failure(step) && !is_error(step);
	}
	return t;
}

static void write_totals(FILE *out, const struct totals *t)
{
	fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"",
		t->tests, t->failures, t->errors, t->skipped, seconds(t->time));
}

static void write_properties(FILE *out, const struct report *report)
{
	struct verdict verdict = report_verdict(report);
	const char *const properties[][2] = {
		{"run", report->run->id},
		{"target", report->run->target},
		{"verdict", golden_path_name(verdict.golden_path)},
		{"summary", verdict.summary},
	};

	fputs("    <properties>\n", out);
	for (size_t i = 0; i < sizeof(properties) / sizeof(*properties); i++) {
		if (!properties[i][1])
			continue;
		fputs("      <property", out);
		write_attribute(out, "name", properties[i][0]);
		write_attribute(out, "value", properties[i][1]);
		fputs("/>\n", out);
	}
	fputs("    </properties>\n", out);
}

/* Told in the failure of a step that it explains. */
static bool is_told(const struct run *run, const struct finding *f)
{
	for (size_t i = 0; i < run->step_count; i++) {
		if (!is_failure(&run->steps[i]) && !is_error(&run->steps[i]))
			continue;
		for (size_t k = 0; k < f->steps.count; k++)
			if (strcmp(f->steps.items[k], run->steps[i].name) == 0)
				return true;
	}
	return false;
}

/* What belongs to no step: the other findings, and what is new since the last good run. */
static void write_remarks(FILE *out, struct arena *arena, const struct report *report)
{
	const struct diagnosis *d = report->diagnosis;
	bool any = d && d->has_baseline;

	for (size_t i = 0; d && i < d->finding_count; i++)
		any = any || !is_told(report->run, &d->findings[i]);
	if (!any)
		return;
	fputs("    <system-out>", out);
	for (size_t i = 0; i < d->finding_count; i++)
		if (!is_told(report->run, &d->findings[i]))
			write_finding(out, arena, &d->findings[i]);
	if (d->has_baseline)
		write_line(out,
			d->change_count ? "since baseline " : "nothing changed since baseline ",
			d->baseline_id ? d->baseline_id : "-");
	for (size_t i = 0; i < d->change_count; i++)
		write_line(out, "", d->changes[i].text);
	fputs("</system-out>\n", out);
}

static void write_suite(FILE *out, const struct report *report)
{
	struct arena *arena = arena_new();
	struct totals totals = count_steps(report);
	char started[36];

	/* xs:dateTime without a zone is what readers of this format expect; it is UTC. */
	time_print_utc(report->run->started_at, 0, started);
	started[strcspn(started, "Z")] = '\0';
	fputs("  <testsuite", out);
	write_attribute(out, "name", report_name(report));
	write_totals(out, &totals);
	write_attribute(out, "timestamp", started);
	fputs(" hostname=\"localhost\">\n", out);
	write_properties(out, report);
	for (size_t i = 0; i < report->run->step_count; i++)
		write_case(out, arena, report, &report->run->steps[i]);
	write_remarks(out, arena, report);
	fputs("  </testsuite>\n", out);
	arena_free(arena);
}

static void write(FILE *out, const struct report *const *reports, size_t count)
{
	struct totals all = {0};

	for (size_t i = 0; i < count; i++) {
		struct totals t = count_steps(reports[i]);

		all.tests += t.tests;
		all.failures += t.failures;
		all.errors += t.errors;
		all.skipped += t.skipped;
		all.time += t.time;
	}
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"goldprobe\"", out);
	write_totals(out, &all);
	fputs(">\n", out);
	for (size_t i = 0; i < count; i++)
		write_suite(out, reports[i]);
	fputs("</testsuites>\n", out);
}

const struct report_format report_junit = {
	.name = "junit",
	.help = "JUnit XML for CI systems, a test case per step",
	.write = write,
};
