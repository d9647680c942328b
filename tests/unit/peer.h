/*
 * peer: a server on the loopback for tests, in a process of its own. It takes one connection after
 * the other, reads the request (up to the blank line that ends HTTP headers) and lets `serve` answer
 * as badly as it likes. What was received comes back over a pipe.
 */
#ifndef TESTS_PEER_H
#define TESTS_PEER_H

#include <stddef.h>
#include <sys/types.h>

struct peer {
	pid_t pid;
	unsigned port;
	int requests; /* pipe of what was received */
	char url[64];
};

/* `request` is what came so far, NUL-ended; empty when the connection has to speak first. */
typedef void peer_serve(int fd, const char *request, const void *ctx);

/* silent: do not read a request first. */
void peer_start(struct peer *, peer_serve *, const void *ctx, int silent);
/* The next request the peer got, NUL-ended; waits up to 5 s. */
void peer_request(struct peer *, char *out, size_t size);
void peer_stop(struct peer *);

/* For serve functions. */
void peer_send(int fd, const void *bytes, size_t len);
void peer_text(int fd, const char *text);
/* Ends the connection by RST instead of FIN. */
void peer_reset(int fd);

/* A port on which nobody listens. */
unsigned peer_closed_port(void);

#endif
