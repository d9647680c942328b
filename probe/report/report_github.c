/*
 * github: annotations for GitHub Actions, one workflow command a line, and the Markdown report
 * appended to the job's summary (GITHUB_STEP_SUMMARY).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report_private.h"

/* A summary past 1 MiB is refused as a whole. */
enum { SUMMARY_MAX = 1000000 };

/* '%' and line ends would end the data; ':' and ',' a property's value. */
static void write_data(FILE *out, const char *text, bool property)
{
	BUF_SCOPED struct buf b;

	buf_init(&b, SIZE_MAX / 4);
	text_clean(&b, str_of(text), !property);
	for (size_t i = 0; i < b.len; i++) {
		char c = b.data[i];

		if (c == '%' || c == '\n' || (property && (c == ':' || c == ',')))
			fprintf(out, "%%%02X", (unsigned char)c);
		else
			fputc(c, out);
	}
}

/* Where the file lies in the checkout: the paths of images and runners lead to the same place. */
static const char *in_checkout(const char *file)
{
	static const char *const roots[] = {"/app/", "/workspace/", "/usr/src/app/", "/srv/app/"};
	const char *workspace = getenv("GITHUB_WORKSPACE");
	size_t len = workspace ? strlen(workspace) : 0;

	if (len && strncmp(file, workspace, len) == 0 && file[len] == '/')
		return file + len + 1;
	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++)
		if (strncmp(file, roots[i], strlen(roots[i])) == 0)
			return file + strlen(roots[i]);
	return file;
}

/* "file.py:53" as file= and line=. */
static void write_place(FILE *out, struct arena *arena, const char *location)
{
	const char *colon = strrchr(location, ':');
	int64_t line;
	bool numbered = colon && str_int(str_of(colon + 1), &line) && line > 0;
	size_t len = numbered ? (size_t)(colon - location) : strlen(location);

	fputs(" file=", out);
	write_data(out, in_checkout(arena_printf(arena, "%.*s", (int)len, location)), true);
	if (numbered)
		fprintf(out, ",line=%lld", (long long)line);
	fputc(',', out);
}

static void write_command(FILE *out, struct arena *arena, const char *level, const char *location,
	const char *title, const char *message)
{
	fprintf(out, "::%s", level);
	if (location)
		write_place(out, arena, location);
	else
		fputc(' ', out);
	fputs("title=", out);
	write_data(out, title, true);
	fputs("::", out);
	write_data(out, message, false);
	fputc('\n', out);
}

static const char *finding_level(const struct finding *f)
{
	return f->priority == PRIORITY_P0   ? "error"
	       : f->priority == PRIORITY_P1 ? "warning"
					    : "notice";
}

static const char *finding_message(struct arena *arena, const struct finding *f)
{
	BUF_SCOPED struct buf b;

	buf_init(&b, 8192);
	buf_printf(&b, "%s (%s)", f->message, finding_state_text(arena, f));
	for (size_t i = 0; i < f->now.count; i++)
		buf_printf(&b, "\ndo now: %s", f->now.items[i]);
	return arena_str(arena, buf_str(&b)).ptr;
}

static void write_steps(FILE *out, struct arena *arena, const struct report *report)
{
	const struct run *run = report->run;

	for (size_t i = 0; i < run->step_count; i++) {
		const struct step_result *step = &run->steps[i];

		if (step->status != STEP_FAILED)
			continue;
		write_command(out, arena, step->optional ? "warning" : "error", run->file,
			arena_printf(arena, "step '%s' failed", step->name),
			step_why(arena, run, step));
	}
}

static const char *change_level(enum change_kind kind)
{
	return kind == CHANGE_STEP_SLOWER || kind == CHANGE_CLUSTER_NEW ? "warning" : "notice";
}

static void write_changes(FILE *out, struct arena *arena, const struct diagnosis *d)
{
	const char *title =
		arena_printf(arena, "since baseline %s", d->baseline_id ? d->baseline_id : "-");

	for (size_t i = 0; i < d->change_count; i++)
		write_command(out, arena, change_level(d->changes[i].kind), NULL, title,
			d->changes[i].text);
	if (!d->change_count)
		write_command(out, arena, "notice", NULL, title, "nothing changed");
}

static void write(FILE *out, const struct report *const *reports, size_t count)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < count; i++) {
		const struct diagnosis *d = reports[i]->diagnosis;
		struct verdict verdict = report_verdict(reports[i]);
		bool good = verdict.golden_path == GOLDEN_HEALTHY;

		write_command(out, arena,
			good                                     ? "notice"
			: verdict.golden_path == GOLDEN_DEGRADED ? "warning"
								 : "error",
			NULL,
			arena_printf(arena, "%s %s", report_name(reports[i]),
				report_verdict_word(verdict.golden_path)),
			verdict.summary);
		for (size_t f = 0; d && f < d->finding_count; f++)
			write_command(out, arena, finding_level(&d->findings[f]),
				d->findings[f].location,
				arena_printf(arena, "%s %s", priority_name(d->findings[f].priority),
					d->findings[f].title),
				finding_message(arena, &d->findings[f]));
		write_steps(out, arena, reports[i]);
		if (d && d->has_baseline)
			write_changes(out, arena, d);
	}
	arena_free(arena);
}

/* The Markdown report behind what other steps of the job wrote there. */
static int append_summary(const struct report *const *reports, size_t count, struct error *err)
{
	const char *file = getenv("GITHUB_STEP_SUMMARY");
	char *text = NULL;
	size_t len = 0;

	if (!file || !*file)
		return 0;
	FILE *memory = open_memstream(&text, &len);

	if (!memory)
		return error_set(err, "cannot write the job summary: %s", strerror(errno));
	report_markdown.write(memory, reports, count);
	fclose(memory);
	struct str cut = text_cut((struct str){text, len}, SUMMARY_MAX);
	FILE *out = fopen(file, "a");
	bool failed = !out || fwrite(cut.ptr, 1, cut.len, out) != cut.len;
	int why = errno;

	if (out && fclose(out) != 0 && !failed) {
		failed = true;
		why = errno;
	}
	free(text);
	return failed ? error_set(err, "cannot append to GITHUB_STEP_SUMMARY '%s': %s", file,
				strerror(why))
		      : 0;
}

const struct report_format report_github = {
	.name = "github",
	.help = "annotations for GitHub Actions, and the Markdown report in the job's summary",
	.write = write,
	.aside = append_summary,
};
