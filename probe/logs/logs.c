/*
 * Reading sources one after the other: a fetch brings bytes, a reader cuts them, the model takes
 * what is read from them.
 */
#include "probe/log_source.h"

#include <stdlib.h>
#include <string.h>

#include "model.h"

#include "probe/error.h"

const struct log_source_kind *const log_source_kinds[] = {
	&source_file, &source_gcp, &source_kubernetes, &source_loki, NULL};

struct collect {
	struct arena *arena;
	const struct log_options *options;
	struct loop *loop;
	struct model *model;
	int64_t started, bytes; /* of all sources, decompressed */
	int64_t merged;         /* bytes of the source, as text */
	/* Entries of the source so far, for progress: another thread may be merging. */
	_Atomic int64_t entries;
};

/* Why not all of a source is read. */
enum bound { BOUND_NONE, BOUND_ENTRIES, BOUND_BYTES, BOUND_TIME };

struct log_fetch {
	struct collect *collect;
	const struct log_spec *spec;
	void *state;
	struct reader *reader; /* NULL between documents */
	bool begun;            /* something was read, or the source was named */
	bool done;
	bool own_bytes; /* the kind counts them */
	int64_t bytes;
	enum bound bound;
};

const void *log_fetch_spec(const struct log_fetch *f)
{
	return f->spec->spec;
}

void *log_fetch_state(struct log_fetch *f)
{
	return f->state;
}

struct arena *log_fetch_arena(const struct log_fetch *f)
{
	return f->collect->arena;
}

struct loop *log_fetch_loop(const struct log_fetch *f)
{
	return f->collect->loop;
}

const struct log_options *log_fetch_options(const struct log_fetch *f)
{
	return f->collect->options;
}

int64_t log_fetch_since(const struct log_fetch *f, int64_t own)
{
	const struct log_options *options = f->collect->options;

	return own && options->start != TIME_NONE ? options->start - own : options->since;
}

static struct log_source *source_of(const struct log_fetch *f)
{
	return &f->collect->model->sources[f->collect->model->source];
}

static int64_t max_bytes(const struct collect *c)
{
	return c->options->max_bytes ? c->options->max_bytes : LOG_MAX_BYTES;
}

static int64_t max_time(const struct collect *c)
{
	return c->options->max_time ? c->options->max_time : LOG_MAX_TIME;
}

static bool within_bounds(struct log_fetch *f)
{
	const struct collect *c = f->collect;

	if (c->model->full)
		f->bound = BOUND_ENTRIES;
	else if (c->bytes >= max_bytes(c))
		f->bound = BOUND_BYTES;
	else if (clock_monotonic() - c->started > max_time(c))
		f->bound = BOUND_TIME;
	return f->bound == BOUND_NONE;
}

/* What the source lacks because of a bound. */
static void tell_bound(struct log_fetch *f)
{
	char text[32];

	switch (f->bound) {
	case BOUND_NONE: break;
	case BOUND_ENTRIES:
		log_fetch_partial(f, "more entries than are read, the rest was left out");
		break;
	case BOUND_BYTES:
		log_fetch_partial(f, "more than %lld bytes, the rest was left out",
			(long long)max_bytes(f->collect));
		break;
	case BOUND_TIME:
		duration_print(max_time(f->collect), text);
		log_fetch_partial(f, "not read within %s, the rest was left out", text);
		break;
	}
}

static void merge(void *ctx, struct chunk *chunk)
{
	struct collect *c = ctx;

	/* How many chunks were on their way when it was enough says nothing. */
	if (c->model->full)
		return;
	c->merged += (int64_t)chunk->len;
	model_merge(c->model, chunk);
	c->entries = c->model->sources[c->model->source].entries;
}

static void open_reader(struct log_fetch *f, const char *instance)
{
	struct collect *c = f->collect;

	f->begun = true;
	if (!f->reader)
		f->reader = reader_new(&(struct reader_options){.format = c->options->format,
			.traces = &c->options->traces,
			.instance = instance ? instance : "",
			.seed = c->model->source,
			.one_thread = c->options->one_thread,
			.everything = c->options->annotate != NULL,
			.merge = merge,
			.ctx = c});
}

/* Counts bytes that came; how many of them are read. */
static size_t count_bytes(struct log_fetch *f, size_t len)
{
	struct collect *c = f->collect;

	if ((int64_t)len > max_bytes(c) - c->bytes)
		len = (size_t)(max_bytes(c) - c->bytes);
	c->bytes += (int64_t)len;
	if (!f->own_bytes)
		f->bytes += (int64_t)len;
	return len;
}

static void show_progress(struct log_fetch *f)
{
	const struct log_options *options = f->collect->options;

	if (options->progress)
		options->progress(options->ctx, source_of(f)->name, f->bytes, f->collect->entries);
}

bool log_fetch_read(struct log_fetch *f, struct str bytes, const char *instance)
{
	if (!within_bounds(f))
		return false;
	open_reader(f, instance);
	reader_feed(f->reader, str_sub(bytes, 0, count_bytes(f, bytes.len)));
	show_progress(f);
	return true;
}

void log_fetch_run(struct log_fetch *f, bool (*more)(void *ctx), void *ctx)
{
	open_reader(f, NULL);
	reader_run(f->reader, more, ctx);
}

char *log_fetch_room(struct log_fetch *f, size_t *len)
{
	return reader_room(f->reader, len);
}

bool log_fetch_filled(struct log_fetch *f, size_t len)
{
	if (!within_bounds(f))
		return false;
	reader_filled(f->reader, count_bytes(f, len));
	show_progress(f);
	return true;
}

static void close_reader(struct log_fetch *f)
{
	reader_end(f->reader);
	reader_free(f->reader);
	f->reader = NULL;
	model_document_end(f->collect->model);
	if (f->collect->model->full)
		f->bound = BOUND_ENTRIES;
	/* What came ahead of the bound was not read. */
	bool ahead = f->bound == BOUND_ENTRIES && !f->own_bytes;

	source_of(f)->bytes = ahead ? f->collect->merged : f->bytes;
}

void log_fetch_end(struct log_fetch *f)
{
	if (f->reader)
		close_reader(f);
	tell_bound(f);
}

void log_fetch_next(struct log_fetch *f, const char *name)
{
	struct collect *c = f->collect;

	log_fetch_end(f);
	if (f->begun)
		model_source(c->model, name);
	else
		source_of(f)->name = arena_strdup(c->arena, name);
	f->begun = true;
	f->own_bytes = false;
	f->bytes = 0;
	f->bound = BOUND_NONE;
	c->entries = c->merged = 0;
}

void log_fetch_bytes(struct log_fetch *f, int64_t bytes)
{
	f->own_bytes = true;
	f->bytes = bytes;
}

static void note(struct log_fetch *f, enum log_status status, const char *fmt, va_list args)
{
	struct log_source *s = source_of(f);

	/* The first thing that went wrong is the one that explains. */
	if (!s->error)
		s->error = arena_vprintf(f->collect->arena, fmt, args);
	if (status > s->status)
		s->status = status;
}

void log_fetch_partial(struct log_fetch *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	note(f, LOG_PARTIAL, fmt, args);
	va_end(args);
}

void log_fetch_done(struct log_fetch *f)
{
	log_fetch_end(f);
	f->done = true;
}

void log_fetch_failed(struct log_fetch *f, const char *fmt, ...)
{
	va_list args;

	log_fetch_end(f);
	va_start(args, fmt);
	note(f, source_of(f)->entries ? LOG_PARTIAL : LOG_FAILED, fmt, args);
	va_end(args);
	f->done = true;
}

/* The time is up while a source is still being fetched. */
static void out_of_time(void *ctx)
{
	struct log_fetch *f = ctx;

	if (!f->done)
		log_fetch_failed(f, "not read in time");
}

static void collect_one(struct collect *c, const struct log_spec *spec)
{
	struct log_fetch f = {.collect = c, .spec = spec};
	struct timer limit = {0};
	struct error err;

	f.state = arena_alloc(c->arena, spec->kind->state_size);
	model_source(c->model, spec->name);
	c->entries = c->merged = 0;
	if (c->loop)
		timer_start(c->loop, &limit, loop_now(c->loop) + max_time(c), out_of_time, &f);
	spec->kind->start(&f);
	if (!f.done && !c->loop)
		log_fetch_failed(&f, "cannot be read without a network");
	while (!f.done)
		if (loop_run(c->loop, &f.done, &err) != 0 && !f.done)
			log_fetch_failed(&f, "%s", err.text);
	if (c->loop)
		timer_stop(c->loop, &limit);
	if (spec->kind->stop)
		spec->kind->stop(&f);
}

/* Puts the specs into `out`, those of a kind that one query can ask for together as one. */
static size_t join_specs(
	struct arena *arena, const struct log_spec *specs, size_t count, struct log_spec *out)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		const struct log_source_kind *kind = specs[i].kind;
		size_t k = 0;

		while (k < n && !(kind->join && out[k].kind == kind &&
					kind->join(arena, out[k].spec, specs[i].spec)))
			k++;
		if (k < n) {
			out[k].name = arena_printf(arena, "%s + %s", out[k].name, specs[i].name);
			continue;
		}
		out[n] = specs[i];
		if (kind->join) {
			/* Joining changes it, and the caller may collect again. */
			out[n].spec = arena_alloc(arena, kind->spec_size);
			memcpy(out[n].spec, specs[i].spec, kind->spec_size);
		}
		n++;
	}
	return n;
}

struct logs *logs_collect(struct arena *arena, const struct log_spec *specs, size_t count,
	const struct log_options *options, struct loop *loop, struct error *err)
{
	struct collect c = {.arena = arena,
		.options = options,
		.loop = loop,
		.model = model_new(arena, options),
		.started = clock_monotonic()};

	struct log_spec *joined = ARENA_ARRAY(arena, count + 1, struct log_spec);
	size_t joined_count = join_specs(arena, specs, count, joined);

	for (size_t i = 0; i < joined_count; i++)
		collect_one(&c, &joined[i]);
	struct logs *logs = model_finish(c.model);

	model_free(c.model);
	if (options->annotate && fflush(options->annotate) != 0) {
		error_set(err, "cannot write the annotated log");
		return NULL;
	}
	return logs;
}
