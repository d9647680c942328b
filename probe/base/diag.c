#include "probe/diag.h"

#include <stdlib.h>

void diags_init(struct diags *d, struct arena *arena)
{
	*d = (struct diags){.arena = arena};
}

static void diag_add(struct diags *d, struct span span, bool warning, const char *message)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct diag *known = &d->items[i];

		if (known->span.source == span.source && known->span.line == span.line &&
			known->span.column == span.column && strcmp(known->message, message) == 0)
			return;
	}
	if (!warning)
		d->errors++;
	if (d->count == DIAGS_MAX) {
		d->left_out++;
		return;
	}
	d->items[d->count++] = (struct diag){span, message, warning};
}

void diag_error(struct diags *d, struct span span, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	diag_add(d, span, false, arena_vprintf(d->arena, fmt, args));
	va_end(args);
}

void diag_warning(struct diags *d, struct span span, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	diag_add(d, span, true, arena_vprintf(d->arena, fmt, args));
	va_end(args);
}

bool diags_failed(const struct diags *d)
{
	return d->errors > 0;
}

static int diag_order(const void *a, const void *b)
{
	const struct diag *x = *(const struct diag *const *)a, *y = *(const struct diag *const *)b;

	if (x->span.source != y->span.source) {
		int order = strcmp(x->span.source ? x->span.source->name : "",
			y->span.source ? y->span.source->name : "");

		if (order)
			return order;
	}
	if (x->span.line != y->span.line)
		return x->span.line < y->span.line ? -1 : 1;
	if (x->span.column != y->span.column)
		return x->span.column < y->span.column ? -1 : 1;
	return x < y ? -1 : x > y;
}

static struct str source_line(const struct source *source, uint32_t number)
{
	struct str rest = source->text, line = {"", 0};

	for (uint32_t i = 0; i < number; i++)
		if (!str_line(&rest, &line))
			return STR("");
	return line;
}

/* One code point as it may be shown on a terminal: controls and invalid bytes as '?', tab as ' '. */
static void print_visible(FILE *out, struct str line, size_t start, size_t end, uint32_t code)
{
	if (code == '\t')
		fputc(' ', out);
	else if (code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0xFFFD ||
		 (code >= 0x200E && code <= 0x200F) || (code >= 0x202A && code <= 0x202E) ||
		 (code >= 0x2066 && code <= 0x2069))
		fputc('?', out);
	else
		fwrite(line.ptr + start, 1, end - start, out);
}

static void print_excerpt(const struct diag *d, FILE *out, bool color)
{
	enum { WIDTH = 96 };
	struct str line = source_line(d->span.source, d->span.line);
	uint32_t column = d->span.column ? d->span.column : 1;
	uint32_t first = column > WIDTH - 30 ? column - (WIDTH - 40) : 1, at = 1;

	if (!line.len)
		return;
	fputs("    ", out);
	for (size_t pos = 0; pos < line.len && at < first + WIDTH; at++) {
		size_t start = pos;
		uint32_t code = utf8_next(line, &pos);

		if (at >= first)
			print_visible(out, line, start, pos, code);
	}
	fprintf(out, "\n    %*s%s^", (int)(column - first), "", color ? "\033[1;31m" : "");
	for (uint32_t i = 1; i < d->span.length && column + i < at; i++)
		fputc('~', out);
	fprintf(out, "%s\n", color ? "\033[0m" : "");
}

void diags_print(const struct diags *d, FILE *out, bool color)
{
	const struct diag *sorted[DIAGS_MAX];

	for (size_t i = 0; i < d->count; i++)
		sorted[i] = &d->items[i];
	qsort(sorted, d->count, sizeof(sorted[0]), diag_order);
	for (size_t i = 0; i < d->count; i++) {
		const struct diag *it = sorted[i];

		fputs(color ? "\033[1m" : "", out);
		fprintf(out, "%s:", it->span.source ? it->span.source->name : "goldprobe");
		if (it->span.source && it->span.line)
			fprintf(out, "%u:%u:", it->span.line, it->span.column);
		fprintf(out, " %s%s%s%s\n", color ? (it->warning ? "\033[33m" : "\033[31m") : "",
			it->warning ? "warning: " : "error: ", color ? "\033[0m" : "", it->message);
		if (it->span.source && it->span.line)
			print_excerpt(it, out, color);
	}
	if (d->left_out)
		fprintf(out, "(%zu more not shown)\n", d->left_out);
	if (d->unread)
		fprintf(out, "(the rest of '%s' was not looked at: mend this first)\n", d->unread);
}

const char *diag_suggest(struct str word, const char *const *names)
{
	size_t limit = word.len <= 3 ? 1 : word.len <= 8 ? 2 : 3, best = limit + 1;
	const char *nearest = NULL;

	for (; *names; names++) {
		size_t distance = str_distance(word, str_of(*names), limit);

		if (distance < best) {
			best = distance;
			nearest = *names;
		}
	}
	return nearest;
}
