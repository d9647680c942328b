/* What the files of the TLS module share. Only they include OpenSSL's headers. */
#ifndef PROBE_NET_TLS_PRIVATE_H
#define PROBE_NET_TLS_PRIVATE_H

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "probe/tls.h"

/* Subject, issuer, names and validity of the leaf, into facts of the arena. */
void tls_facts_certificate(struct arena *, struct tls_facts *, X509 *leaf);
/* Version, cipher and ALPN as far as they are agreed. */
void tls_facts_session(struct arena *, struct tls_facts *, const SSL *);
/* The verdict of the verification, an X509_V_* code. */
void tls_facts_verdict(struct arena *, struct tls_facts *, int code);
/* The newest entry of OpenSSL's error queue in words; the queue is emptied. */
const char *tls_error_text(struct arena *);

#endif
