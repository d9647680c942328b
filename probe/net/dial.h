/* dial: from a name to a connected socket, for stream.c. */
#ifndef PROBE_NET_DIAL_H
#define PROBE_NET_DIAL_H

#include "probe/resolve.h"
#include "probe/run.h"

struct dial;

struct dial_result {
	int fd; /* -1: failed; else the caller's, non-blocking */
	enum failure failure;
	const char *detail;
	int64_t resolved, connected; /* monotonic; TIME_NONE */
	char remote[128];
};

/* connection.unix_socket, connect_to, resolve and ip are honoured. `done` is called once, later. */
struct dial *dial_start(struct loop *, const struct connection *, struct str host, unsigned port,
	void (*done)(void *ctx, const struct dial_result *), void *ctx);
/* When the name was resolved, or TIME_NONE. */
int64_t dial_resolved(const struct dial *);
void dial_free(struct dial *);

#endif
