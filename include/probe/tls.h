/*
 * tls: what a TLS handshake showed, and handshakes on a socket of our own (kind `tls`,
 * `check tls://`, `tcp` never). The user of OpenSSL's SSL_* beside libwebsockets and curl. Nothing
 * is initialised before the first call.
 */
#ifndef PROBE_TLS_H
#define PROBE_TLS_H

#include "probe/connection.h"
#include "probe/loop.h"
#include "probe/value.h"

struct tls_facts {
	const char *version;       /* "TLSv1.3" */
	const char *cipher, *alpn; /* alpn may be NULL */
	const char *subject, *issuer;
	struct strs san;
	int64_t not_before, not_after; /* wall ns */
	int64_t days_left;             /* floored, negative when past */
	bool verified;
	/* expired not_yet_valid self_signed unknown_issuer wrong_host revoked other; NULL when verified */
	const char *verify_error;
	const char *verify_text; /* the library's words for it */
};

/* Facts from an SSL * (as void *, so that the header needs no OpenSSL); copies into the arena.
 * `host` is the name that was to be verified. */
struct tls_facts *tls_facts_read(struct arena *, void *ssl, struct str host, int64_t wall_ns);
/* A client SSL_CTX * for a connection: CAs, client certificate, minimum version. Verification mode
 * is `verify`. Errors name the file. Owned by the caller (tls_context_free). */
void *tls_context_new(const struct connection *, bool verify, struct error *err);
void tls_context_free(void *ctx);
/* Directory of hashed CAs or bundle that the system has; SSL_CERT_FILE and SSL_CERT_DIR win. */
void tls_system_trust(const char **file, const char **dir);
/* Names of tls_facts as a fact object for `tls.*`. */
struct value tls_facts_value(struct arena *, const struct tls_facts *);

#endif
