/* ws_handshake: the opening handshake of RFC 6455 section 4 as text. */
#ifndef PROBE_NET_WS_HANDSHAKE_H
#define PROBE_NET_WS_HANDSHAKE_H

#include "probe/url.h"
#include "probe/ws.h"

enum { WS_HEAD_MAX = 256 << 10, WS_BODY_MAX = 64 << 10 };

/* The key of a handshake and the answer it has to have. */
void ws_key_make(char key[25], char accept[29]);
/* The request; -1 for a header that cannot be sent. */
int ws_request(struct arena *, const struct ws_options *, const struct url *, const char *key,
	struct str *out, struct error *err);
/* Takes a complete head apart. -1: this is not HTTP. */
int ws_head_parse(
	struct arena *, struct str head, int64_t *status, struct pairs *headers, struct error *err);
/* Checks a 101; fills the subprotocol. Errors say which rule is broken. */
int ws_head_check(const struct pairs *headers, const struct strs *offered, const char *accept,
	struct str *subprotocol, struct error *err);
/* Whether the body of a refusal is complete; `body` is decoded in `out`. */
bool ws_body_complete(struct arena *, const struct pairs *headers, struct str raw, struct str *out);

#endif
