/*
 * rejoin: says which entries an agent tore out of one event: a traceback that arrives as one entry a
 * line, or as the pieces a multi-line detector made of it. The texts are the caller's.
 *
 * Asked in time order, for each stream by itself (log, instance, stdout or stderr; the format layer
 * has removed the container runtime's prefix). Entries of structured logs are whole by nature and
 * are not given here.
 */
#ifndef PROBE_REJOIN_H
#define PROBE_REJOIN_H

#include "probe/str.h"

/* What an event looks like so far; zeroed, with time TIME_NONE, is "nothing yet". */
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

/*
 * The same in two halves: what the text is by itself, which is nearly all of the work and which any
 * thread can find out before, and then in order what it is to what stands before it.
 */
struct rejoin_text {
	struct rejoin_state
		begun; /* the state behind it when it begins an event; its time is not set */
	uint32_t colours, len; /* of its first line: bytes of colours before it, and of it */
	unsigned char kind;    /* what that line is */
	bool more;             /* other lines follow */
};

void rejoin_read(struct str text, struct rejoin_text *);
bool rejoin_goes_on(struct rejoin_state *, const struct rejoin_text *, struct str text,
	int64_t time, bool starts);

#endif
