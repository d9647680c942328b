/* A listening socket of the loop. */
#ifndef PROBE_MONITOR_SERVER_LISTEN_H
#define PROBE_MONITOR_SERVER_LISTEN_H

#include "probe/loop.h"

struct listener {
	struct loop *loop;
	int fd, spare; /* a descriptor kept back, to refuse when there are no others */
	struct watch watch;
	char address[80]; /* with the port that was chosen */
	/* Gets each connection, not blocking; owns it. */
	void (*accepted)(void *ctx, int fd);
	void *ctx;
};

/* "ADDR:PORT", ":PORT" for all addresses, "[V6]:PORT"; port 0 lets the system choose. */
int listener_open(struct listener *, struct loop *, const char *where, struct error *);
void listener_close(struct listener *);

#endif
