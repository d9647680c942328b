/* One line: the source, how much of it was read, how long that takes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "probe/clock.h"
#include "probe/progress.h"

/* What is read at once draws nothing. */
#define FIRST_NS (300 * NS_PER_MS)
#define REDRAW_NS (100 * NS_PER_MS)

struct progress_logs {
	const char *source; /* NULL: none yet */
	int64_t size;       /* of its file; 0: unknown */
	int64_t started, drawn_at;
	bool drawn;
};

struct progress_logs *progress_logs_new(const struct cli *cli)
{
	struct progress_logs *p = progress_watched(cli) ? calloc(1, sizeof(*p)) : NULL;

	if (p)
		p->started = p->drawn_at = clock_monotonic();
	return p;
}

static int64_t file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : 0;
}

static void erase(struct progress_logs *p)
{
	if (p->drawn)
		fputs("\r\033[K", stderr);
	p->drawn = false;
}

void progress_logs_show(void *ctx, const char *source, int64_t bytes, int64_t entries)
{
	struct progress_logs *p = ctx;
	int64_t now = clock_monotonic();

	if (!p || now - p->drawn_at < (p->drawn ? REDRAW_NS : FIRST_NS))
		return;
	if (source != p->source) {
		p->source = source;
		p->size = file_size(source);
	}
	erase(p);
	/* Cut by the terminal, so that it stays one line. */
	fputs("\033[?7l", stderr);
	cli_print_text(stderr, source);
	fprintf(stderr, "  %.1f MB", (double)bytes / 1e6);
	if (p->size > 0 && bytes <= p->size)
		fprintf(stderr, " of %.1f MB", (double)p->size / 1e6);
	fprintf(stderr, "  %" PRId64 " entries  %.1fs", entries,
		(double)(now - p->started) / NS_PER_S);
	fputs("\033[?7h", stderr);
	fflush(stderr);
	p->drawn_at = now;
	p->drawn = true;
}

void progress_logs_free(struct progress_logs *p)
{
	if (!p)
		return;
	erase(p);
	fflush(stderr);
	free(p);
}
