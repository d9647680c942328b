/*
 * Prints what the reader makes of logs, one line a fact: for tests and for looking.
 *
 *   logdump [--annotate] [--lines] SOURCE...
 */
#include <stdio.h>
#include <stdlib.h>

#include "probe/log_source.h"

static void print_time(const char *name, int64_t time)
{
	char text[36] = "-";

	if (time != TIME_NONE)
		time_print_utc(time, 9, text);
	printf(" %s=%s", name, text);
}

static void print_source(const struct log_source *s)
{
	printf("source %s %s entries=%lld duplicates=%lld bytes=%lld left_out=%lld", s->name,
		log_status_name(s->status), (long long)s->entries, (long long)s->duplicates,
		(long long)s->bytes, (long long)s->left_out);
	print_time("first", s->first);
	print_time("last", s->last);
	printf(" order='%s' capped=%d error='%s'\n", log_order_name(s->order), s->capped,
		s->error ? s->error : "");
}

static void print_cluster(const struct log_cluster *c)
{
	printf("cluster %s %s count=%lld instances=%lld kept=%zu %.*s\n", c->id,
		severity_name(c->severity), (long long)c->count, (long long)c->instances,
		c->entry_count, (int)(c->template.len < 160 ? c->template.len : 160),
		c->template.ptr);
	for (size_t i = 0; c->exception && i < c->exception->count; i++) {
		const struct exception_link *l = &c->exception->links[i];

		printf("  link %.*s: %.*s (%.*s)\n", STR_ARG(l->type),
			(int)(l->message.len < 120 ? l->message.len : 120), l->message.ptr,
			STR_ARG(l->location));
	}
}

static void print_logs(const struct logs *logs)
{
	for (size_t i = 0; i < logs->source_count; i++)
		print_source(&logs->sources[i]);
	printf("entries %lld duplicates %lld\nseverity", (long long)logs->entries,
		(long long)logs->duplicates);
	for (int i = 0; i < SEVERITY_COUNT; i++)
		if (logs->by_severity[i])
			printf(" %s=%lld", severity_name(i), (long long)logs->by_severity[i]);
	printf("\nrequests %lld healthy %lld failed %lld instances %zu events %zu kept %zu\n",
		(long long)logs->requests, (long long)logs->healthy, (long long)logs->failed,
		logs->instance_count, logs->event_count, logs->entry_count);
	for (size_t i = 0; i < logs->cluster_count; i++)
		print_cluster(logs->clusters[i]);
}

int main(int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct log_options options = {.since = TIME_NONE, .until = TIME_NONE, .start = TIME_NONE};
	struct log_spec *specs = ARENA_ARRAY(arena, (size_t)argc, struct log_spec);
	size_t count = 0;
	struct error err;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--annotate") == 0)
			options.annotate = stdout;
		else if (strcmp(argv[i], "--lines") == 0)
			options.format = LOG_LINES;
		else if (log_spec_parse(arena, str_of(argv[i]), &specs[count++], &err) != 0)
			die("%s", err.text);
	}
	struct loop *loop = loop_new(&err);
	struct logs *logs = loop ? logs_collect(arena, specs, count, &options, loop, &err) : NULL;

	if (!logs)
		die("%s", err.text);
	if (!options.annotate)
		print_logs(logs);
	loop_free(loop);
	arena_free(arena);
	return 0;
}
