/*
 * stream: a byte stream to a peer in the loop. Resolves, connects (addresses race as in RFC 8305),
 * goes through a proxy when told so, does the TLS handshake; then bytes in and out. The kinds tcp,
 * tls and websocket stand on it.
 *
 * `open` is called once; `data` as bytes come; `ended` once, last, whatever the reason. Any callback
 * may free the stream. Nothing is called from inside stream_start, nor after stream_free.
 */
#ifndef PROBE_STREAM_H
#define PROBE_STREAM_H

#include "probe/connection.h"
#include "probe/loop.h"
#include "probe/run.h"
#include "probe/tls.h"

struct stream;

struct stream_options {
	const struct connection *connection; /* outlives the stream */
	struct str host;                     /* without brackets */
	unsigned port;
	bool tls;
	bool trust_any;   /* the handshake completes whatever the certificate */
	const char *alpn; /* one protocol to offer, such as "http/1.1"; NULL: none */
	/* The proxy of the environment is used (never for the loopback), as curl does for http and
	 * https; else only connection.proxy. */
	bool environment_proxy;
};

struct stream_events {
	/* Connected, and with TLS the handshake is done. */
	void (*open)(void *ctx);
	void (*data)(void *ctx, struct str bytes);
	/* FAILURE_NONE: the peer ended the stream in order. DNS, CONNECT, TLS: it never opened (or, TLS,
	 * the peer refused our certificate after the handshake). PROTOCOL: lost after it was open. */
	void (*ended)(void *ctx, enum failure, const char *detail);
};

struct stream *stream_start(
	struct loop *, const struct stream_options *, const struct stream_events *, void *ctx);
/* Closes. NULL is accepted. Texts and facts of the stream are gone afterwards. */
void stream_free(struct stream *);
/* Queues bytes and sends as the socket takes them. Ignored before open and after the end. */
void stream_write(struct stream *, struct str bytes);
/* Bytes that are queued and not sent. */
size_t stream_unsent(const struct stream *);
/* No more bytes will be written: FIN, or close_notify and FIN, after what is queued. */
void stream_shutdown(struct stream *);

/* dns, connect, tls as far as they got. A proxy's dialog belongs to connect. */
void stream_timing(const struct stream *, struct timing *);
/* NULL without TLS or before a certificate came. */
const struct tls_facts *stream_tls(const struct stream *);
/* TLS 1.3: the server asked for a client certificate and has not confirmed the handshake yet (by a
 * session ticket or data): it may still refuse. */
bool stream_tls_unsettled(const struct stream *);
/* Address that was reached ("127.0.0.1", a socket's path), "" before. */
const char *stream_remote(const struct stream *);

#endif
