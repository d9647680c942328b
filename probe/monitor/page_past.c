/* The parts of the status page that come from the history. */
#include "page_private.h"

enum { DAYS = 90, TREND = 40 };

#define DAY_NS (86400 * NS_PER_S)

static const char *day_class(const struct history_day *day)
{
	if (!day)
		return "r-none";
	if (day->runs[GOLDEN_BROKEN])
		return "r-broken";
	if (day->runs[GOLDEN_DEGRADED])
		return "r-degraded";
	return day->runs[GOLDEN_HEALTHY] ? "r-healthy" : "r-unknown";
}

/* The height says how much of a bad day was bad. */
static void page_day(struct page *p, const struct history_day *day, int64_t number, int place)
{
	char date[36];
	int64_t known = 0, bad = 0;
	double part = 1;

	time_print_utc(number * DAY_NS, 0, date);
	date[10] = '\0';
	for (int i = GOLDEN_HEALTHY; day && i <= GOLDEN_BROKEN; i++)
		known += day->runs[i];
	if (day)
		bad = day->runs[GOLDEN_BROKEN] ? day->runs[GOLDEN_BROKEN]
					       : day->runs[GOLDEN_DEGRADED];
	if (known && bad)
		part = (double)bad / (double)known;
	if (part < 0.25)
		part = 0.25;
	buf_printf(p->out, "<g><title>%s: ", date);
	if (day)
		buf_printf(p->out, "%lld of %lld runs broken, %lld degraded",
			(long long)day->runs[GOLDEN_BROKEN], (long long)known,
			(long long)day->runs[GOLDEN_DEGRADED]);
	else
		buf_add_text(p->out, "no runs");
	buf_printf(p->out, "</title>");
	if (bad)
		buf_printf(p->out, "<rect class=\"r-healthy\" x=\"%d\" width=\"8\" height=\"30\"/>",
			place * 10);
	buf_printf(p->out,
		"<rect class=\"%s\" x=\"%d\" y=\"%.1f\" width=\"8\" height=\"%.1f\"/></g>",
		day_class(day), place * 10, 30 * (1 - part), 30 * part);
}

void page_days(struct page *p)
{
	const struct history *history = monitor_history(p->monitor);
	int64_t today = loop_wall(monitor_loop(p->monitor)) / DAY_NS, first = today - DAYS + 1;
	int64_t good = 0, known = 0;
	struct history_day *days = NULL;
	size_t count = 0, at = 0;

	if (history)
		count = history_days(history, p->arena, p->shown->name, first, &days);
	for (size_t i = 0; i < count; i++) {
		good += days[i].runs[GOLDEN_HEALTHY] + days[i].runs[GOLDEN_DEGRADED];
		known += days[i].runs[GOLDEN_BROKEN];
	}
	known += good;
	buf_add_text(p->out, "<section id=\"days\" aria-labelledby=\"h-days\"><h2 "
			     "id=\"h-days\">90 days</h2>");
	if (known)
		buf_printf(p->out, "<p>The golden path worked in %.2f&nbsp;%% of %lld runs.</p>",
			100.0 * (double)good / (double)known, (long long)known);
	else
		buf_add_text(p->out, "<p>No run is on record yet.</p>");
	buf_add_text(p->out,
		"<svg class=\"days\" viewBox=\"0 0 898 30\" "
		"preserveAspectRatio=\"none\" role=\"img\" aria-label=\"One bar for each "
		"day, the newest at the right\">");
	for (int i = 0; i < DAYS; i++) {
		const struct history_day *day = NULL;

		while (at < count && days[at].day < first + i)
			at++;
		if (at < count && days[at].day == first + i)
			day = &days[at];
		page_day(p, day, first + i, i);
	}
	buf_add_text(p->out, "</svg><div class=\"scale soft\"><p>90 days ago</p><p>today</p></div>"
			     "</section>\n");
}

/* Bars of the last results, the newest at the right, as high as they took long. */
static void page_trend(struct page *p, const struct history_point *points, size_t count)
{
	int64_t longest = 1;

	for (size_t i = 0; i < count; i++)
		if (points[i].duration > longest)
			longest = points[i].duration;
	buf_printf(p->out,
		"<svg class=\"trend\" viewBox=\"0 0 %d 30\" preserveAspectRatio=\"none\" "
		"aria-hidden=\"true\">",
		TREND * 10);
	for (size_t i = 0; i < count; i++) {
		double height = points[i].duration > 0
					? 28.0 * (double)points[i].duration / (double)longest + 2
					: 2;

		buf_printf(p->out,
			"<rect class=\"r-%s\" x=\"%zu\" y=\"%.1f\" width=\"8\" height=\"%.1f\"/>",
			step_status_name(points[i].status), (TREND - 1 - i) * 10, 30 - height,
			height);
	}
	buf_add_text(p->out, "</svg>");
}

static void page_step_past(struct page *p, const struct step_stat *step)
{
	struct history_point *points;
	size_t count = history_points(
		monitor_history(p->monitor), p->arena, p->shown->name, step->name, TREND, &points);
	size_t passed = 0, timed = 0;
	int64_t sum = 0;
	char mean[32];

	for (size_t i = 0; i < count; i++) {
		passed += points[i].status == STEP_PASSED;
		if (points[i].duration > 0) {
			sum += points[i].duration;
			timed++;
		}
	}
	buf_add_text(p->out, "<tr><th scope=\"row\">");
	page_c(p, step->name);
	buf_printf(
		p->out, "</th><td class=\"num\">%zu of %zu</td><td class=\"bar\">", passed, count);
	page_trend(p, points, count);
	buf_add_text(p->out, "</td><td class=\"num\">");
	if (timed) {
		duration_print(sum / (int64_t)timed / NS_PER_US * NS_PER_US, mean);
		buf_add_text(p->out, mean);
	}
	buf_add_text(p->out, "</td></tr>\n");
}

void page_steps(struct page *p)
{
	enum { SHOWN = 200 };
	const struct watched *w = p->shown;

	if (!w->step_count || !monitor_history(p->monitor))
		return;
	buf_printf(p->out,
		"<section id=\"steps\" aria-labelledby=\"h-steps\"><h2 id=\"h-steps\">Last %d "
		"results of each step</h2><div class=\"scroll\"><table class=\"bars\"><thead><tr><th "
		"scope=\"col\">Step</th><th scope=\"col\" class=\"num\">Passed</th><th scope=\"col\" "
		">Results and durations</th><th "
		"scope=\"col\" class=\"num\">Mean</th></tr></thead><tbody>\n",
		TREND);
	for (size_t i = 0; i < w->step_count && i < SHOWN; i++)
		page_step_past(p, &w->steps[i]);
	buf_add_text(p->out, "</tbody></table></div></section>\n");
}
