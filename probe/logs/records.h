/*
 * Documents whose entries are not lines: what `gcloud logging read` prints (YAML, tables), the export
 * format of journald, CSV. They are rewritten, as they come, to one JSON object a line, which the
 * reader knows; anything else passes through as it is.
 */
#ifndef LOGS_RECORDS_H
#define LOGS_RECORDS_H

#include "logs_private.h"

enum {
	RECORDS_HEAD = 8 << 10,   /* bytes a document is recognised by */
	RECORD_VALUE = 128 << 10, /* bytes of one field, the rest is cut */
	RECORD_COLUMNS = 200,
};

struct records;

struct record_kind {
	/* Whether a document that begins like this is of the kind. */
	bool (*begins)(struct str head);
	/* One line without its end. */
	void (*line)(struct records *, struct str line);
	/* The `raw` bytes that were asked for are in `text`; NULL when none ever are. */
	void (*raw)(struct records *);
	/* The document is over. */
	void (*end)(struct records *);
};

extern const struct record_kind records_csv, records_journal, records_table, records_yaml;

struct record_column {
	size_t from;        /* where it begins in a row, of tables */
	size_t name, len;   /* in `names` */
	const char *rename; /* the name of the reader, NULL: its own */
};

struct records {
	const struct record_kind *kind; /* NULL: not decided */
	void (*put)(void *ctx, const char *bytes, size_t len);
	void *ctx;
	struct buf line; /* what came of the current line; undecided: the head */
	struct buf out;  /* the entry so far, as JSON */
	struct buf text; /* what a kind gathers: a document, the fields of a row */
	/* Bytes that follow as they are, of journald's fields with line ends; with their line end. */
	uint64_t raw, raw_len;
	struct buf names;
	struct record_column columns[RECORD_COLUMNS];
	size_t column_count;
	size_t ends[RECORD_COLUMNS]; /* of the fields of a row, in `text` */
	size_t field_count;
	bool begun, quoted;
};

/* `put` gets what the reader is to see. */
struct records *records_new(void (*put)(void *ctx, const char *bytes, size_t len), void *ctx);
/* False: the document is none of these, all was passed on and what follows needs no rewriting. */
bool records_feed(struct records *, const char *bytes, size_t len);
/* The document is over; what is open is passed on. */
void records_end(struct records *);
void records_free(struct records *);

/* For kinds: one field of the entry; dots in a name are objects in objects when `nested`. */
void record_field(struct records *, struct str name, struct str value, bool nested);
/* The entry is whole: it goes on as a line. */
void record_done(struct records *);
/* What is no entry goes on as it came. */
void record_pass(struct records *, struct str text);

#endif
