/* The model while it grows. One thread at a time. */
#ifndef LOGS_MODEL_H
#define LOGS_MODEL_H

#include <stdatomic.h>

#include "logs_private.h"

enum { SHAPE_CACHE = 1 << 14, HEAD_KEPT = 8 };

/* What is known of a shape (see cluster.h) so far. */
struct shape_stat {
	int64_t count, first, last;
	uint32_t traits;
	uint32_t kept;
	uint8_t level;
};

struct presence {
	uint32_t shape, instance;
	int64_t count, first, last;
};

/* Who, where and when, without text: what an entry is until it is whole. */
struct carry {
	struct raw raw;
	int64_t order_time; /* its time, or that of the entry before it */
	int64_t index, last_time;
	uint32_t source, instance;
	const char *log;
	char trace[33];
	size_t parts;
	uint64_t ticket; /* of --annotate: entries of one event share it */
	bool starts, quiet;
	uint64_t stream;
};

/* An entry of a chunk that is looked at: detail with what the model knows. */
struct item {
	struct carry carry;
	struct str text;
	const struct detail *detail; /* NULL for joined ones */
	struct judgement judgement;  /* of the text as it is now */
	struct rejoin_text part;
	uint64_t hash;
};

struct kept {
	struct log_entry *entry;
	uint32_t shape;
};

struct stream;

struct source_state {
	int64_t ascending, descending;
	int64_t last_time;        /* of the entry before, in input order */
	int64_t index;            /* of the last entry */
	int64_t times, gap_total; /* for the usual distance of entries */
	int64_t *gaps;
};

struct model {
	struct arena *arena;
	const struct log_options *options;
	struct logs *logs;
	struct log_source *sources;
	struct source_state *states;
	size_t source_count, source_capacity;
	uint32_t source;  /* being read */
	atomic_bool full; /* a bound was reached; read in any thread */
	int64_t cut;
	struct clusters *clusters;
	struct shape_stat *shapes;
	size_t shape_capacity, shape_count;
	uint64_t cache_hash[SHAPE_CACHE];
	uint32_t cache_shape[SHAPE_CACHE];
	struct presence *presences;
	size_t presence_count, presence_capacity;
	uint32_t *presence_slots;
	size_t presence_mask;
	struct log_instance **instances;
	uint64_t *instance_hashes;
	size_t instance_count, instance_capacity, instance_hash_capacity;
	uint32_t *instance_slots;
	uint64_t *identities;
	size_t identity_count, identity_mask;
	struct kept *kept;
	size_t kept_count, kept_capacity, kept_bytes, quiet_kept;
	struct log_event *events;
	size_t event_count;
	struct stream *streams;
	size_t stream_count;
	size_t stream_held; /* bytes of open events */
	uint32_t *stream_slots;
	struct item *held;
	size_t held_count, held_capacity;
	const char *log_names[64];
	size_t log_name_count;
	/* --annotate: the text of each entry with its ticket, and the shape of each ticket. */
	struct buf annotated;
	uint32_t *tickets;
	size_t ticket_count, ticket_capacity;
	uint64_t *entry_tickets;
	size_t entry_ticket_count, entry_ticket_capacity;
};

struct model *model_new(struct arena *, const struct log_options *);
/* Begins a source; what is merged from now on is its. */
uint32_t model_source(struct model *, const char *name);
/* struct reader_options.merge; ctx is the model. */
void model_merge(void *model, struct chunk *);
/* The document is over: what is open ends. */
void model_document_end(struct model *);
struct logs *model_finish(struct model *);
void model_free(struct model *);

/* Text that may be a part of something; in any order. */
void model_join(struct model *, const struct item *);
void model_join_flush(struct model *);
/* One whole event; its level may change. */
void model_event(struct model *, struct item *);
/* An event more, at most LOGS_EVENTS_MAX. */
struct log_event *model_timeline_add(struct model *);
/* Fills logs->events; `all`: clusters by number. */
void model_timeline(struct model *, struct log_cluster *all);
void model_kept_sort(struct model *);
void model_annotate(struct model *);

#endif
