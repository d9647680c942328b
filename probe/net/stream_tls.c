/* See stream_private.h. */
#include "stream_private.h"

#include <arpa/inet.h>
#include <errno.h>

#include <openssl/err.h>

#include "tls_private.h"

struct stream_tls {
	SSL_CTX *ctx;
	SSL *ssl;
	struct tls_observer *observer;
	const char *problem; /* of the last failed call, in the stream's arena */
	struct arena *arena;
	bool done;    /* the handshake; OpenSSL forgets that once a fatal alert comes */
	bool settled; /* a ticket or data came after the handshake */
};

/* A server sends tickets only after it has accepted the client's part of the handshake. */
static int on_ticket(SSL *ssl, SSL_SESSION *session)
{
	struct stream_tls *t = SSL_get_app_data(ssl);

	(void)session;
	t->settled = true;
	return 0; /* the session is not kept */
}

static bool is_numeric(const char *host)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static void set_protocol(SSL *ssl, const char *alpn)
{
	unsigned char list[64];
	size_t len = strlen(alpn);

	if (len + 1 > sizeof(list))
		return;
	list[0] = (unsigned char)len;
	memcpy(list + 1, alpn, len);
	SSL_set_alpn_protos(ssl, list, (unsigned)len + 1);
}

struct stream_tls *stream_tls_new(
	struct arena *arena, const struct stream_options *o, struct error *err)
{
	const struct connection *c = o->connection;
	struct stream_tls *t = ARENA_NEW(arena, struct stream_tls);
	struct str name = c && c->server_name.len ? c->server_name : o->host;
	bool enforce = !o->trust_any && !(c && c->insecure);

	t->arena = arena;
	t->observer = tls_observer_new(arena, c, o->host, enforce);
	t->ctx = tls_context_new(t->observer, err);
	if (!t->ctx)
		return NULL;
	SSL_CTX_set_mode(t->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
					 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_session_cache_mode(t->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(t->ctx, on_ticket);
	t->ssl = SSL_new(t->ctx);
	if (!t->ssl) {
		error_set(err, "cannot set up TLS: %s", tls_error_text(arena));
		tls_context_free(t->ctx);
		return NULL;
	}
	SSL_set_app_data(t->ssl, t);
	/* RFC 6066 section 3: addresses are no server names. */
	const char *text = arena_str(arena, name).ptr;

	if (!is_numeric(text))
		SSL_set_tlsext_host_name(t->ssl, text);
	if (o->alpn)
		set_protocol(t->ssl, o->alpn);
	return t;
}

void stream_tls_free(struct stream_tls *t)
{
	if (!t)
		return;
	SSL_free(t->ssl);
	tls_context_free(t->ctx);
}

void stream_tls_attach(struct stream_tls *t, int fd)
{
	SSL_set_fd(t->ssl, fd);
	SSL_set_connect_state(t->ssl);
}

/* Turns a result of OpenSSL into errno's language: EAGAIN, or another number; a problem in words when
 * TLS itself has one. Returns 0 for an orderly end. */
static int settle_error(struct stream_tls *t, int rc, bool *wants_write)
{
	int error = errno;

	t->problem = NULL;
	switch (SSL_get_error(t->ssl, rc)) {
	case SSL_ERROR_WANT_WRITE: *wants_write = true; /* fall through */
	case SSL_ERROR_WANT_READ: errno = EAGAIN; return -1;
	case SSL_ERROR_ZERO_RETURN: return 0;
	case SSL_ERROR_SYSCALL: errno = error ? error : ECONNRESET; return -1;
	default: break;
	}
	/* Many peers close without close_notify; whether that was early the protocol above knows. */
	if (ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
		ERR_clear_error();
		errno = ECONNRESET;
		return t->done ? 0 : -1;
	}
	t->problem = tls_error_text(t->arena);
	errno = EPROTO;
	return -1;
}

int stream_tls_handshake(struct stream_tls *t, bool *wants_write)
{
	ERR_clear_error();
	errno = 0;
	int rc = SSL_connect(t->ssl);

	if (rc == 1) {
		t->done = true;
		return 1;
	}
	rc = settle_error(t, rc, wants_write);
	if (rc < 0 && errno == EAGAIN)
		return 0;
	if (rc == 0)
		errno = ECONNRESET;
	return -1;
}

ssize_t stream_tls_read(struct stream_tls *t, char *out, size_t size, bool *wants_write)
{
	ERR_clear_error();
	errno = 0;
	int rc = SSL_read(t->ssl, out, (int)size);

	if (rc > 0) {
		t->settled = true;
		return rc;
	}
	return settle_error(t, rc, wants_write);
}

ssize_t stream_tls_write(struct stream_tls *t, const char *bytes, size_t len)
{
	bool ignored = false;

	ERR_clear_error();
	errno = 0;
	int rc = SSL_write(t->ssl, bytes, len > 1 << 20 ? 1 << 20 : (int)len);

	if (rc > 0)
		return rc;
	rc = settle_error(t, rc, &ignored);
	if (rc == 0)
		errno = EPIPE;
	return -1;
}

void stream_tls_shutdown(struct stream_tls *t)
{
	ERR_clear_error();
	SSL_shutdown(t->ssl);
	ERR_clear_error();
}

bool stream_tls_pending(const struct stream_tls *t)
{
	return SSL_pending(t->ssl) > 0;
}

const char *stream_tls_problem(const struct stream_tls *t, struct arena *arena)
{
	const struct tls_facts *facts = tls_observed(t->observer);

	if (!t->problem)
		return NULL;
	if (!t->done && facts && !facts->verified)
		return tls_problem(arena, facts);
	if (strstr(t->problem, "wrong version number") || strstr(t->problem, "packet length"))
		return "TLS handshake failed: the peer does not speak TLS";
	return arena_printf(
		arena, "TLS %s: %s", t->done ? "failed" : "handshake failed", t->problem);
}

const struct tls_facts *stream_tls_facts(const struct stream_tls *t)
{
	return tls_observed(t->observer);
}

bool stream_tls_waits(const struct stream_tls *t)
{
	return t->done && SSL_version(t->ssl) == TLS1_3_VERSION &&
	       tls_asked_for_certificate(t->observer) && !t->settled;
}
