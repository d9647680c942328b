#include "probe/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { ROWS_MAX = 12, LAST_MAX = 160 };
#define REDRAW_NS (150 * NS_PER_MS)

/* A step under way. */
struct row {
	bool active;
	int64_t started, next_at; /* monotonic */
	int64_t ended;            /* attempts */
	char last[LAST_MAX];      /* how the last one ended */
};

struct progress {
	const struct plan *plan;
	struct loop *loop;
	struct timer timer;
	struct run_sink sink;
	struct row *rows; /* by step */
	size_t done, wanted;
	int64_t started;
	unsigned drawn; /* lines on the screen */
	bool color;
};

static void erase(struct progress *p)
{
	if (p->drawn)
		fprintf(stderr, "\033[%uF\033[J", p->drawn);
	p->drawn = 0;
}

static void print_seconds(int64_t ns)
{
	fprintf(stderr, "%.1fs", (double)(ns < 0 ? 0 : ns) / NS_PER_S);
}

static void draw_row(struct progress *p, const struct row *row, const char *name, int64_t now)
{
	fputs("  ", stderr);
	cli_print_text(stderr, name);
	fputs("  ", stderr);
	print_seconds(now - row->started);
	if (row->ended)
		fprintf(stderr, "  try %lld", (long long)row->ended + (row->next_at == TIME_NONE));
	if (row->next_at != TIME_NONE && row->next_at > now) {
		fputs(", next in ", stderr);
		print_seconds(row->next_at - now);
	}
	if (row->last[0]) {
		fputs(p->color ? "  \033[2m" : "  ", stderr);
		cli_print_text(stderr, row->last);
		fputs(p->color ? "\033[0m" : "", stderr);
	}
	fputc('\n', stderr);
	p->drawn++;
}

static unsigned rows_that_fit(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row < 6)
		return 3;
	return size.ws_row - 3 < ROWS_MAX ? size.ws_row - 3u : ROWS_MAX;
}

/* Lines are cut by the terminal (no autowrap), so that their number is known. */
static void draw(struct progress *p)
{
	int64_t now = loop_now(p->loop);
	unsigned room = rows_that_fit();
	size_t hidden = 0;

	erase(p);
	fputs("\033[?7l", stderr);
	cli_print_text(stderr, p->plan->scenario->name);
	fprintf(stderr, "  %zu of %zu steps  ", p->done, p->wanted);
	print_seconds(now - p->started);
	fputc('\n', stderr);
	p->drawn++;
	for (size_t i = 0; i < p->plan->step_count; i++) {
		if (!p->rows[i].active)
			continue;
		if (p->drawn > room)
			hidden++;
		else
			draw_row(p, &p->rows[i], p->plan->steps[i].name, now);
	}
	if (hidden) {
		fprintf(stderr, "  and %zu more\n", hidden);
		p->drawn++;
	}
	fputs("\033[?7h", stderr);
	fflush(stderr);
}

static void tick(void *ctx)
{
	struct progress *p = ctx;

	draw(p);
	timer_start(p->loop, &p->timer, loop_now(p->loop) + REDRAW_NS, tick, p);
}

static void step_started(void *ctx, const struct plan_step *plan, size_t step)
{
	struct progress *p = ctx;

	(void)plan;
	p->rows[step] =
		(struct row){.active = true, .started = loop_now(p->loop), .next_at = TIME_NONE};
}

static void attempt_ended(void *ctx, size_t step, int64_t attempt,
	const struct attempt_result *result, int64_t next_at)
{
	struct progress *p = ctx;
	struct row *row = &p->rows[step];

	row->ended = attempt;
	row->next_at = next_at;
	if (result->failure)
		snprintf(row->last, sizeof(row->last), "%s%s%s", failure_name(result->failure),
			result->detail ? ": " : "", result->detail ? result->detail : "");
	else
		snprintf(row->last, sizeof(row->last), "passed");
}

static void step_ended(void *ctx, size_t step, const struct step_result *result)
{
	struct progress *p = ctx;

	p->rows[step].active = false;
	p->done += result->status != STEP_SKIPPED;
}

bool progress_watched(const struct cli *cli)
{
	const char *term = getenv("TERM");

	if (cli->options.quiet || !isatty(STDERR_FILENO) || !term || str_is(str_of(term), "dumb"))
		return false;
	/* The output of the backend itself scrolls by there. */
	return !(cli->child && cli->options.verbose);
}

struct progress *progress_new(const struct cli *cli, const struct plan *plan, struct loop *loop)
{
	struct progress *p;

	if (!progress_watched(cli))
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p)
		die("out of memory: %zu bytes", sizeof(*p));
	p->rows = calloc(plan->step_count + 1, sizeof(*p->rows));
	if (!p->rows)
		die("out of memory: %zu bytes", plan->step_count * sizeof(*p->rows));
	p->plan = plan;
	p->loop = loop;
	p->color = cli->color_err;
	p->started = loop_now(loop);
	p->sink = (struct run_sink){
		.ctx = p,
		.step_started = step_started,
		.attempt_ended = attempt_ended,
		.step_ended = step_ended,
	};
	for (size_t i = 0; i < plan->step_count; i++)
		p->wanted += plan->steps[i].selected;
	/* A run that is over at once draws nothing. */
	timer_start(loop, &p->timer, p->started + REDRAW_NS, tick, p);
	return p;
}

const struct run_sink *progress_sink(struct progress *p)
{
	return p ? &p->sink : NULL;
}

void progress_free(struct progress *p)
{
	if (!p)
		return;
	timer_stop(p->loop, &p->timer);
	erase(p);
	fflush(stderr);
	free(p->rows);
	free(p);
}
