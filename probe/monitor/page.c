/*
 * The status page, rendered here so that it works without a script: state now, 90 days, capabilities,
 * the latest run's waterfall, findings, history of each step. Whatever text the backend put into a
 * run is data.
 */
#include <stdlib.h>

#include "probe/json.h"
#include "probe/url.h"

#include "gen/status.html.h"
#include "page_private.h"
#include "server_private.h"

/* Where the template has the title, and its contents. */
#define TITLE "goldprobe</title>"
#define MARK "<!--main-->"

void page_text(struct page *p, struct str s)
{
	for (size_t pos = 0; pos < s.len;) {
		size_t start = pos;
		uint32_t code = utf8_next(s, &pos);

		if (code == '<')
			buf_add_text(p->out, "&lt;");
		else if (code == '>')
			buf_add_text(p->out, "&gt;");
		else if (code == '&')
			buf_add_text(p->out, "&amp;");
		else if (code == '"')
			buf_add_text(p->out, "&quot;");
		else if (code == '\'')
			buf_add_text(p->out, "&#39;");
		else if (code == '\n' || code == '\t')
			buf_add_char(p->out, (char)code);
		else if (code < 0x20 || code == 0x7F || (code >= 0x80 && code < 0xA0) ||
			 code == 0xFFFD)
			buf_add_text(p->out, "\xEF\xBF\xBD");
		else
			buf_add(p->out, s.ptr + start, pos - start);
	}
}

void page_c(struct page *p, const char *text)
{
	page_text(p, str_of(text));
}

void page_moment(struct page *p, int64_t wall)
{
	char text[36];

	if (wall == TIME_NONE)
		return;
	time_print_utc(wall, 3, text);
	buf_printf(p->out, "<time datetime=\"%s\">%s</time>", text, text);
}

void page_state(struct page *p, const char *state)
{
	static const struct {
		const char *state, *mark;
	} marks[] = {
		{"healthy", "✓"},
		{"working", "✓"},
		{"passed", "✓"},
		{"degraded", "▲"},
		{"broken", "✗"},
		{"failed", "✗"},
	};
	const char *mark = "·";

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (strcmp(marks[i].state, state) == 0)
			mark = marks[i].mark;
	buf_printf(p->out,
		"<span class=\"state %s\"><span aria-hidden=\"true\">%s</span> %s</span>", state,
		mark, strcmp(state, "not_reached") == 0 ? "not reached" : state);
}

static void page_link(struct page *p, const struct watched *w)
{
	buf_add_text(p->out, "<a href=\"/?scenario=");
	buf_add_str(p->out, url_encode(p->arena, str_of(w->name)));
	buf_add_text(p->out, "\">");
	page_c(p, w->name);
	buf_add_text(p->out, "</a>");
}

static const char *state_of(const struct watched *w)
{
	return w->has_run ? golden_path_name(w->state) : "unknown";
}

static void page_now(struct page *p)
{
	const struct watched *w = p->shown;
	const struct value *target = value_path(&p->document, "run", "target", NULL);
	char took[32], every[32];

	duration_print(w->every, every);
	buf_printf(p->out, "<div class=\"now %s\" id=\"now\"><h1>", state_of(w));
	page_c(p, w->name);
	buf_add_text(p->out, ": ");
	page_state(p, state_of(w));
	buf_add_text(p->out, "</h1><p>");
	page_c(p, w->has_run ? w->summary : "no run has finished yet");
	buf_add_text(p->out, "</p><ul class=\"facts\">");
	if (w->has_run) {
		duration_print(w->duration, took);
		buf_add_text(p->out, "<li>last run ");
		page_moment(p, w->finished_at);
		buf_printf(p->out, "</li><li>took %s</li>", took);
	}
	buf_printf(p->out, "<li>every %s</li>", every);
	if (value_str_or(target, STR("")).len) {
		buf_add_text(p->out, "<li>");
		page_text(p, value_str_or(target, STR("")));
		buf_add_text(p->out, "</li>");
	}
	if (w->run_id)
		buf_printf(
			p->out, "<li><a href=\"/api/v1/runs/%s\">whole report</a></li>", w->run_id);
	buf_add_text(p->out, "</ul>");
	if (!w->file_valid)
		buf_add_text(p->out, "<p>The scenario's file has mistakes now; the last valid one "
				     "runs on.</p>");
	if (monitor_problem(p->monitor)) {
		buf_add_text(p->out, "<p>The history cannot be written: ");
		page_c(p, monitor_problem(p->monitor));
		buf_add_text(p->out, "</p>");
	}
	buf_add_text(p->out, "</div>");
}

static void page_row(struct page *p, const struct watched *w)
{
	buf_add_text(p->out, "<tr><th scope=\"row\">");
	page_link(p, w);
	buf_add_text(p->out, "</th><td>");
	page_state(p, state_of(w));
	buf_add_text(p->out, "</td><td class=\"wide\">");
	page_c(p, w->has_run && w->state != GOLDEN_HEALTHY ? w->summary : "");
	buf_add_text(p->out, "</td><td class=\"num\">");
	if (w->has_run)
		page_moment(p, w->finished_at);
	buf_add_text(p->out, "</td></tr>\n");
}

/* Several scenarios: the bad ones first, each with its state. */
static void page_list(struct page *p, const struct watched *const *watched, size_t count)
{
	static const enum golden_path order[] = {
		GOLDEN_BROKEN, GOLDEN_UNKNOWN, GOLDEN_DEGRADED, GOLDEN_HEALTHY};

	if (count < 2)
		return;
	buf_printf(p->out,
		"<section id=\"all\" aria-labelledby=\"h-all\"><h2 id=\"h-all\">All %zu "
		"scenarios</h2><div class=\"scroll\"><table><thead><tr><th "
		"scope=\"col\">Scenario</th><th scope=\"col\">Golden path</th><th scope=\"col\" "
		"class=\"wide\">Why</th><th scope=\"col\" class=\"num\">Last run</th></tr></thead><tbody>\n",
		count);
	for (size_t s = 0; s < 4; s++)
		for (size_t i = 0; i < count; i++)
			if (watched[i]->state == order[s])
				page_row(p, watched[i]);
	buf_add_text(p->out, "</tbody></table></div></section>\n");
}

/* The one asked for, else the first that is broken, else the first. */
static const struct watched *choose(
	const struct watched *const *watched, size_t count, const char *name)
{
	for (size_t i = 0; name && i < count; i++)
		if (strcmp(watched[i]->name, name) == 0)
			return watched[i];
	for (size_t i = 0; !name && i < count; i++)
		if (watched[i]->has_run && watched[i]->state == GOLDEN_BROKEN)
			return watched[i];
	return name ? NULL : watched[0];
}

static void page_body(struct page *p, const struct watched *const *watched, size_t count)
{
	if (p->shown->document)
		json_parse(p->arena, (struct str){p->shown->document, p->shown->document_len}, 0,
			&p->document, NULL);
	page_now(p);
	page_days(p);
	page_capabilities(p);
	page_findings(p);
	page_waterfall(p);
	page_steps(p);
	page_list(p, watched, count);
}

/* What a tab among many says. */
static void page_title(struct page *p)
{
	if (!p->shown)
		return;
	page_c(p, p->shown->name);
	buf_printf(p->out, ": %s \xC2\xB7 ", state_of(p->shown));
}

int page_render(struct monitor *m, const struct request *request, struct buf *out)
{
	struct str page = {(const char *)status_html, status_html_len};
	size_t title = str_find(page, STR(TITLE)), at = str_find(page, STR(MARK)), count;
	const struct watched *const *watched = monitor_watched(m, &count);
	struct page p = {.out = out, .monitor = m};

	p.shown = choose(watched, count, request_query(request, "scenario"));
	p.arena = arena_new();
	buf_add_str(out, str_sub(page, 0, title));
	page_title(&p);
	buf_add_str(out, str_sub(page, title, at - title));
	if (p.shown)
		page_body(&p, watched, count);
	else
		buf_add_text(out, "<h1>There is no such scenario</h1><p><a href=\"/\">All "
				  "scenarios</a></p>");
	buf_add_str(out, str_from(page, at + strlen(MARK)));
	arena_free(p.arena);
	return p.shown ? 200 : 404;
}
