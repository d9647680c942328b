/* See probe/tls.h: contexts, trust and the observer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "probe/startup.h"

#include "tls_private.h"

struct tls_observer {
	struct arena *arena;
	const struct connection *connection;
	const char *host;
	bool enforce;
	bool trustless; /* the system has no CAs */
	bool asked;     /* the server wants a client certificate */
	struct tls_facts *facts;
};

/* Trust */

void tls_system_trust(const char **file, const char **dir)
{
	static const char *const dirs[] = {"/etc/ssl/certs", "/etc/pki/tls/certs"};
	static const char *const files[] = {"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem", "/etc/ssl/ca-bundle.pem"};
	/* A directory counts when it is hashed; this root is in every one of them (ISRG Root X1). */
	static const char probe_name[] = "4042bcee.0";
	const char *env_file = getenv("SSL_CERT_FILE"), *env_dir = getenv("SSL_CERT_DIR");

	*file = env_file && *env_file ? env_file : NULL;
	*dir = env_dir && *env_dir ? env_dir : NULL;
	if (*file || *dir)
		return;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/%s", dirs[i], probe_name);
		if (access(path, R_OK) == 0) {
			*dir = dirs[i];
			return;
		}
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (access(files[i], R_OK) == 0) {
			*file = files[i];
			return;
		}
}

/* A CA file may hold revocation lists beside certificates; then they are looked at. */
static void use_revocation_lists(X509_STORE *store)
{
	const STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);

	for (int i = 0; i < sk_X509_OBJECT_num(objects); i++)
		if (X509_OBJECT_get_type(sk_X509_OBJECT_value(objects, i)) == X509_LU_CRL) {
			X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
			return;
		}
}

static int load_trust(SSL_CTX *ctx, const char *file, const char *dir, struct error *err)
{
	if (file && access(file, R_OK) < 0)
		return error_set(err, "cannot read CA file '%s': %s", file, strerror(errno));
	if (dir && access(dir, R_OK | X_OK) < 0)
		return error_set(err, "cannot read CA directory '%s': %s", dir, strerror(errno));
	if (file && SSL_CTX_load_verify_file(ctx, file) != 1) {
		ERR_clear_error();
		return error_set(err, "no certificate in CA file '%s' (PEM is wanted)", file);
	}
	if (dir && SSL_CTX_load_verify_dir(ctx, dir) != 1) {
		ERR_clear_error();
		return error_set(err, "cannot use CA directory '%s'", dir);
	}
	use_revocation_lists(SSL_CTX_get_cert_store(ctx));
	return 0;
}

static int set_trust(struct tls_observer *o, SSL_CTX *ctx, struct error *err)
{
	const struct connection *c = o->connection;
	const char *file = c && c->cacert.len ? arena_str(o->arena, c->cacert).ptr : NULL;
	const char *dir = c && c->capath.len ? arena_str(o->arena, c->capath).ptr : NULL;
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);

	/* As curl: a CA that is trusted by name need not be a root. */
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
	if (*o->host && X509_VERIFY_PARAM_set1_ip_asc(param, o->host) != 1) {
		X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
		X509_VERIFY_PARAM_set1_host(param, o->host, 0);
	}
	if (file || dir)
		return load_trust(ctx, file, dir, err);
	tls_system_trust(&file, &dir);
	o->trustless = !file && !dir;
	/* A broken SSL_CERT_FILE leaves us without trust; the verification will say so. */
	if (load_trust(ctx, file, dir, NULL) < 0)
		o->trustless = true;
	return 0;
}

static int set_client_certificate(
	struct tls_observer *o, SSL_CTX *ctx, const struct connection *c, struct error *err)
{
	if (!c || !c->cert.len)
		return 0;
	const char *cert = arena_str(o->arena, c->cert).ptr;
	const char *key = c->key.len ? arena_str(o->arena, c->key).ptr : cert;

	if (access(cert, R_OK) < 0)
		return error_set(
			err, "cannot read client certificate '%s': %s", cert, strerror(errno));
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
		return error_set(
			err, "client certificate '%s': %s", cert, tls_error_text(o->arena));
	if (access(key, R_OK) < 0)
		return error_set(err, "cannot read client key '%s': %s", key, strerror(errno));
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		return error_set(err, "client key '%s': %s", key, tls_error_text(o->arena));
	return 0;
}

/* Observing */

static int observer_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	return index;
}

static struct tls_observer *observer_of(const SSL *ssl)
{
	return SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), observer_index());
}

/* A revocation list for some other authority is no reason to refuse. */
static int on_verify_error(int ok, X509_STORE_CTX *store)
{
	return ok || X509_STORE_CTX_get_error(store) == X509_V_ERR_UNABLE_TO_GET_CRL;
}

/* Takes the place of OpenSSL's verification: the same, but the leaf and the verdict are kept. */
static int on_verify(X509_STORE_CTX *store, void *arg)
{
	struct tls_observer *o = arg;
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_facts *facts = ARENA_NEW(o->arena, struct tls_facts);

	X509_STORE_CTX_set_verify_cb(store, on_verify_error);
	int ok = X509_verify_cert(store) == 1;
	int code = X509_STORE_CTX_get_error(store);

	if (ok || code == X509_V_ERR_UNABLE_TO_GET_CRL)
		code = X509_V_OK;
	else if (code == X509_V_OK)
		code = X509_V_ERR_UNSPECIFIED;
	facts->host = o->host;
	tls_facts_certificate(o->arena, facts, X509_STORE_CTX_get0_cert(store));
	tls_facts_session(o->arena, facts, ssl);
	tls_facts_verdict(o->arena, facts, code);
	if (o->trustless && !facts->verified)
		facts->verify_text =
			"this system has no CA certificates; name some with cacert or capath";
	o->facts = facts;
	if (!o->enforce) {
		X509_STORE_CTX_set_error(store, X509_V_OK);
		return 1;
	}
	return code == X509_V_OK;
}

static int on_certificate_request(SSL *ssl, void *arg)
{
	(void)ssl;
	((struct tls_observer *)arg)->asked = true;
	return 1;
}

static void on_info(const SSL *ssl, int where, int ret)
{
	(void)ret;
	struct tls_observer *o = observer_of(ssl);

	if ((where & SSL_CB_HANDSHAKE_DONE) && o && o->facts)
		tls_facts_session(o->arena, o->facts, ssl);
}

struct tls_observer *tls_observer_new(
	struct arena *arena, const struct connection *c, struct str host, bool enforce)
{
	struct tls_observer *o = ARENA_NEW(arena, struct tls_observer);

	startup_whole();
	if (c && c->server_name.len)
		host = c->server_name;
	*o = (struct tls_observer){
		.arena = arena,
		.connection = c,
		.host = arena_str(arena, host).ptr,
		.enforce = enforce,
	};
	return o;
}

int tls_observe(struct tls_observer *o, void *ssl_ctx, struct error *err)
{
	SSL_CTX *ctx = ssl_ctx;
	const struct connection *c = o->connection;

	SSL_CTX_set_min_proto_version(
		ctx, c && c->min_tls == TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_ex_data(ctx, observer_index(), o);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, on_verify, o);
	SSL_CTX_set_info_callback(ctx, on_info);
	SSL_CTX_set_cert_cb(ctx, on_certificate_request, o);
	if (set_trust(o, ctx, err) < 0)
		return -1;
	return set_client_certificate(o, ctx, c, err);
}

const struct tls_facts *tls_observed(const struct tls_observer *o)
{
	return o ? o->facts : NULL;
}

bool tls_asked_for_certificate(const struct tls_observer *o)
{
	return o && o->asked;
}

void *tls_context_new(struct tls_observer *o, struct error *err)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx) {
		error_set(err, "cannot set up TLS: %s", tls_error_text(o->arena));
		return NULL;
	}
	if (tls_observe(o, ctx, err) == 0)
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

void tls_context_free(void *ctx)
{
	SSL_CTX_free(ctx);
}
