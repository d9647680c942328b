/*
 * resolve: names to addresses with c-ares, in the loop (never a blocking getaddrinfo).
 * Numeric addresses and connection.resolve entries answer at once, still through the callback.
 */
#ifndef PROBE_RESOLVE_H
#define PROBE_RESOLVE_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "probe/connection.h"
#include "probe/loop.h"

struct address {
	struct sockaddr_storage addr;
	socklen_t len;
};

struct resolve;

/* `count` 0: failed, and `problem` says why in words ("no such host", "no answer from ..."). */
typedef void resolve_done(void *ctx, const struct address *list, size_t count, const char *problem);

/* Calls done once, later, unless cancelled. host without brackets; port in host order. */
struct resolve *resolve_start(struct loop *, const struct connection *, struct str host,
	unsigned port, resolve_done *done, void *ctx);
void resolve_cancel(struct resolve *);
/* "127.0.0.1", "::1" or the path of a unix socket. */
void address_print(const struct address *, char *out, size_t size);

#endif
