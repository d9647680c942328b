/*
 * connection: how to reach a peer. The key `connection` of a step and of `defaults`, and the flags
 * of the same names; curl's meaning throughout. Data only.
 */
#ifndef PROBE_CONNECTION_H
#define PROBE_CONNECTION_H

#include "probe/field.h"

enum ip_family { IP_ANY, IP_V4, IP_V6 };
enum tls_version { TLS_1_2, TLS_1_3 };

struct connection {
	struct str cacert, capath; /* empty: the system's */
	struct str cert, key;      /* client certificate (PEM files) */
	bool insecure;
	struct str server_name; /* SNI and verified name; empty: the host */
	int min_tls;            /* enum tls_version */
	struct strs resolve;    /* HOST:PORT:ADDR[,ADDR] */
	struct strs connect_to; /* HOST:PORT:HOST2:PORT2 */
	struct str proxy; /* empty: environment as curl does, never for loopback; "none": none */
	struct str unix_socket; /* path */
	int ip;                 /* enum ip_family */
};

extern const struct field connection_fields[];

/* Fills what the map says; paths become relative to the working directory instead of to the file's.
 * 0 when no diagnostic was added. */
int connection_fill(const struct fill *, const struct node *map, struct connection *);
/* Members that are set in `over` replace those of the other. */
void connection_override(struct connection *, const struct connection *over);

#endif
