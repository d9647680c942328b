/*
 * tls_peer: certificates made on the spot and servers that speak TLS, for tests. Files are in a
 * directory of their own below /tmp, removed at the end.
 */
#ifndef TESTS_TLS_PEER_H
#define TESTS_TLS_PEER_H

#include "peer.h"

struct certificate {
	const char *name;    /* common name and DNS name; "127.0.0.1" becomes an address */
	int from_days, days; /* validity, in days from now */
	int self_signed;     /* else issued by the test's CA */
};

struct tls_files {
	char dir[64];
	char ca[96], crl[96], client[96]; /* PEM; client holds certificate and key */
};

void tls_files_make(struct tls_files *);
void tls_files_remove(struct tls_files *);

/* Serves like peer_start, over TLS. want_client: asks for a certificate of the CA and insists. max12:
 * at most TLS 1.2. */
void tls_peer_start(struct peer *, const struct certificate *, peer_serve *, const void *ctx,
	int want_client, int max12);

/* For serve functions of TLS peers (fd is that of the connection). */
void tls_peer_text(const char *text);

/* Serial number that tls_files.crl revokes; such a certificate is named "revoked". */
enum { REVOKED_SERIAL = 666 };

#endif
