/*
 * lws_loop: the one libwebsockets context of a loop, made on first use. Its poll loop becomes the
 * master of the waiting; the loop's own descriptor is adopted by it, and the loop's next timer ends
 * its wait. WebSocket machine and monitor server make their vhosts in this context.
 */
#ifndef PROBE_LWS_LOOP_H
#define PROBE_LWS_LOOP_H

#include "probe/error.h"
#include "probe/loop.h"

struct lws_context;

/* NULL with err when libwebsockets cannot start (no memory, no descriptors, no /dev/urandom). Freed
 * with the loop, together with its vhosts. */
struct lws_context *lws_loop_context(struct loop *, struct error *err);

#endif
