/* The TLS half of a stream: OpenSSL on the stream's socket. */
#ifndef PROBE_NET_STREAM_PRIVATE_H
#define PROBE_NET_STREAM_PRIVATE_H

#include <sys/types.h>

#include "probe/stream.h"

struct stream_tls;

struct stream_tls *stream_tls_new(struct arena *, const struct stream_options *, struct error *err);
void stream_tls_free(struct stream_tls *);
void stream_tls_attach(struct stream_tls *, int fd);
/* 1: done, 0: goes on when the socket is ready, -1: failed (stream_tls_problem, else errno). */
int stream_tls_handshake(struct stream_tls *, bool *wants_write);
/* As recv and send. */
ssize_t stream_tls_read(struct stream_tls *, char *out, size_t size, bool *wants_write);
ssize_t stream_tls_write(struct stream_tls *, const char *bytes, size_t len);
void stream_tls_shutdown(struct stream_tls *);
/* Whether bytes are decrypted that nobody has read. */
bool stream_tls_pending(const struct stream_tls *);
/* Why the last call failed, in words; NULL: the socket failed. */
const char *stream_tls_problem(const struct stream_tls *, struct arena *);
const struct tls_facts *stream_tls_facts(const struct stream_tls *);
/* See stream_tls_unsettled. */
bool stream_tls_waits(const struct stream_tls *);

#endif
