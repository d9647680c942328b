/* websocket_text: what people are told about messages, closes and refusals. Texts come in masked. */
#ifndef PROBE_STEPS_WEBSOCKET_TEXT_H
#define PROBE_STEPS_WEBSOCKET_TEXT_H

#include "probe/ws.h"

/* A message of `size` bytes, of which the begin is at hand, cut off or not; of binary ones some bytes. */
const char *message_text(struct arena *, enum ws_kind, struct str begin, size_t size, bool cut_off);
const char *close_text(struct arena *, const struct ws_end *);
/* Why the handshake was not accepted, in the server's words; "" when it gave none. */
const char *refusal_text(struct arena *, const struct ws_answer *);

/* What is wrong with subprotocols to offer (RFC 6455, section 4.1): each a token, none twice. Or NULL. */
const char *subprotocols_problem(struct arena *, const struct strs *);

#endif
