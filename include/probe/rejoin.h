/*
 * rejoin: puts back together what an agent tore apart: a traceback that arrives as one entry a
 * line, or as the pieces a multi-line detector made of it.
 *
 * Fed with entries in time order, each named by the stream it came from (log, instance and stdout
 * or stderr, hashed to one key by the caller; the format layer has removed the container runtime's
 * prefix). Entries of structured logs are whole by nature and are not given here. Memory is bounded:
 * an event holds at most REJOIN_TEXT_MAX bytes and REJOIN_STREAMS_MAX streams are open at once.
 */
#ifndef PROBE_REJOIN_H
#define PROBE_REJOIN_H

#include "probe/arena.h"
#include "probe/buf.h"

enum { REJOIN_TEXT_MAX = 1 << 20, REJOIN_STREAMS_MAX = 1024 };

/* What an event looks like so far; zeroed is "nothing yet". Small, so that a caller who keeps the
 * texts himself can have one per stream. */
struct rejoin_state {
	unsigned char mode;    /* the language whose trace is open */
	unsigned char phase;   /* where in the trace: head, frames, message ... */
	unsigned char level;   /* the head was an error line, so a trace may follow it */
	unsigned char blank;   /* blank lines since the last text */
	unsigned char open;    /* the last line left a quote or bracket open */
	unsigned char plain;   /* lines of message still expected */
	unsigned short writer; /* of the opening line: hash of a process, 0 not known */
	int64_t time;
};

/*
 * Whether `text` (one entry without line end, or several lines) goes on with the event that `state`
 * describes; updates the state either way: after false it describes the event that `text` begins.
 * `time` is wall ns or TIME_NONE. `starts`: the format layer saw a time or level of the
 * application's own logger in front of it, so it begins an event whatever it looks like.
 */
bool rejoin_continues(struct rejoin_state *, struct str text, int64_t time, bool starts);

/* One entry given to the joiner. */
struct rejoin_entry {
	uint64_t key;    /* log, instance, stream */
	int64_t time;    /* wall ns; TIME_NONE */
	struct str text; /* copied */
	bool starts;     /* see rejoin_continues() */
	uint64_t user;   /* anything; an event hands back that of its first entry */
};

struct rejoin_event {
	uint64_t key, user;
	int64_t first, last; /* times of its first and last entry */
	struct str text;     /* lines joined by '\n'; valid during the call */
	size_t entries;
	bool cut; /* longer than REJOIN_TEXT_MAX: the rest was counted, not kept */
};

struct rejoin;

/* `event` is called once for every event, in the order in which they end. */
struct rejoin *rejoin_new(void (*event)(void *ctx, const struct rejoin_event *), void *ctx);
/* Frees without calling; NULL is accepted. */
void rejoin_free(struct rejoin *);
void rejoin_add(struct rejoin *, const struct rejoin_entry *);
/* Ends every event that is open. */
void rejoin_flush(struct rejoin *);

#endif
