/*
 * tls: trust, client certificates, and what a TLS handshake showed, the same for every protocol.
 * With net/stream.c the only user of OpenSSL's SSL_*. Nothing is initialised before the first call.
 */
#ifndef PROBE_TLS_H
#define PROBE_TLS_H

#include "probe/connection.h"
#include "probe/clock.h"
#include "probe/error.h"
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
	const char *host;        /* the name that was to be verified */
};

/*
 * An observer watches the handshakes of one SSL_CTX, whoever made it (curl, libwebsockets, we), and
 * keeps facts, also of one that failed. It sets the trust, client certificate, minimum version and
 * the name to verify, so that all protocols behave alike.
 */
struct tls_observer;

/* `host` is the name to be verified (connection.server_name wins). `enforce` false lets a handshake
 * go on whatever the certificate; facts say what was wrong. Lives in the arena; the SSL_CTX must not
 * be used for handshakes after the arena is gone. `connection` may be NULL. */
struct tls_observer *tls_observer_new(
	struct arena *, const struct connection *, struct str host, bool enforce);
/* Sets up an SSL_CTX * (void *, so that the header needs no OpenSSL). Errors name the file. */
int tls_observe(struct tls_observer *, void *ssl_ctx, struct error *err);
/* NULL before a certificate came. */
const struct tls_facts *tls_observed(const struct tls_observer *);

/* A client SSL_CTX * under an observer; owned by the caller (tls_context_free). */
void *tls_context_new(struct tls_observer *, struct error *err);
void tls_context_free(void *ctx);

/* Whether the server asked for a client certificate. */
bool tls_asked_for_certificate(const struct tls_observer *);

/* What is wrong with a certificate, for people: "certificate expired on 2026-01-02 (3 days ago)".
 * NULL when verified. */
const char *tls_problem(struct arena *, const struct tls_facts *);
/* Directory of hashed CAs or bundle that the system has; SSL_CERT_FILE and SSL_CERT_DIR win. NULL:
 * there is none. The directory is preferred: it is read as needed, a bundle as a whole. */
void tls_system_trust(const char **file, const char **dir);
/* The facts as an object, for `tls.*`. */
struct value tls_facts_value(struct arena *, const struct tls_facts *);

#endif
