/*
 * server: the HTTP endpoints of the monitor, its status page, and live updates over a WebSocket, on
 * libwebsockets in the loop. Requests read what the monitor knows and never start runs; the one
 * exception is /probe, which asks only where it is allowed to.
 *
 *   /startupz /readyz /livez   for platforms, never behind the token
 *   /metrics /probe            for Prometheus
 *   /api/v1/...                JSON
 *   /                          for people; /live tells of finished runs
 *
 * What many ask for is rendered once a second and shared. Clients are bounded in number, and one that
 * is slower than 10 s is dropped.
 */
#ifndef PROBE_SERVER_H
#define PROBE_SERVER_H

#include "probe/monitor.h"

enum { SERVER_CLIENTS_MAX = 512 };

struct server;

struct server_options {
	const char *listen;      /* "ADDR:PORT", ":PORT", "[V6]:PORT"; port 0: any */
	struct str token;        /* empty: open */
	struct strs probe_allow; /* what /probe may reach beside the scenarios' own targets */
};

/* Listens; errors name the address. `monitor` is asked until server_free(). */
struct server *server_new(
	struct loop *, struct monitor *, const struct server_options *, struct error *);
void server_free(struct server *);
/* "127.0.0.1:9090", with the port that was chosen. */
const char *server_address(const struct server *);
/* A run has finished: tells who listens on /live. */
void server_finished(struct server *, const struct watched *);

#endif
