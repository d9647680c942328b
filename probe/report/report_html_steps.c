/* html: the waterfall of the steps, and below each what was wanted and seen. */
#include "report_html.h"

#include <string.h>

struct scale {
	int64_t start, length; /* ns */
};

static double percent(const struct scale *scale, int64_t at)
{
	double share = 100.0 * (double)(at - scale->start) / (double)scale->length;

	return share < 0 ? 0 : share > 100 ? 100 : share;
}

static void write_bar(
	struct html *h, const struct scale *scale, const char *class, int64_t from, int64_t to)
{
	double left = percent(scale, from);

	fprintf(h->out, "<i class=\"%s\" style=\"left:%.3f%%;width:%.3f%%\"></i>", class, left,
		percent(scale, to) - left);
}

/* Phases follow each other; what is left of the attempt is the rest. */
static void write_attempt(
	struct html *h, const struct scale *scale, const struct attempt_result *attempt)
{
	const struct {
		const char *class;
		int64_t took;
	} phases[] = {
		{"dns", attempt->timing.dns},
		{"connect", attempt->timing.connect},
		{"tls", attempt->timing.tls},
		{"wait", attempt->timing.first_byte},
	};
	int64_t at = attempt->started_at, end = attempt->started_at + attempt->duration;

	for (size_t i = 0; i < sizeof(phases) / sizeof(*phases) && at < end; i++) {
		if (phases[i].took == TIME_NONE || phases[i].took <= 0)
			continue;
		int64_t next = phases[i].took < end - at ? at + phases[i].took : end;

		write_bar(h, scale, phases[i].class, at, next);
		at = next;
	}
	if (at < end)
		write_bar(h, scale, "rest", at, end);
	if (attempt->failure)
		write_bar(h, scale, "bad", attempt->started_at, end);
}

static const char *state_text(const struct step_result *step)
{
	static const char *const texts[] = {
		[STEP_PASSED] = "passed",
		[STEP_FAILED] = "failed",
		[STEP_NOT_REACHED] = "not reached",
		[STEP_SKIPPED] = "skipped",
	};

	return texts[step->status];
}

static void write_row(struct html *h, const struct scale *scale, const struct step_result *step)
{
	const char *tries = step_tries(h->arena, step);
	char took[32] = "";

	fprintf(h->out, "<span class=\"state\">%s</span><span class=\"name\">", state_text(step));
	html_text(h, step->name);
	html_element(h, "small", step->capability);
	if (step->optional)
		fputs("<small>optional</small>", h->out);
	html_element(h, "small", tries);
	fputs("</span><span class=\"track\">", h->out);
	if (step->attempt_count > 1)
		write_bar(h, scale, "span", step->attempts[0].started_at,
			step_last(step)->started_at);
	for (size_t i = 0; i < step->attempt_count; i++)
		write_attempt(h, scale, &step->attempts[i]);
	if (step->attempt_count)
		text_took(took, step_took(step));
	fprintf(h->out, "</span><span class=\"took\">%s</span>", took);
}

static void write_checks(struct html *h, const struct step_result *step)
{
	if (!step->check_count)
		return;
	fputs("<ul class=\"checks\">\n", h->out);
	for (size_t i = 0; i < step->check_count; i++) {
		fputs(step->checks[i].passed ? "<li><span class=\"v\">passed</span> "
					     : "<li><span class=\"x\">failed</span> ",
			h->out);
		html_element(h, "code", check_text(h->arena, &step->checks[i]));
		fputs("</li>\n", h->out);
	}
	fputs("</ul>\n", h->out);
}

static void write_answer(struct html *h, const struct observed *seen)
{
	if (seen->status >= 0)
		fprintf(h->out, "<p>answered <strong>%d</strong></p>\n", (int)seen->status);
	if (seen->headers.count) {
		BUF_SCOPED struct buf b;

		buf_init(&b, 1 << 16);
		for (size_t i = 0; i < seen->headers.count; i++)
			buf_printf(&b, "%.*s: %.*s\n", STR_ARG(seen->headers.items[i].name),
				STR_ARG(seen->headers.items[i].value));
		html_pre(h, buf_str(&b));
	}
	if (seen->body.len)
		html_pre(h, seen->body);
	for (size_t i = 0; i < seen->messages.count; i++) {
		fputs("<p class=\"soft\">got</p>", h->out);
		html_pre(h, seen->messages.items[i]);
	}
	if (seen->close_code >= 0)
		fprintf(h->out, "<p>closed with code %d</p>\n", (int)seen->close_code);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool ended_alike(const struct attempt_result *a, const struct attempt_result *b)
{
	return a->failure == b->failure && same_text(a->detail, b->detail) &&
	       same_text(a->credential, b->credential);
}

/* Attempts that ended alike one after the other share a line, under the number of the first. */
static void write_attempts(struct html *h, const struct step_result *step)
{
	if (step->attempt_count < 2)
		return;
	fputs("<h3 class=\"label\">Attempts</h3>\n<ol>\n", h->out);
	for (size_t i = 0, same; i < step->attempt_count; i += same) {
		const struct attempt_result *attempt = &step->attempts[i];
		char took[32];

		same = 1;
		while (i + same < step->attempt_count && ended_alike(attempt, attempt + same))
			same++;
		text_took(took, attempt->duration);
		fprintf(h->out, "<li value=\"%zu\">", i + 1);
		html_element(h, "code", attempt->credential);
		if (same > 1)
			fprintf(h->out, " %zu times", same);
		else
			fprintf(h->out, " %s", took);
		fprintf(h->out, ", %s ",
			attempt->failure ? failure_text(attempt->failure) : "passed");
		html_element(h, "code", attempt->failure ? attempt->detail : NULL);
		fputs("</li>\n", h->out);
	}
	fputs("</ol>\n", h->out);
	if (step->attempts_total > (int64_t)step->attempt_count)
		fprintf(h->out, "<p class=\"soft\">and %lld more, not recorded</p>\n",
			(long long)(step->attempts_total - (int64_t)step->attempt_count));
}

static void write_details(struct html *h, const struct step_result *step)
{
	const struct attempt_result *last = step_last(step);
	const char *why = step_why(h->arena, h->report->run, step);

	fputs("<div class=\"more\">\n", h->out);
	html_element(h, "p", why);
	if (step->target) {
		fputs("<p>", h->out);
		html_element(h, "code", step->target);
		fputs("</p>\n", h->out);
	}
	write_checks(h, step);
	if (last)
		write_answer(h, &last->observed);
	write_attempts(h, step);
	if (step->trace_id) {
		fputs("<p class=\"soft\">trace ", h->out);
		html_element(h, "code", step->trace_id);
		fputs("</p>\n", h->out);
	}
	fputs("</div>\n", h->out);
}

static void write_step(struct html *h, const struct scale *scale, const struct step_result *step)
{
	bool failed = step->status == STEP_FAILED;
	bool detailed = step->attempt_count || step->detail;

	fprintf(h->out, "<%s class=\"%s%s%s\"%s>%s", detailed ? "details" : "div",
		detailed ? "" : "row ", step_status_name(step->status),
		step->optional ? " optional" : "", failed ? " open" : "",
		detailed ? "<summary>" : "");
	write_row(h, scale, step);
	if (detailed) {
		fputs("</summary>\n", h->out);
		write_details(h, step);
	}
	fprintf(h->out, "</%s>\n", detailed ? "details" : "div");
}

static void write_axis(struct html *h, const struct scale *scale)
{
	char middle[32], end[32];

	text_took(middle, scale->length / 2);
	text_took(end, scale->length);
	fprintf(h->out,
		"<div class=\"row axis\"><span class=\"state\"></span><span class=\"name\"></span>"
		"<span class=\"track\"><span>0</span><span>%s</span><span>%s</span></span>"
		"<span class=\"took\"></span></div>\n",
		middle, end);
}

void html_steps(struct html *h)
{
	const struct run *run = h->report->run;
	struct scale scale = {run->started_at, run->duration > 0 ? run->duration : 1};

	if (!run->step_count)
		return;
	fputs("<section>\n<h2>Steps</h2>\n<div class=\"fall\">\n", h->out);
	write_axis(h, &scale);
	for (size_t i = 0; i < run->step_count; i++)
		write_step(h, &scale, &run->steps[i]);
	fputs("</div>\n<p class=\"legend\"><span class=\"dns\">dns</span><span "
	      "class=\"connect\">connect</span><span class=\"tls\">tls</span><span "
	      "class=\"wait\">waiting for the first byte</span><span>the rest</span><span "
	      "class=\"fail\">failed attempt</span></p>\n</section>\n",
		h->out);
}
