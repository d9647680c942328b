/*
 * log_source: where logs come from. A kind is one file that ends in one `const struct
 * log_source_kind`; it only brings bytes, in any of the formats of the reader, and knows nothing of
 * entries. One fetch of a source: start, callbacks, exactly one done, one stop.
 */
#ifndef PROBE_LOG_SOURCE_H
#define PROBE_LOG_SOURCE_H

#include "probe/logs.h"
#include "probe/loop.h"

/* What `since` means in each kind that has it. */
#define LOG_SINCE_HELP                                                                             \
	"how long before the start of the run its entries begin (default: that of --since)"

struct log_fetch; /* one source being read, opaque to kinds but for the functions below */

struct log_source_kind {
	const char *name, *help, *example;
	const struct field *fields;   /* of the map in a scenario's `logs` */
	size_t spec_size, state_size; /* zeroed by the framework */
	/* Fills the spec from the text after "NAME:" on the command line; -1 with err. */
	int (*parse)(struct arena *, struct str text, void *spec, struct error *err);
	/* The name of a source written as a map, for people; NULL: the kind's. */
	const char *(*title)(struct arena *, const void *spec);
	/* Takes another spec of the kind into an earlier one, so that both are one query; false when
	 * that cannot be. NULL: never. */
	bool (*join)(struct arena *, void *spec, const void *other);
	/* Begins; never blocks longer than reading a local file; ends in exactly one
	 * log_fetch_done() or log_fetch_failed(), now or later. */
	void (*start)(struct log_fetch *);
	/* Called once, whatever happened; may be NULL. */
	void (*stop)(struct log_fetch *);
};

/* One source asked for. */
struct log_spec {
	const struct log_source_kind *kind;
	void *spec;       /* of kind->spec_size */
	const char *name; /* as it was written; for people and for `evidence.source` */
};

extern const struct log_source_kind source_file, source_gcp, source_kubernetes, source_loki;
/* All kinds, ended by NULL; those of a scenario's vocabulary. */
extern const struct log_source_kind *const log_source_kinds[];

/* The text of --logs: "KIND:REST" for a kind's name, else a file, a pattern, or "-". */
int log_spec_parse(struct arena *, struct str text, struct log_spec *, struct error *err);
/* The list under `logs:` of a scenario: maps of one kind each, or the same texts. Returns 0 when no
 * diagnostic was added. */
int log_specs_fill(
	const struct fill *, const struct node *list, struct log_spec **specs, size_t *count);

/* For kinds. */
const void *log_fetch_spec(const struct log_fetch *);
void *log_fetch_state(struct log_fetch *);
struct arena *log_fetch_arena(const struct log_fetch *);
struct loop *log_fetch_loop(const struct log_fetch *);
const struct log_options *log_fetch_options(const struct log_fetch *);
/* Where the window of a source begins that has a `since` of its own (ns before the start; 0: none);
 * TIME_NONE: it is open. */
int64_t log_fetch_since(const struct log_fetch *, int64_t own);
/* Gives bytes of one document (a file, a page of entries); false when a bound is reached and the
 * fetch must end. The instance says whose output it is when the bytes do not ("" or NULL: unknown).
 * log_fetch_end() ends the document: what follows starts anew. */
bool log_fetch_read(struct log_fetch *, struct str bytes, const char *instance);
void log_fetch_end(struct log_fetch *);
/* Reads a document that does not let wait: `more` is called until it gives false, in one thread at a time
 * but in any, and hands over what comes next. It may use log_fetch_read(), log_fetch_bytes() and the two
 * below; whatever else there is to say of the fetch is said afterwards. */
void log_fetch_run(struct log_fetch *, bool (*more)(void *ctx), void *ctx);
/* Instead of log_fetch_read(): where the next bytes can be put, at most *len of them, so that none is
 * copied; then how many came. NULL: log_fetch_read() must take them. */
char *log_fetch_room(struct log_fetch *, size_t *len);
bool log_fetch_filled(struct log_fetch *, size_t len);
/* What follows is of another source with this name (one of several files of a pattern). Called
 * before anything was read it renames the first. */
void log_fetch_next(struct log_fetch *, const char *name);
/* Bytes as they were before decompression; else those given to log_fetch_read() count. */
void log_fetch_bytes(struct log_fetch *, int64_t bytes);
/* A remark of a source that was read, though not wholly: its status becomes partial. */
void log_fetch_partial(struct log_fetch *, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void log_fetch_done(struct log_fetch *);
/* When entries were read before, the source is partial, else failed. */
void log_fetch_failed(struct log_fetch *, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
