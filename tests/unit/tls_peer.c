#include "tls_peer.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static EVP_PKEY *ca_key;
static X509 *ca;
static SSL *serving;

static void name_set(X509_NAME *name, const char *text)
{
	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0);
}

static void extension_add(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);

	X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
}

static X509 *certificate_make(const struct certificate *c, EVP_PKEY *key, int is_ca)
{
	X509 *cert = X509_new();
	char san[256];
	unsigned char bytes[16];
	static long serial = 1000;

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert),
		strcmp(c->name, "revoked") == 0 ? REVOKED_SERIAL : ++serial);
	X509_gmtime_adj(X509_getm_notBefore(cert), (long)c->from_days * 86400);
	X509_gmtime_adj(X509_getm_notAfter(cert), (long)(c->from_days + c->days) * 86400);
	name_set(X509_get_subject_name(cert), c->name);
	X509_set_issuer_name(cert, X509_get_subject_name(c->self_signed || is_ca ? cert : ca));
	X509_set_pubkey(cert, key);
	snprintf(san, sizeof(san), inet_pton(AF_INET, c->name, bytes) == 1 ? "IP:%s" : "DNS:%s",
		c->name);
	if (is_ca)
		extension_add(cert, NID_basic_constraints, "critical,CA:TRUE");
	else
		extension_add(cert, NID_subject_alt_name, san);
	X509_sign(cert, c->self_signed || is_ca ? key : ca_key, EVP_sha256());
	return cert;
}

static void crl_write(const char *path)
{
	X509_CRL *crl = X509_CRL_new();
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	ASN1_TIME *now = X509_gmtime_adj(NULL, -60), *later = X509_gmtime_adj(NULL, 86400);
	FILE *f = fopen(path, "w");

	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca));
	X509_CRL_set1_lastUpdate(crl, now);
	X509_CRL_set1_nextUpdate(crl, later);
	ASN1_INTEGER_set(serial, REVOKED_SERIAL);
	X509_REVOKED_set_serialNumber(entry, serial);
	X509_REVOKED_set_revocationDate(entry, now);
	X509_CRL_add0_revoked(crl, entry);
	X509_CRL_sign(crl, ca_key, EVP_sha256());
	PEM_write_X509(f, ca);
	PEM_write_X509_CRL(f, crl);
	fclose(f);
	ASN1_TIME_free(now);
	ASN1_TIME_free(later);
	ASN1_INTEGER_free(serial);
	X509_CRL_free(crl);
}

void tls_files_make(struct tls_files *files)
{
	struct certificate root = {"Test CA", -10, 100, 1}, client = {"client", -1, 10, 0};
	EVP_PKEY *key = EVP_EC_gen("P-256");

	snprintf(files->dir, sizeof(files->dir), "/tmp/goldprobe-tls-XXXXXX");
	if (!mkdtemp(files->dir))
		abort();
	snprintf(files->ca, sizeof(files->ca), "%s/ca.pem", files->dir);
	snprintf(files->crl, sizeof(files->crl), "%s/crl.pem", files->dir);
	snprintf(files->client, sizeof(files->client), "%s/client.pem", files->dir);
	ca_key = EVP_EC_gen("P-256");
	ca = certificate_make(&root, ca_key, 1);
	FILE *f = fopen(files->ca, "w");

	PEM_write_X509(f, ca);
	fclose(f);
	crl_write(files->crl);
	X509 *cert = certificate_make(&client, key, 0);

	f = fopen(files->client, "w");
	PEM_write_X509(f, cert);
	PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	X509_free(cert);
	EVP_PKEY_free(key);
}

void tls_files_remove(struct tls_files *files)
{
	unlink(files->ca);
	unlink(files->crl);
	unlink(files->client);
	rmdir(files->dir);
	X509_free(ca);
	EVP_PKEY_free(ca_key);
}

struct tls_serving {
	SSL_CTX *ctx;
	peer_serve *serve;
	const void *ctx_of_serve;
};

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
	const unsigned char *in, unsigned in_len, void *arg)
{
	static const unsigned char list[] = "\x08http/1.1";

	(void)ssl;
	(void)arg;
	return SSL_select_next_proto((unsigned char **)out, out_len, list, sizeof(list) - 1, in,
		       in_len) == OPENSSL_NPN_NEGOTIATED
		       ? SSL_TLSEXT_ERR_OK
		       : SSL_TLSEXT_ERR_NOACK;
}

static void serve_tls(int fd, const char *unused, const void *ctx)
{
	const struct tls_serving *s = ctx;
	static char request[16384];
	int n = 0, got;

	(void)unused;
	serving = SSL_new(s->ctx);
	SSL_set_fd(serving, fd);
	if (SSL_accept(serving) == 1) {
		while (n < (int)sizeof(request) - 1 &&
			(got = SSL_read(serving, request + n, (int)sizeof(request) - 1 - n)) > 0) {
			n += got;
			request[n] = '\0';
			if (strstr(request, "\r\n\r\n"))
				break;
		}
		s->serve(fd, request, s->ctx_of_serve);
		SSL_shutdown(serving);
	} else {
		/* What the client had sent already would turn the close into a reset, which would
		 * take the alert away from it. */
		char rest[4096];

		shutdown(fd, SHUT_WR);
		while (read(fd, rest, sizeof(rest)) > 0)
			;
	}
	SSL_free(serving);
}

void tls_peer_text(const char *text)
{
	SSL_write(serving, text, (int)strlen(text));
}

void tls_peer_start(struct peer *p, const struct certificate *c, peer_serve *serve, const void *ctx,
	int want_client, int max12)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = certificate_make(c, key, 0);
	struct tls_serving s = {SSL_CTX_new(TLS_server_method()), serve, ctx};

	SSL_CTX_use_certificate(s.ctx, cert);
	SSL_CTX_use_PrivateKey(s.ctx, key);
	SSL_CTX_set_alpn_select_cb(s.ctx, choose_protocol, NULL);
	if (max12)
		SSL_CTX_set_max_proto_version(s.ctx, TLS1_2_VERSION);
	if (want_client) {
		X509_STORE_add_cert(SSL_CTX_get_cert_store(s.ctx), ca);
		SSL_CTX_set_verify(s.ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	peer_start(p, serve_tls, &s, 1);
	snprintf(p->url, sizeof(p->url), "https://127.0.0.1:%u/", p->port);
	SSL_CTX_free(s.ctx);
	X509_free(cert);
	EVP_PKEY_free(key);
}
