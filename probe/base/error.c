#include "probe/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int error_set(struct error *err, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return -1;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return -1;
}

int error_context(struct error *err, const char *fmt, ...)
{
	va_list args;
	struct error before;

	if (!err)
		return -1;
	before = *err;
	va_start(args, fmt);
	int used = vsnprintf(err->text, sizeof(err->text), fmt, args);

	va_end(args);
	if (used >= 0 && (size_t)used < sizeof(err->text) - 2)
		snprintf(err->text + used, sizeof(err->text) - (size_t)used, ": %s", before.text);
	return -1;
}

void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("goldprobe: fatal: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	abort();
}
