/* The parts of the status page that show the latest run, from its document. */
#include "page_private.h"

static struct str text_of(const struct value *object, const char *key)
{
	return value_str_or(value_find(object, key), STR(""));
}

static double number_of(const struct value *object, const char *key)
{
	const struct value *v = value_find(object, key);

	return v && value_is_number(v) ? value_double(v) : 0;
}

static size_t items_of(const struct value *object, const char *key, const struct value **items)
{
	const struct value *v = value_find(object, key);

	if (!v || v->type != VALUE_ARRAY)
		return 0;
	*items = v->array.items;
	return v->array.count;
}

void page_capabilities(struct page *p)
{
	const struct value *items;
	size_t count = items_of(&p->document, "capabilities", &items);

	if (!count)
		return;
	buf_add_text(p->out, "<section id=\"capabilities\" aria-labelledby=\"h-cap\"><h2 "
			     "id=\"h-cap\">Capabilities</h2><ul class=\"chips\">");
	for (size_t i = 0; i < count; i++) {
		buf_add_text(p->out, "<li>");
		page_text(p, text_of(&items[i], "name"));
		buf_add_char(p->out, ' ');
		page_state(p, text_of(&items[i], "status").ptr);
		buf_add_text(p->out, "</li>");
	}
	buf_add_text(p->out, "</ul></section>\n");
}

/* Findings */

static void page_actions(struct page *p, const struct value *finding)
{
	static const char *const horizons[] = {"now", "next", "later"};
	const struct value *actions = value_find(finding, "actions"), *items;

	for (size_t h = 0; h < 3; h++) {
		size_t count = items_of(actions, horizons[h], &items);

		if (!count)
			continue;
		buf_printf(p->out, "<p class=\"soft\">%s</p><ul class=\"do\">", horizons[h]);
		for (size_t i = 0; i < count; i++) {
			buf_add_text(p->out, "<li>");
			page_text(p, value_str_or(&items[i], STR("")));
			buf_add_text(p->out, "</li>");
		}
		buf_add_text(p->out, "</ul>");
	}
}

static void page_finding(struct page *p, const struct value *finding)
{
	struct str priority = text_of(finding, "priority"), location = text_of(finding, "location");
	const struct value *evidence;

	buf_printf(p->out, "<article><h3><span class=\"prio %.*s\">%.*s</span>", STR_ARG(priority),
		STR_ARG(priority));
	page_text(p, text_of(finding, "title"));
	buf_add_text(p->out, "</h3><p class=\"soft\">");
	page_text(p, text_of(finding, "cause"));
	if (location.len) {
		buf_add_text(p->out, " · ");
		page_text(p, location);
	}
	if (str_is(text_of(finding, "state"), "recovered"))
		buf_add_text(p->out, " · recovered");
	buf_add_text(p->out, "</p><pre>");
	if (items_of(finding, "evidence", &evidence))
		page_text(p, text_of(&evidence[0], "quote"));
	else
		page_text(p, text_of(finding, "message"));
	buf_add_text(p->out, "</pre>");
	page_actions(p, finding);
	buf_add_text(p->out, "</article>\n");
}

void page_findings(struct page *p)
{
	enum { SHOWN = 20 };
	const struct value *items;
	size_t count = items_of(&p->document, "findings", &items);

	if (!count)
		return;
	buf_add_text(p->out, "<section id=\"findings\" aria-labelledby=\"h-find\"><h2 "
			     "id=\"h-find\">Findings</h2>");
	for (size_t i = 0; i < count && i < SHOWN; i++)
		page_finding(p, &items[i]);
	if (count > SHOWN)
		buf_printf(p->out, "<p>and %zu more in the report</p>", count - SHOWN);
	buf_add_text(p->out, "</section>\n");
}

/* Waterfall */

static bool moment_of(const struct value *object, const char *key, int64_t *wall)
{
	return time_parse(text_of(object, key), wall);
}

static void page_attempts(struct page *p, const struct value *step, int64_t start, double total)
{
	const struct value *attempts;
	size_t count = items_of(step, "attempts", &attempts);

	buf_add_text(p->out,
		"<svg class=\"flow\" viewBox=\"0 0 1000 20\" "
		"preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"r-none\" "
		"y=\"9\" width=\"1000\" height=\"2\"/>");
	for (size_t i = 0; i < count; i++) {
		int64_t at = start;
		bool last = i + 1 == count;
		bool failed = !last || str_is(text_of(step, "status"), "failed");
		double x, width = number_of(&attempts[i], "duration_ms") / total * 1000;

		moment_of(&attempts[i], "started_at", &at);
		x = (double)(at - start) / (double)NS_PER_MS / total * 1000;
		if (width < 4)
			width = 4;
		if (x > 1000 - width)
			x = 1000 - width;
		buf_printf(p->out,
			"<rect class=\"%s\" x=\"%.1f\" y=\"2\" width=\"%.1f\" height=\"16\"/>",
			failed ? "r-failed" : "r-passed", x < 0 ? 0 : x, width);
	}
	buf_add_text(p->out, "</svg>");
}

static void page_step(struct page *p, const struct value *step, int64_t start, double total)
{
	const struct value *attempts;
	size_t count = items_of(step, "attempts", &attempts);
	struct str detail = text_of(step, "detail");
	char took[32];

	buf_add_text(p->out, "<tr><th scope=\"row\">");
	page_text(p, text_of(step, "name"));
	if (detail.len) {
		buf_add_text(p->out, "<p class=\"soft\">");
		page_text(p, str_sub(detail, 0, 300));
		buf_add_text(p->out, "</p>");
	}
	buf_add_text(p->out, "</th><td>");
	page_state(p, text_of(step, "status").ptr);
	buf_add_text(p->out, "</td><td class=\"bar\">");
	page_attempts(p, step, start, total);
	buf_add_text(p->out, "</td><td class=\"num\">");
	if (count) {
		double ms = number_of(&attempts[count - 1], "duration_ms");

		duration_print((int64_t)(ms * 1000 + 0.5) * NS_PER_US, took);
		buf_add_text(p->out, took);
		if (number_of(step, "attempts_total") > 1)
			buf_printf(p->out, "<br><span class=\"soft\">%.0f tries</span>",
				number_of(step, "attempts_total"));
	}
	buf_add_text(p->out, "</td></tr>\n");
}

void page_waterfall(struct page *p)
{
	const struct value *items, *run = value_find(&p->document, "run");
	size_t count = items_of(&p->document, "steps", &items);
	double total = number_of(run, "duration_ms");
	int64_t start = 0;

	if (!count)
		return;
	moment_of(run, "started_at", &start);
	buf_add_text(p->out,
		"<section id=\"run\" aria-labelledby=\"h-run\"><h2 id=\"h-run\">Latest run</h2><div "
		"class=\"scroll\"><table class=\"bars\"><thead><tr><th scope=\"col\">Step</th><th "
		"scope=\"col\">Result</th><th scope=\"col\">When in the run</th><th "
		"scope=\"col\" class=\"num\">Took</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < count; i++)
		page_step(p, &items[i], start, total > 0 ? total : 1);
	buf_add_text(p->out, "</tbody></table></div></section>\n");
}
