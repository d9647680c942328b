/* websocket_text: what people are told about messages, closes and refusals. */
#ifndef PROBE_STEPS_WEBSOCKET_TEXT_H
#define PROBE_STEPS_WEBSOCKET_TEXT_H

#include "probe/ws.h"

enum { MESSAGE_SHOWN = 256 };

/* The begin of a message on one line; of binary ones the size and some bytes. */
void message_text(enum ws_kind, struct str payload, char out[MESSAGE_SHOWN]);
const char *close_text(struct arena *, const struct ws_end *);
/* Why the handshake was not accepted, in the server's words; "" when it gave none. */
const char *refusal_text(struct arena *, const struct ws_answer *);

#endif
