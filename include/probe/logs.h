/*
 * logs: what the backend wrote meanwhile, as data. Read-only once logs_collect() returns; diagnosis
 * and reports see nothing else of the logs.
 *
 * Whatever size the input has, the model is bounded: everything is counted, but only what can
 * explain something is kept (LOGS_ENTRIES_MAX entries with their text, LOGS_EVENTS_MAX events
 * without). What was not kept is counted in `*_left_out`.
 *
 *   source    one thing that was read, with what can be said of it as a whole
 *   entry     one log entry, its text verbatim; entries torn apart by an agent are one again
 *   event     the trace of an entry that matters in the flow of time: when, where, which cluster
 *   cluster   entries that say the same but for names and numbers
 *   instance  one running copy of the backend, with its health
 *
 * Entries, events and clusters refer to each other by pointer. Everything lives in one arena.
 */
#ifndef PROBE_LOGS_H
#define PROBE_LOGS_H

#include <stdio.h>

#include "probe/clock.h"
#include "probe/exception.h"
#include "probe/field.h"
#include "probe/redact.h"

enum { LOGS_ENTRIES_MAX = 20000, LOGS_EVENTS_MAX = 250000, LOGS_INSTANCES_MAX = 4096 };

/* id, name as in Cloud Logging (LogSeverity) */
#define SEVERITIES(X)                                                                              \
	X(DEFAULT) X(DEBUG) X(INFO) X(NOTICE) X(WARNING) X(ERROR) X(CRITICAL) X(ALERT) X(EMERGENCY)

enum severity {
#define X(id) SEVERITY_##id,
	SEVERITIES(X)
#undef X
		SEVERITY_COUNT
};

const char *severity_name(enum severity);
/* By any name that loggers use ("warn", "FATAL", "E", "crit", "SEVERE"), any case; -1 for others. */
int severity_find(struct str name);

enum log_status { LOG_READ, LOG_PARTIAL, LOG_FAILED };
const char *log_status_name(enum log_status); /* "read" "partial" "failed" */

enum log_order { LOG_ORDER_UNKNOWN, LOG_OLDEST_FIRST, LOG_NEWEST_FIRST, LOG_MIXED };
const char *log_order_name(enum log_order); /* "unknown" "oldest first" ... */

struct log_severity_stat {
	int64_t count;
	int64_t first, last; /* wall ns; TIME_NONE */
	/* 50, 1000: exactly so many, as an export that was cut at a limit has; else 0. */
	int64_t cap;
};

struct log_source {
	const char *name; /* as given: "export.json", "gcp:project/service" */
	enum log_status status;
	const char *error;    /* why not all was read, one line; NULL */
	int64_t entries;      /* exact; duplicates counted once */
	int64_t duplicates;   /* same timestamp and insertId as an earlier one */
	int64_t bytes;        /* as read, before decompression */
	int64_t first, last;  /* the window really covered; TIME_NONE without times */
	int64_t left_out;     /* entries or lines known to be missing or cut */
	enum log_order order; /* of the input */
	/* The longest silence between two entries, when it is long for this log (both TIME_NONE
	 * else). */
	int64_t gap_from, gap_to;
	struct log_severity_stat by_severity[SEVERITY_COUNT];
	/* Entries in all are exactly a usual export limit (50, 100, 500, 1000 ...), or a severity is
	 * capped: the window may be shorter than it looks. */
	bool capped;
};

struct log_http {
	struct str method, url;
	int64_t status;  /* -1: none */
	int64_t latency; /* ns; TIME_NONE */
};

/* What an entry is, beyond its severity; a set. */
enum log_trait {
	LOG_PLATFORM = 1 << 0,   /* written by the platform about the service, not by the service */
	LOG_REQUEST = 1 << 1,    /* a request log entry: `http` is set */
	LOG_HEALTHY = 1 << 2,    /* proof of health: a request answered with 2xx or 3xx */
	LOG_STARTING = 1 << 3,   /* an instance or process begins: "Starting new instance" */
	LOG_LISTENING = 1 << 4,  /* "running on http://127.0.0.1:8000", "listening on port 80" */
	LOG_STARTED = 1 << 5,    /* "startup complete", "ready": a claim, no proof of health */
	LOG_PROBE = 1 << 6,      /* a probe of the platform spoke (failed, succeeded) */
	LOG_EXIT = 1 << 7,       /* "Container called exit(3)", "terminated on signal 9", exited */
	LOG_OOM = 1 << 8,        /* memory limit exceeded, OOMKilled */
	LOG_STRUCTURED = 1 << 9, /* came as a JSON object of the application's logger */
	LOG_REJOINED = 1 << 10,  /* several entries of the input, joined */
	LOG_CUT = 1 << 11,       /* the text was longer than what is kept */
	LOG_FORMATTER = 1 << 12, /* its error object is a formatter's default ("Missing field") */
	LOG_TRACED = 1 << 13,    /* its trace id is one of log_options.traces */
};

/* One running copy: instanceId, pod/container, host and process ... */
struct log_instance {
	const char *name;               /* "" when the log does not say */
	const char *revision, *service; /* of its newest entry; "" unknown */
	int64_t entries;
	int64_t first, last; /* TIME_NONE */
	int64_t errors;      /* entries at ERROR and above, requests not counted */
	int64_t last_error;
	/* Requests it answered (request log or access lines), and which of them prove health. */
	int64_t requests, healthy, failed; /* failed: 5xx */
	int64_t first_healthy, last_healthy, last_failed;
	int64_t starts; /* LOG_STARTING entries */
	int64_t exits;  /* LOG_EXIT entries */
};

struct log_cluster;

struct log_entry {
	const struct log_source *source;
	int64_t index;          /* of its (first) entry in the source, from 1 */
	int64_t time;           /* TIME_NONE */
	int64_t last_time;      /* of its last part; equals `time` unless rejoined */
	enum severity severity; /* as the envelope says; DEFAULT when it does not */
	enum severity level;    /* the higher of severity, level in the text, and what an exception
				 * means; what clusters and events go by */
	unsigned traits;        /* enum log_trait */
	const struct log_instance *instance;
	struct str revision, service, log; /* of the entry; log: "stderr", "requests", a logger ...;
					    * empty unknown */
	struct str trace_id;               /* 32 hex digits, or empty */
	struct str location;               /* sourceLocation or caller, "file:line"; or empty */
	struct log_http http;              /* with LOG_REQUEST */
	struct str text;                   /* the message, verbatim */
	size_t parts;                      /* entries of the input it was joined of, at least 1 */
	const struct exception *exception; /* chain, root first; NULL */
	struct log_cluster *cluster;
};

/* Entries that matter in the order of time (then of input): every entry at WARNING and above, of the
 * platform, requests that failed, starts, and the first and last proofs of health of an instance. */
struct log_event {
	int64_t time;
	const struct log_instance *instance;
	struct log_cluster
		*cluster; /* NULL: a proof of health, which has neither entry nor source */
	const struct log_entry *entry; /* NULL: its text was not kept, see cluster->entries */
	const struct log_source *source;
	int64_t index; /* entry in the source, from 1 */
	enum severity level;
	unsigned traits;
};

/* One cluster on one instance. */
struct log_presence {
	const struct log_instance *instance;
	int64_t count;
	int64_t first, last;
};

struct log_cluster {
	size_t position;        /* in logs->clusters */
	const char *id;         /* stable: made of the template */
	struct str template;    /* literal text with <*> for what varies */
	enum severity severity; /* highest level of its entries */
	unsigned traits;        /* of its entries together */
	int64_t count;
	int64_t first_seen, last_seen; /* TIME_NONE */
	int64_t instances;             /* number of different ones */
	struct str sample;             /* one message verbatim, of its first kept entry */
	/* Kept entries, in the order of time: first ones and last ones. */
	const struct log_entry **entries;
	size_t entry_count;
	/* By instance, first seen first; bounded, `instances` is exact as long as it is below
	 * LOGS_INSTANCES_MAX. */
	struct log_presence *presences;
	size_t presence_count;
	/* Of the first kept entry that has one; NULL. */
	const struct exception *exception;
};

struct logs {
	struct log_source *sources;
	size_t source_count;
	int64_t entries, duplicates; /* of all sources */
	int64_t first, last;         /* window really covered; TIME_NONE */
	int64_t by_severity[SEVERITY_COUNT];
	/* By severity (highest first), then count, then template. What tells of nothing wrong is grouped in
	 * the first 8 MiB of a document only. */
	struct log_cluster **clusters;
	size_t cluster_count;
	int64_t clusters_left_out;           /* entries' worth of clusters that did not fit */
	const struct log_entry **entry_list; /* kept ones, in the order of time, then input */
	size_t entry_count;
	int64_t entries_left_out; /* that mattered and were not kept */
	struct log_event *events; /* in the order of time, then input */
	size_t event_count;
	int64_t events_left_out;
	struct log_instance **instances;
	size_t instance_count;
	int64_t requests, healthy, failed; /* request entries, 2xx/3xx, 5xx */
	int64_t last_healthy;              /* TIME_NONE */
};

/* A format to force; LOG_AUTO recognises line by line. */
enum log_format {
	LOG_AUTO,
	LOG_JSON,  /* JSON values only; lines between them are left out */
	LOG_TEXT,  /* no JSON is looked for; lines are rejoined */
	LOG_LINES, /* each line is an entry, nothing is stripped, parsed or rejoined */
};
/* By name ("auto" "json" "text" "lines"); -1. */
int log_format_find(const char *name);

struct log_options {
	enum log_format format;
	/* The window asked for, wall ns; TIME_NONE: open. Files are read whole. */
	int64_t since, until;
	/* What a source's own `since` counts back from; TIME_NONE: those are not regarded. */
	int64_t start;
	struct strs traces; /* trace ids whose entries are kept at any severity */
	/* After a run, where seconds count: a source that has more than one request gives is asked once
	 * more, for what matters of the rest, and says what it left out. */
	bool brief;
	const char *dir; /* relative file names are relative to it; NULL: the cwd */
	/* Gets "CLUSTER-ID<TAB>MESSAGE" for every entry, in input order; NULL. */
	FILE *annotate;
	/* Reads in the caller's thread alone; else large input has one for each processor. The result is the
	 * same. */
	bool one_thread;
	/* Bounds; 0: those of LOG_LIMITS. */
	int64_t max_bytes, max_entries, max_time;
	/* Called now and then with what was read so far; NULL. */
	void (*progress)(void *ctx, const char *source, int64_t bytes, int64_t entries);
	void *ctx;
};

/* 1 GiB, 10 million entries, 30 s; a line or entry is cut at 1 MiB. */
#define LOG_MAX_BYTES (INT64_C(1) << 30)
#define LOG_MAX_ENTRIES INT64_C(10000000)
#define LOG_MAX_TIME (30 * NS_PER_S)
enum { LOG_LINE_MAX = 1 << 20 };

struct log_spec;
struct loop;

/*
 * Reads all sources, turning the loop for those over the network (NULL: files only), and makes the
 * model. A source that fails is told in its `error`; NULL with err only when the probe itself cannot
 * work. A pattern gives one source for each file.
 */
struct logs *logs_collect(struct arena *, const struct log_spec *specs, size_t count,
	const struct log_options *, struct loop *, struct error *err);

/* Masks every text of the model. */
void logs_mask(struct logs *, const struct redactor *, struct arena *);

#endif
