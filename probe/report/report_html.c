/* html: one self-contained page without script; its skeleton and style are files in assets/. */
#include "report_html.h"

#include <string.h>

#include "gen/page.css.h"
#include "gen/page.html.h"
#include "gen/version.h"
#include "report_timeline.h"

void html_text(struct html *h, const char *text)
{
	text_xml(h->out, str_of(text), false);
}

void html_element(struct html *h, const char *tag, const char *text)
{
	if (!text || !*text)
		return;
	fprintf(h->out, "<%s>", tag);
	html_text(h, text);
	fprintf(h->out, "</%.*s>", (int)strcspn(tag, " "), tag);
}

void html_pre(struct html *h, struct str text)
{
	/* A line feed right behind the tag is dropped by HTML, so one is given. */
	fputs("<pre>\n", h->out);
	text_xml(h->out, text, true);
	fputs("</pre>\n", h->out);
}

const char *html_moment(struct html *h, int64_t wall_ns)
{
	char text[36];

	text_moment(text, wall_ns);
	return arena_strdup(h->arena, text);
}

static void write_head(struct html *h, const struct verdict *verdict)
{
	const struct run *run = h->report->run;
	char took[32], local[36];

	fprintf(h->out, "<main class=\"%s\">\n<header>\n<p class=\"verdict\"><b>%s</b>",
		golden_path_name(verdict->golden_path), report_verdict_word(verdict->golden_path));
	html_text(h, report_name(h->report));
	fputs("</p>\n", h->out);
	html_element(h, "h1", verdict->summary);
	text_took(took, run->duration);
	time_print_local(run->started_at, local);
	fputs("\n<p class=\"meta\">", h->out);
	html_element(h, "span", run->target);
	html_element(h, "span", arena_printf(h->arena, "started %s", local));
	html_element(h, "span", arena_printf(h->arena, "took %s", took));
	html_element(h, "span", arena_printf(h->arena, "run %s", run->id ? run->id : "-"));
	html_element(h, "span", arena_printf(h->arena, "exit code %d", verdict->exit_code));
	fputs("</p>\n</header>\n", h->out);
	html_element(h, "p class=\"banner\"", run->end_detail);
	if (h->report->diagnosis)
		html_element(h, "p class=\"banner\"", h->report->diagnosis->banner);
}

static void write_capabilities(struct html *h)
{
	const struct diagnosis *d = h->report->diagnosis;

	if (!d || !d->capability_count)
		return;
	fputs("<section>\n<h2>Capabilities</h2>\n<ul class=\"caps\">\n", h->out);
	for (size_t i = 0; i < d->capability_count; i++) {
		const struct capability *c = &d->capabilities[i];

		fprintf(h->out, "<li class=\"%s\">", capability_status_name(c->status));
		html_text(h, c->name);
		fprintf(h->out, ": <strong>%s</strong>", capability_status_text(c->status));
		html_element(h, "small", capability_why(h->arena, h->report, c));
		fputs("</li>\n", h->out);
	}
	fputs("</ul>\n</section>\n", h->out);
}

static void write_child(struct html *h)
{
	const struct child_result *child = h->report->run->child;
	char took[32];

	if (!child)
		return;
	text_took(took, child->after);
	fputs("<section>\n<h2>Backend</h2>\n<p>", h->out);
	html_element(h, "code", child->command);
	if (child->exited)
		fprintf(h->out, " %s %lld after %s",
			child->exit_code >= 0 ? "exited" : "was ended by signal",
			(long long)(child->exit_code >= 0 ? child->exit_code : child->signal),
			took);
	fputs("</p>\n</section>\n", h->out);
}

static void write_changes(struct html *h)
{
	const struct diagnosis *d = h->report->diagnosis;

	if (!d || !d->has_baseline)
		return;
	fputs("<section>\n<h2>Since the baseline</h2>\n<p class=\"soft\">compared with run ",
		h->out);
	html_text(h, d->baseline_id);
	fputs(d->change_count ? "</p>\n<ul>\n" : ": nothing changed</p>\n<ul>\n", h->out);
	for (size_t i = 0; i < d->change_count; i++) {
		html_element(h, "li", d->changes[i].text);
		fputc('\n', h->out);
	}
	fputs("</ul>\n</section>\n", h->out);
}

static void write_timeline(struct html *h)
{
	size_t count, left_out;
	const struct moment *moments = report_timeline(h->arena, h->report, &count, &left_out);

	if (!count)
		return;
	fputs("<section>\n<h2>Timeline</h2>\n<div class=\"scroll\"><table>\n<tr><th>Time "
	      "(UTC)</th><th>Seen by</th><th>What</th></tr>\n",
		h->out);
	for (size_t i = 0; i < count; i++) {
		fprintf(h->out, "<tr><td class=\"t\">%s</td><td class=\"w\">%s</td><td>",
			html_moment(h, moments[i].time),
			moments[i].kind == MOMENT_LOG ? "logs" : "goldprobe");
		html_text(h, moments[i].text);
		if (moments[i].quote)
			fputs(": ", h->out);
		html_element(h, "code", moments[i].quote);
		fputs("</td></tr>\n", h->out);
	}
	fputs("</table></div>\n", h->out);
	if (left_out)
		fprintf(h->out, "<p class=\"soft\">and %zu more</p>\n", left_out);
	fputs("</section>\n", h->out);
}

static void write_one(FILE *out, const struct report *report)
{
	struct html h = {out, arena_new(), report};
	struct verdict verdict = report_verdict(report);

	write_head(&h, &verdict);
	write_capabilities(&h);
	html_findings(&h);
	html_steps(&h);
	write_child(&h);
	write_changes(&h);
	write_timeline(&h);
	html_logs(&h);
	fprintf(out, "<footer>goldprobe %s, %s</footer>\n</main>\n", GOLDPROBE_VERSION,
		html_moment(&h, report->now - report->now % NS_PER_MS));
	arena_free(h.arena);
}

static void write_title(FILE *out, const struct report *const *reports, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%s%s: ", i ? ", " : "",
			report_verdict_word(report_verdict(reports[i]).golden_path));
		text_xml(out, str_of(report_name(reports[i])), false);
	}
}

/* Fills the places of the skeleton. */
static void write(FILE *out, const struct report *const *reports, size_t count)
{
	struct str rest = {(const char *)page_html, page_html_len};

	while (rest.len) {
		size_t at = str_find(rest, STR("{{"));
		size_t end = at == SIZE_MAX ? SIZE_MAX : str_find(str_from(rest, at), STR("}}"));

		if (end == SIZE_MAX) {
			fwrite(rest.ptr, 1, rest.len, out);
			return;
		}
		struct str place = str_sub(rest, at + 2, end - 2);

		fwrite(rest.ptr, 1, at, out);
		if (str_is(place, "title"))
			write_title(out, reports, count);
		else if (str_is(place, "style"))
			fwrite(page_css, 1, page_css_len, out);
		else
			for (size_t i = 0; i < count; i++)
				write_one(out, reports[i]);
		rest = str_from(rest, at + end + 2);
	}
}

const struct report_format report_html = {
	.name = "html",
	.help = "one self-contained page with a waterfall of the steps",
	.write = write,
};
