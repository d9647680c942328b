/* terminal: the steps, what was wanted and what was seen. */
#include "report_terminal.h"

#include <string.h>

enum { DETAIL = 8, NAME_MAX_COLUMNS = 32, BODY_LINES = 6, HEADERS_SHOWN = 6, MESSAGES_SHOWN = 4 };

struct columns {
	unsigned name, capability;
};

static const struct {
	const char *word;
	enum style style;
} marks[] = {
	[STEP_PASSED] = {"ok", STYLE_GOOD},
	[STEP_FAILED] = {"FAIL", STYLE_BAD},
	[STEP_NOT_REACHED] = {"--", STYLE_WARN},
	[STEP_SKIPPED] = {"skip", STYLE_DIM},
};

static const char *mark_word(const struct step_result *step)
{
	return step->status == STEP_FAILED && step->optional ? "warn" : marks[step->status].word;
}

static enum style mark_style(const struct step_result *step)
{
	return step->status == STEP_FAILED && step->optional ? STYLE_WARN
							     : marks[step->status].style;
}

/* What is wider than its column has lines of its own and widens nothing. */
static unsigned wider(unsigned width, struct page *p, const char *text, unsigned max)
{
	unsigned own = text_width(str_of(text_clean_in(p->arena, text, false)));

	return own > width && own <= max ? own : width;
}

static unsigned name_columns(const struct page *p)
{
	return p->width < 2 * NAME_MAX_COLUMNS ? p->width / 3 : NAME_MAX_COLUMNS;
}

static struct columns measure(struct page *p, const struct run *run)
{
	struct columns c = {0, 0};

	for (size_t i = 0; i < run->step_count; i++) {
		c.name = wider(c.name, p, run->steps[i].name, name_columns(p));
		c.capability = wider(c.capability, p, run->steps[i].capability, 14);
	}
	return c;
}

static void add_phase(struct buf *b, const char *name, int64_t ns)
{
	char took[32];

	if (ns == TIME_NONE)
		return;
	text_took(took, ns);
	buf_printf(b, "%s%s %s", b->len ? ", " : "", name, took);
}

/* "dns 1ms, connect 2ms, tls 10ms, first byte 40ms" of an attempt. */
static const char *phases(struct page *p, const struct attempt_result *attempt)
{
	BUF_SCOPED struct buf b;

	buf_init(&b, 256);
	add_phase(&b, "dns", attempt->timing.dns);
	add_phase(&b, "connect", attempt->timing.connect);
	add_phase(&b, "tls", attempt->timing.tls);
	add_phase(&b, "first byte", attempt->timing.first_byte);
	return arena_str(p->arena, buf_str(&b)).ptr;
}

/* What stands behind the duration of a step that passed, or instead of it when it was left out. */
static const char *remark(struct page *p, const struct run *run, const struct step_result *step)
{
	const char *tries = step_tries(p->arena, step);

	if (step->status == STEP_NOT_REACHED || step->status == STEP_SKIPPED)
		return step_why(p->arena, run, step);
	if (tries)
		return tries;
	if (step->status == STEP_PASSED && step_last(step))
		return phases(p, step_last(step));
	return step->optional ? "optional" : "";
}

/* Mark, name, capability and duration. A long name has lines of its own. Returns the columns. */
static unsigned write_cells(struct page *p, const struct step_result *step, const struct columns *c)
{
	const char *name = text_clean_in(p->arena, step->name, false);
	char took[32] = "";

	if (text_width(str_of(name)) > c->name) {
		page_item(p, 2, DETAIL, mark_style(step), mark_word(step), STYLE_BOLD, name);
		page_indent(p, DETAIL + c->name);
	} else {
		page_indent(p, 2);
		page_cell(p, mark_style(step), mark_word(step), DETAIL - 2);
		page_cell(p, STYLE_BOLD, name, (int)c->name);
	}
	if (c->capability) {
		struct str capability = str_of(text_clean_in(p->arena, step->capability, false));

		fputs("  ", p->out);
		page_cell(p, STYLE_DIM,
			arena_str(p->arena, text_cut_columns(capability, c->capability)).ptr,
			(int)c->capability);
	}
	if (step->status == STEP_PASSED || step->status == STEP_FAILED)
		text_took(took, step_took(step));
	fputs("  ", p->out);
	page_cell(p, STYLE_PLAIN, took, -6);
	return DETAIL + c->name + (c->capability ? 2 + c->capability : 0) + 2 + 6;
}

static void write_row(struct page *p, const struct report *report, const struct step_result *step,
	const struct columns *c)
{
	const char *text = remark(p, report->run, step);
	bool phases_only = step->status == STEP_PASSED && !step_tries(p->arena, step);
	unsigned column = write_cells(p, step, c);
	unsigned width = text_width(str_of(text_clean_in(p->arena, text, false)));

	if (*text && column + 2 + width <= p->width) {
		fputs("  ", p->out);
		page_put(p, STYLE_DIM, text);
		text = "";
	}
	page_end_line(p);
	if (*text && (!phases_only || report->verbose))
		page_item(p, DETAIL, DETAIL, STYLE_PLAIN, "", STYLE_DIM, text);
}

static void write_checks(
	struct page *p, const struct report *report, const struct step_result *step)
{
	for (size_t i = 0; i < step->check_count; i++) {
		const struct check_result *check = &step->checks[i];

		if (!check->passed)
			page_item(p, DETAIL, DETAIL + 2, STYLE_BAD, "x", STYLE_PLAIN,
				check_text(p->arena, check));
		else if (report->verbose)
			page_item(p, DETAIL, DETAIL + 2, STYLE_GOOD, "+", STYLE_DIM,
				check_text(p->arena, check));
	}
}

/* The detail of a step whose check failed is that check's line: it is said once. */
static bool said_by_check(struct page *p, const struct step_result *step)
{
	for (size_t i = 0; i < step->check_count; i++)
		if (!step->checks[i].passed && step->detail &&
			str_starts(str_of(step->detail), check_text(p->arena, &step->checks[i])))
			return true;
	return false;
}

/* Headers that tell who answered and why; the others are noise at night. */
static bool header_tells(struct str name)
{
	static const char *const telling[] = {"content-type", "location", "www-authenticate",
		"server", "via", "retry-after", "sec-websocket-protocol", "upgrade",
		"x-envoy-upstream-service-time", "x-request-id", "x-error"};

	for (size_t i = 0; i < sizeof(telling) / sizeof(*telling); i++)
		if (str_is_nocase(name, telling[i]))
			return true;
	return false;
}

static const char *str_text(struct page *p, struct str s)
{
	return arena_str(p->arena, s).ptr;
}

static void write_headers(struct page *p, const struct report *report, const struct pairs *headers)
{
	size_t shown = 0;

	for (size_t i = 0; i < headers->count; i++) {
		const struct pair *header = &headers->items[i];

		if (!report->verbose && (shown == HEADERS_SHOWN || !header_tells(header->name)))
			continue;
		shown++;
		page_item(p, DETAIL, DETAIL + 2, STYLE_DIM,
			arena_printf(p->arena, "%.*s:", STR_ARG(header->name)), STYLE_DIM,
			str_text(p, header->value));
	}
}

static void write_messages(struct page *p, const struct report *report, const struct strs *messages)
{
	size_t first = report->verbose || messages->count <= MESSAGES_SHOWN
			       ? 0
			       : messages->count - MESSAGES_SHOWN;

	if (first)
		page_item(p, DETAIL, DETAIL, STYLE_DIM, "", STYLE_DIM,
			arena_printf(p->arena, "%zu earlier messages", first));
	for (size_t i = first; i < messages->count; i++)
		page_item(p, DETAIL, DETAIL + 4, STYLE_DIM, "got", STYLE_PLAIN,
			str_text(p, text_cut(messages->items[i], report->verbose ? 4096 : 300)));
}

/* What the peer answered, so that nobody has to ask it again with curl. */
static void write_answer(
	struct page *p, const struct report *report, const struct step_result *step)
{
	const struct attempt_result *last = step_last(step);

	if (!last)
		return;
	const struct observed *seen = &last->observed;

	if (seen->status >= 0)
		page_item(p, DETAIL, DETAIL, STYLE_PLAIN, "", STYLE_PLAIN,
			arena_printf(p->arena, "answered %d%s%s", (int)seen->status,
				last->remote ? " from " : "", last->remote ? last->remote : ""));
	write_headers(p, report, &seen->headers);
	if (seen->body.len)
		page_quote(p, DETAIL + 2, str_text(p, seen->body),
			report->verbose ? 100 : BODY_LINES, NULL);
	write_messages(p, report, &seen->messages);
	if (seen->close_code >= 0)
		page_item(p, DETAIL, DETAIL, STYLE_PLAIN, "", STYLE_PLAIN,
			arena_printf(p->arena, "closed with code %d", (int)seen->close_code));
}

/* Attempts that ended alike one after the other are one line: "11x connect: refused". */
static const char *attempt_text(struct page *p, const struct attempt_result *attempt)
{
	const char *end = attempt->failure ? failure_name(attempt->failure) : "passed";
	bool detailed = attempt->failure && attempt->detail;

	return arena_printf(p->arena, "%s%s%s%s%s", attempt->credential ? attempt->credential : "",
		attempt->credential ? ": " : "", end, detailed ? ": " : "",
		detailed ? attempt->detail : "");
}

static void write_attempts(struct page *p, const struct step_result *step)
{
	int64_t unrecorded = step->attempts_total - (int64_t)step->attempt_count;

	for (size_t i = 0; i < step->attempt_count;) {
		const char *text = attempt_text(p, &step->attempts[i]);
		size_t same = 1;

		while (i + same < step->attempt_count &&
			strcmp(attempt_text(p, &step->attempts[i + same]), text) == 0)
			same++;
		page_item(p, DETAIL, DETAIL + 6, STYLE_DIM, arena_printf(p->arena, "%4zux", same),
			STYLE_DIM, text);
		i += same;
	}
	if (unrecorded > 0)
		page_item(p, DETAIL, DETAIL + 6, STYLE_DIM, "", STYLE_DIM,
			arena_printf(p->arena, "and %d more, not recorded", (int)unrecorded));
}

static void write_failure(
	struct page *p, const struct report *report, const struct step_result *step)
{
	const struct attempt_result *last = step_last(step);
	const char *took = last ? phases(p, last) : "";

	if (!said_by_check(p, step))
		page_item(p, DETAIL, DETAIL, STYLE_PLAIN, "", STYLE_BAD,
			step_why(p->arena, report->run, step));
	write_checks(p, report, step);
	if (step->target)
		page_item(p, DETAIL, DETAIL, STYLE_PLAIN, "", STYLE_PLAIN, step->target);
	write_answer(p, report, step);
	if (*took)
		page_item(p, DETAIL, DETAIL, STYLE_PLAIN, "", STYLE_DIM, took);
	if (step->attempt_count > 1)
		write_attempts(p, step);
	if (step->trace_id)
		page_item(p, DETAIL, DETAIL, STYLE_DIM, "trace", STYLE_DIM, step->trace_id);
}

void terminal_steps(struct page *p, const struct report *report)
{
	const struct run *run = report->run;
	struct columns columns = measure(p, run);

	page_heading(p, "steps");
	for (size_t i = 0; i < run->step_count; i++) {
		const struct step_result *step = &run->steps[i];

		write_row(p, report, step, &columns);
		if (step->status == STEP_FAILED)
			write_failure(p, report, step);
		else if (report->verbose && step->status == STEP_PASSED)
			write_checks(p, report, step);
	}
}
