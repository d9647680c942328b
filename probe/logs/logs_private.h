/*
 * What the files of this folder share: the way of an entry from bytes to the model.
 *
 *   reader   bytes of a source -> chunks that can be read apart from each other      (reader*.c)
 *   chunk    -> raws: one small record an entry, and details of those that matter    (chunk, json_*,
 *            line, look); in worker threads
 *   model    raws in order -> counts, joined events, clusters, what is kept          (model*.c)
 */
#ifndef LOGS_PRIVATE_H
#define LOGS_PRIVATE_H

#include "probe/cluster.h"
#include "probe/logs.h"
#include "probe/heap.h"
#include "probe/rejoin.h"

enum {
	CHUNK_SIZE = 512 << 10, /* bytes a chunk has, more or less */
	CHUNK_MAX = CHUNK_SIZE + LOG_LINE_MAX + 4096,
	JSON_MARGIN = 128,
	ENTRY_TEXT_MAX = 32 << 10, /* of a kept entry */
	JSON_NESTING_MAX = 32,     /* wrappers around entries */
	ORIGIN_BITS = 8,
};

uint64_t cluster_hash(const void *, size_t len, uint64_t seed);

static inline uint64_t hash_str(struct str s, uint64_t seed)
{
	return cluster_hash(s.ptr, s.len, seed);
}

/* ASCII, whatever the locale. */
static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Where in a LogEntry (or another logger's object) the scanner is. */
enum json_place {
	IN_ENTRY,
	IN_PAYLOAD,
	IN_ERROR,
	IN_HTTP,
	IN_RESOURCE,
	IN_RESOURCE_LABELS,
	IN_LABELS,
	IN_TIME,
	IN_LOCATION,
	IN_PROTO,
	IN_PROTO_STATUS,
	IN_REQUEST,
	IN_OBJECT,
	IN_KUBERNETES,
	IN_POD,
	IN_LOG,
	IN_BODY,
	IN_PLACES,
};

enum json_field {
	F_TIME,
	F_RECEIVED,
	F_SECONDS,
	F_NANOS,
	F_SEVERITY,
	F_LEVEL,
	F_PRIORITY,
	F_INSERT_ID,
	F_LOG_NAME,
	F_TEXT,
	F_MESSAGE,
	F_STREAM,
	F_TRACE,
	F_ERROR,
	F_ERROR_TYPE,
	F_ERROR_MESSAGE,
	F_ERROR_SEVERITY,
	F_ERROR_STACK,
	F_STATUS,
	F_METHOD,
	F_URL,
	F_LATENCY,
	F_INSTANCE,
	F_REVISION,
	F_SERVICE,
	F_HOST,
	F_PID,
	F_LOGGER,
	F_FILE,
	F_LINE,
	F_CALLER,
	F_PROTO_METHOD,
	F_PROTO_RESOURCE,
	F_PROTO_MESSAGE,
	F_RESOURCE_TYPE,
	F_EVENT_REASON,
	F_EVENT_OBJECT,
	F_EVENT_TYPE,
	F_VALUES,
	F_COUNT,
};

/* A scalar of the text, or an array where one is looked for; as it is written. */
struct json_scalar {
	const char *ptr;
	uint32_t len;
	char kind;    /* '"' string (without quotes), '0' number, 't' literal, '[' array; 0 none */
	bool escaped; /* a string with backslashes */
	uint8_t rank; /* of the key it came by: lower ones win */
};

struct json_fields {
	struct json_scalar f[F_COUNT];
	unsigned seen;            /* places that were entered, 1 << enum json_place */
	bool strong;              /* has keys that only a log entry has */
	bool container;           /* has members that may hold entries */
	bool holder;              /* ... under a name that wrappers use */
	struct str payload;       /* the whole jsonPayload */
	struct json_trail *trail; /* while scanning */
};

/* How objects seen before were laid out; see json_layout.c. */
struct json_layouts;

/* Rank of keys that wrappers hold their entries by. */
enum { RANK_LINE = 7, RANK_HOLDER = 255 };

/* Of struct raw, beside enum log_trait. */
enum {
	RAW_BLANK = 1 << 30, /* an empty line: no entry, but it may be a part of one */
};

/* From `p`, which is at a '{', '[' or '"': after the value, NULL when the text ends before. */
const char *json_skip(const char *p, const char *end);
/* From `p`, which is at an object between other values of an array or object: after the last one that is whole
 * before the array ends or another one begins, NULL when none is. */
const char *json_run(const char *p, const char *end);
const char *json_blank(const char *p, const char *end);
/* Scans the object at `p`; after it, or NULL when it is broken. `layouts` makes it fast where objects look
 * alike; NULL: there are none. */
const char *json_scan(
	const char *p, const char *end, struct json_fields *, struct json_layouts *layouts);
struct json_layouts *json_layouts_new(void);
/* Objects that begin in this text need no look at each byte for whether it can be read: JSON_MARGIN quotes follow
 * the text. */
void json_layouts_readable(struct json_layouts *, struct str text);
struct json_trail;
const char *json_layout_scan(
	struct json_layouts *, const char *p, const char *end, struct json_fields *);
void json_layout_learn(struct json_layouts *, const struct json_trail *, const char *p,
	const char *end, const struct json_fields *);
/* Text of a string without its escapes, written to `out` (as long as the string); its length. */
size_t json_unescape(const char *ptr, size_t len, char *out);

/* What can be seen from the first words of a text line. */
struct look {
	int level;       /* enum severity, or -1 */
	bool starts;     /* begins with a time or level of a logger */
	int64_t time;    /* of the text itself; TIME_NONE */
	unsigned traits; /* enum log_trait */
	int status;      /* of an access line; -1 */
	struct str method, url;
	bool suspicious; /* words that tell of errors */
};
void look_at(struct str text, struct look *);

/* The time at the beginning of a line in one of the usual forms: bytes it takes, or 0. `nano`: it
 * has the precision that only container runtimes write. */
size_t time_prefix(struct str line, int64_t *time, bool *nano);
/* RFC 3339 or a number in a JSON text; TIME_NONE. */
int64_t time_of_scalar(const struct json_scalar *);

/* Who wrote an entry; a chunk has few of them. */
struct origin {
	uint64_t hash;
	struct str instance, revision, service;
	uint32_t number; /* of the model's instance */
};

/* What an event is grouped by; see judge.c. */
struct judgement {
	bool known, exception;
	struct str masked;
	uint64_t hash; /* of it */
};

struct detail {
	uint32_t raw;
	bool plain; /* text that may be a part of something */
	bool quiet; /* ... and nothing else: when it is no part, counted is enough */
	bool starts;
	uint64_t stream; /* hash of log, instance and output */
	struct str text, log, trace, location;
	struct str error_type, error_message, error_stack;
	struct log_http http;
	struct judgement judgement; /* of the entry alone; not known where that is no use */
	struct rejoin_text part;    /* of a plain one */
	uint64_t hash;              /* of its text */
};

struct raw {
	int64_t time;
	uint64_t identity; /* hash of timestamp and insertId; 0: none */
	uint32_t detail;   /* + 1; 0: nothing more is known */
	uint32_t origin;
	uint32_t traits;
	int16_t status; /* HTTP; -1 */
	uint8_t severity, level;
};

enum chunk_kind { CHUNK_LINES, CHUNK_JSON, CHUNK_JSON_WRAPPED };

/* A line that a container runtime cut up, as far as it was seen. */
struct partial {
	bool open;
	uint64_t stream;
	int64_t time;
	struct buf text;
};
enum { PARTIALS = 8 };

/* Where the next lines of a message of journalctl begin, and whose it is; indent 0: nowhere. */
struct below {
	size_t indent;
	int64_t time;
	uint64_t stream;
	uint32_t origin;
};

struct chunk {
	char *data; /* CHUNK_MAX */
	size_t len;
	enum chunk_kind kind;
	enum log_format format;
	bool everything; /* details of quiet entries, too */
	/* Where lines end, as far as whoever filled the chunk saw them. */
	uint32_t *line_ends;
	size_t line_count, line_capacity;
	const char *instance; /* whose output it is; NULL: as the text says */
	const struct strs *traces;
	uint64_t seed; /* of the source, for streams */
	int64_t until; /* unused entries after it are left to the model */
	/* Made by chunk_read(). */
	struct raw *raws;
	size_t raw_count, raw_capacity;
	struct detail *details;
	size_t detail_count, detail_capacity;
	struct origin *origins;
	size_t origin_count, origin_capacity;
	uint16_t found[1 << ORIGIN_BITS]; /* of them, lately */
	struct buf *texts;                /* blocks of unescaped text */
	size_t text_count, text_capacity;
	int64_t cut_lines;
	bool nano;    /* the line before had a container runtime's time */
	bool stamped; /* ... or one that a tool put before each line */
	struct partial partials[PARTIALS];
	unsigned parts; /* of them that are open */
	struct below below;
	struct json_fields fields;
	struct chunk_tools *tools; /* while it is read */
};

/* What a thread reads chunks with, kept from one to the next. Made when first used. */
struct chunk_tools {
	struct json_layouts *layouts;
	struct judge_memory *judge;
};

/* A line end at this byte, the next one of the chunk. */
void chunk_line_end(struct chunk *, size_t at);
/* Reads the whole chunk; any thread, with tools of its own. */
void chunk_read(struct chunk *, struct chunk_tools *);
void chunk_tools_release(struct chunk_tools *);
void chunk_clear(struct chunk *);
void chunk_release(struct chunk *);
/* Memory that lives as long as what was read from the chunk. */
char *chunk_memory(struct chunk *, size_t size);
/* The texts one after the other, there. */
struct str chunk_concat(struct chunk *, const struct str *texts, size_t count);
struct raw *chunk_raw(struct chunk *);
struct detail *chunk_detail(struct chunk *, struct raw *);
uint32_t chunk_origin(struct chunk *, struct str instance, struct str revision, struct str service);
/* An entry of text: what a container runtime put around it is known already. `origin` as by
 * chunk_origin(), `stream` names the output, `time` TIME_NONE: the text's own. */
struct raw *chunk_text(
	struct chunk *, struct str text, int64_t time, uint32_t origin, uint64_t stream);
/* The object at `p`, or the entries in it; after it, or NULL when it is no JSON object.
 * `wrapped`: what is no entry does not count. */
const char *chunk_object(struct chunk *, const char *p, const char *end, bool wrapped);
/* An entry from the fields that were scanned, with what a container runtime said of it. */
struct raw *chunk_entry(struct chunk *, const struct json_fields *, struct str whole, int64_t time,
	const uint32_t *origin);
/* The same, or what is in the text of the entry: those of the application, parts of a line. */
void chunk_json(struct chunk *, struct json_fields *, struct str whole, int64_t time,
	const uint32_t *origin);
void chunk_line(struct chunk *, struct str line);
/* The heading of a table that gcloud prints. */
bool table_is_heading(struct str line);
/* One part of a line of `stream` that a runtime cut up; false: more must come, else `text` and `time` are
 * those of the whole. */
bool chunk_part(struct chunk *, struct str *text, bool partial, int64_t *time, uint64_t stream);
/* Parts of `stream` that have another time than the next one: they were a line without end. */
void chunk_part_flush(struct chunk *, uint64_t stream, uint32_t origin, int64_t time);
/* Judges an entry of the chunk, and reads it as the part of an event that it may be. */
void chunk_judge(struct chunk *, const struct raw *, struct detail *);
/* Begins a chunk with the memory; NULL: with a new one. */
struct judge_memory *judge_memory_begin(struct judge_memory *);

/* What an event is grouped by: `d` has its fields, NULL for a joined one; `lines`: there are no
 * exceptions. */
struct judgement event_judge(const struct raw *, const struct detail *d, struct str text,
	bool lines, char masked[MASK_MAX]);
/* The exception that an event is; NULL. */
struct exception *event_exception(
	struct arena *, const struct raw *, const struct detail *d, struct str text);
/* Text or a JSON entry, without what a container runtime put in front of it. */
void chunk_body(struct chunk *, struct str text, int64_t time, uint32_t origin, uint64_t stream);

/* Bytes of a document, in any encoding, on their way into chunks. Chunks are read by several threads when
 * there are several, and merged in order, one at a time. */
struct reader_options {
	enum log_format format;
	const struct strs *traces;
	const char *instance;
	uint64_t seed;
	bool one_thread;
	bool everything; /* details of all entries; else only of the first READER_QUIET bytes */
	void (*merge)(void *ctx, struct chunk *);
	void *ctx;
};
enum { READER_QUIET = 8 << 20 };

/* Whether JSON from p on ends in a long string that goes on after `end`: how much of it is kept, or 0.
 * `escape`: the first byte to come is escaped. */
size_t string_cut(const char *p, const char *end, bool *escape);
/* How many of the bytes belong to such a string; `closed`: what ends it follows. */
size_t string_drop(const char *bytes, size_t len, bool *escape, bool *closed);
/* The file ends in the object at `at` of the chunk, which is closed there: what there is of it is kept.
 * False: that says nothing. */
bool chunk_close(struct chunk *, size_t at);

struct reader;

struct reader *reader_new(const struct reader_options *);
void reader_feed(struct reader *, struct str bytes);
/* Calls `more`, which feeds what comes next, until it gives false; in one thread at a time, but in any,
 * as all others do `merge`. */
void reader_run(struct reader *, bool (*more)(void *ctx), void *ctx);
/* Instead of feeding: where the next bytes can be put, at most *len, then told how many came. NULL: the
 * document is not read as it is, and its bytes are to be fed. */
char *reader_room(struct reader *, size_t *len);
void reader_filled(struct reader *, size_t len);
/* The document is over: everything is merged when this returns. */
void reader_end(struct reader *);
void reader_free(struct reader *);

/* Threads that read chunks. */
struct pool;

struct pool *pool_new(void (*merge)(void *ctx, struct chunk *), void *ctx, bool one_thread);
/* An empty chunk with memory, waiting for one when all are on their way. */
struct chunk *pool_chunk(struct pool *);
void pool_submit(struct pool *, struct chunk *);
/* Calls `fill`, which submits chunks, until it gives false, and merges them, all in any thread; returns
 * when all is merged. */
void pool_run(struct pool *, bool (*fill)(void *ctx), void *ctx);
/* Merges all that is on its way. */
void pool_drain(struct pool *);
void pool_free(struct pool *);

#endif
