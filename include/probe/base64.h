/*
 * base64: RFC 4648, the standard alphabet and the URL alphabet.
 */
#ifndef PROBE_BASE64_H
#define PROBE_BASE64_H

#include "probe/arena.h"

/* Standard alphabet with padding. */
struct str base64_encode(struct arena *, struct str bytes);
/* URL alphabet without padding (RFC 7515, section 2). */
struct str base64url_encode(struct arena *, struct str bytes);
/* Strict: no padding, no foreign character, no stray bits at the end. False otherwise. */
bool base64url_decode(struct arena *, struct str text, struct str *bytes);

#endif
