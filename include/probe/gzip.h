/*
 * gzip: inflating a stream of gzip members (RFC 1952) piece by piece.
 */
#ifndef PROBE_GZIP_H
#define PROBE_GZIP_H

#include <stdbool.h>

#include "probe/error.h"
#include "probe/str.h"

struct gzip;

/* `out` gets what was inflated; false ends the work early without an error. */
struct gzip *gzip_new(bool (*out)(void *ctx, struct str bytes), void *ctx);
/* Inflates the next piece. Returns 0, 1 when `out` ended it, -1 with err on bad data. */
int gzip_feed(struct gzip *, struct str bytes, struct error *err);
/* Whether the last member is complete. */
bool gzip_complete(const struct gzip *);
/* NULL is accepted. */
void gzip_free(struct gzip *);

/* The magic number of RFC 1952. */
bool gzip_is(struct str bytes);

#endif
