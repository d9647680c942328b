/*
 * jwks: keys from where they are published: a URL or path (fetched in the loop), an inline JWK set,
 * or the text of one.
 */
#ifndef PROBE_JWKS_H
#define PROBE_JWKS_H

#include "probe/http.h"
#include "probe/jose.h"

struct jwks_load;

/* `where`: a string that is a URL, a path of the target or JSON text, or an object. `done` is called
 * once, later, unless cancelled; keys NULL: unavailable, and `problem` says why. The keys belong to
 * the loader and live until jwks_cancel(), which must be called in any case. */
struct jwks_load *jwks_start(struct loop *, const struct connection *, struct str target,
	const struct value *where,
	void (*done)(void *ctx, const struct jose_keys *keys, const char *problem), void *ctx);
void jwks_cancel(struct jwks_load *);

#endif
