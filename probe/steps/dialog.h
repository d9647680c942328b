/* dialog: the list `dialog` of a websocket step, parsed. */
#ifndef PROBE_STEPS_DIALOG_H
#define PROBE_STEPS_DIALOG_H

#include "probe/check.h"
#include "probe/field.h"
#include "probe/ws.h"

enum act { ACT_SEND, ACT_EXPECT, ACT_HOLD, ACT_CLOSE };

/* One message that has to come. */
struct wanted {
	struct checks checks;
	bool pong, close;
	struct str payload; /* of the pong; ptr NULL: any */
	int64_t code;       /* of the close; 0: any */
	const char *text;   /* as written, for messages */
	bool met;
};

struct action {
	enum act act;
	enum ws_kind kind;     /* ACT_SEND */
	struct str payload;    /* ACT_SEND, reason of ACT_CLOSE */
	struct wanted *wanted; /* ACT_EXPECT: in any order when several */
	size_t wanted_count;
	bool strict;
	int64_t within; /* ACT_EXPECT, ns; 0: until the attempt ends */
	int64_t hold;
	unsigned code;
};

struct dialog {
	struct action *items;
	size_t count;
};

/*
 * Parses. `fill` NULL: only checks the form, before the first packet, since captures are not known
 * yet. Mistakes, `within` and `hold` beyond `timeout` among them, go to diags.
 */
void dialog_parse(struct arena *, const struct node *, const struct fill *, int64_t timeout,
	struct diags *, struct dialog *out);

/* Whether a message (or pong) is what is wanted. `fill` gives scope and place for wanted values. */
bool wanted_fits(const struct wanted *, const struct fill *, enum ws_kind, struct str payload);
/* Whether everything of an ACT_EXPECT has come, and what has not, for people. */
bool action_met(const struct action *);
const char *action_unmet(struct arena *, const struct action *);
/* Whether a close of that code, 1006 when there was none, is the one that is wanted. */
bool close_wanted(const struct wanted *, int64_t code);
/* Whether something that only an open socket can give is wanted after the action at `at`. */
bool dialog_wants_after(const struct dialog *, size_t at);

#endif
