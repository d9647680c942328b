/*
 * prometheus: the last run as metrics in the text format, for the textfile collector or a push
 * gateway. How many runs there were is known to who counts them (`serve`), not to one run.
 */
#include "report_private.h"

#include <string.h>

#include "gen/version.h"

struct sheet {
	FILE *out;
	const struct report *const *reports;
	size_t count;
};

/* Label values: '\', '"' and line feeds are escaped; the text is clean UTF-8. */
static void write_label(FILE *out, const char *name, const char *value, bool first)
{
	BUF_SCOPED struct buf b;

	buf_init(&b, SIZE_MAX / 4);
	text_clean(&b, str_of(value), false);
	fprintf(out, "%s%s=\"", first ? "{" : ",", name);
	for (size_t i = 0; i < b.len; i++) {
		if (b.data[i] == '\\' || b.data[i] == '"')
			fputc('\\', out);
		fputc(b.data[i], out);
	}
	fputc('"', out);
}

static void begin(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Of scenarios that share a name the last one is shown: a series may appear only once. */
static bool hidden(const struct sheet *s, size_t at)
{
	for (size_t i = at + 1; i < s->count; i++)
		if (strcmp(report_name(s->reports[i]), report_name(s->reports[at])) == 0)
			return true;
	return false;
}

static void write_golden_path(const struct sheet *s, const struct report *report)
{
	enum golden_path now = report_verdict(report).golden_path;

	for (int state = GOLDEN_HEALTHY; state <= GOLDEN_UNKNOWN; state++) {
		fputs("goldprobe_golden_path", s->out);
		write_label(s->out, "scenario", report_name(report), true);
		write_label(s->out, "state", golden_path_name((enum golden_path)state), false);
		fprintf(s->out, "} %d\n", (int)now == state);
	}
}

static void step_labels(
	FILE *out, const char *metric, const struct report *report, const struct step_result *step)
{
	fputs(metric, out);
	write_label(out, "scenario", report_name(report), true);
	write_label(out, "step", step->name, false);
}

static void write_success(const struct sheet *s, const struct report *report)
{
	for (size_t i = 0; i < report->run->step_count; i++) {
		const struct step_result *step = &report->run->steps[i];

		if (step->status == STEP_SKIPPED)
			continue;
		step_labels(s->out, "goldprobe_step_success", report, step);
		fprintf(s->out, "} %d\n", step->status == STEP_PASSED);
	}
}

static void write_phase(const struct sheet *s, const struct report *report,
	const struct step_result *step, const char *phase, int64_t ns)
{
	if (ns == TIME_NONE)
		return;
	step_labels(s->out, "goldprobe_step_duration_seconds", report, step);
	write_label(s->out, "phase", phase, false);
	fprintf(s->out, "} %.9g\n", (double)ns / NS_PER_S);
}

static void write_durations(const struct sheet *s, const struct report *report)
{
	for (size_t i = 0; i < report->run->step_count; i++) {
		const struct step_result *step = &report->run->steps[i];
		const struct attempt_result *last = step_last(step);

		if (!last)
			continue;
		write_phase(s, report, step, "dns", last->timing.dns);
		write_phase(s, report, step, "connect", last->timing.connect);
		write_phase(s, report, step, "tls", last->timing.tls);
		write_phase(s, report, step, "first_byte", last->timing.first_byte);
		write_phase(s, report, step, "total", last->duration);
	}
}

static void write_expiry(const struct sheet *s, const struct report *report)
{
	for (size_t i = 0; i < report->run->step_count; i++) {
		const struct step_result *step = &report->run->steps[i];

		if (step->tls_not_after == TIME_NONE)
			continue;
		step_labels(s->out, "goldprobe_tls_cert_expiry_timestamp_seconds", report, step);
		fprintf(s->out, "} %lld\n", (long long)(step->tls_not_after / NS_PER_S));
	}
}

static bool same_series(const struct finding *a, const struct finding *b)
{
	return a->priority == b->priority && strcmp(a->cause, b->cause) == 0;
}

static void write_findings(const struct sheet *s, const struct report *report)
{
	const struct diagnosis *d = report->diagnosis;

	for (size_t i = 0; d && i < d->finding_count; i++) {
		const struct finding *f = &d->findings[i];
		size_t before = 0, same = 0;

		for (size_t j = 0; j < d->finding_count; j++) {
			same += same_series(f, &d->findings[j]);
			before += j < i && same_series(f, &d->findings[j]);
		}
		if (before)
			continue;
		fputs("goldprobe_findings", s->out);
		write_label(s->out, "scenario", report_name(report), true);
		write_label(s->out, "priority", priority_name(f->priority), false);
		write_label(s->out, "cause", f->cause, false);
		fprintf(s->out, "} %zu\n", same);
	}
}

static void write_moment(const struct sheet *s, const struct report *report)
{
	fputs("goldprobe_last_run_timestamp_seconds", s->out);
	write_label(s->out, "scenario", report_name(report), true);
	fprintf(s->out, "} %.3f\n", (double)report->run->finished_at / NS_PER_S);
}

/* Every kind, so that a series of a kind ends at 0 and not in the air. */
static void write_changes(const struct sheet *s, const struct report *report)
{
	const struct diagnosis *d = report->diagnosis;

	for (int kind = CHANGE_CLUSTER_NEW; d && d->has_baseline && kind <= CHANGE_CHECK; kind++) {
		size_t count = 0;

		for (size_t i = 0; i < d->change_count; i++)
			count += d->changes[i].kind == (enum change_kind)kind;
		fputs("goldprobe_baseline_changes", s->out);
		write_label(s->out, "scenario", report_name(report), true);
		write_label(s->out, "kind", change_kind_name((enum change_kind)kind), false);
		fprintf(s->out, "} %zu\n", count);
	}
}

static const struct {
	const char *name, *help;
	void (*write)(const struct sheet *, const struct report *);
} families[] = {
	{"goldprobe_golden_path", "1 for the state the golden path is in.", write_golden_path},
	{"goldprobe_step_success", "1 when the step passed.", write_success},
	{"goldprobe_step_duration_seconds", "The step's last attempt, by phase.", write_durations},
	{"goldprobe_findings", "Findings of the last run.", write_findings},
	{"goldprobe_baseline_changes", "What differs from the run given with --baseline.",
		write_changes},
	{"goldprobe_tls_cert_expiry_timestamp_seconds", "When the peer's certificate expires.",
		write_expiry},
	{"goldprobe_last_run_timestamp_seconds", "When the last run ended.", write_moment},
};

static void write(FILE *out, const struct report *const *reports, size_t count)
{
	struct sheet s = {out, reports, count};

	for (size_t f = 0; f < sizeof(families) / sizeof(*families); f++) {
		begin(out, families[f].name, "gauge", families[f].help);
		for (size_t i = 0; i < count; i++)
			if (!hidden(&s, i))
				families[f].write(&s, reports[i]);
	}
	begin(out, "goldprobe_build_info", "gauge", "The version of goldprobe, always 1.");
	fputs("goldprobe_build_info", out);
	write_label(out, "version", GOLDPROBE_VERSION, true);
	fputs("} 1\n", out);
}

const struct report_format report_prometheus = {
	.name = "prometheus",
	.help = "metrics of the run in Prometheus' text format",
	.write = write,
};
