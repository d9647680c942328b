/* A connection, and the server it belongs to. */
#ifndef PROBE_MONITOR_SERVER_CLIENT_H
#define PROBE_MONITOR_SERVER_CLIENT_H

#include "server_blackbox.h"
#include "server_listen.h"
#include "server_private.h"

enum {
	CLIENT_PATIENCE_S = 10, /* for a request to arrive, and for an answer to leave */
	ANSWER_PIECE = 16384,   /* bytes given to the socket at once, beside the head */
	LIVE_KEPT = 256,        /* lines that a slow listener may be behind */
};

struct lws;
struct lws_vhost;

struct client {
	struct server *server;
	struct lws *wsi;
	struct client *next, **at; /* oldest first */
	struct body *body;
	size_t sent;
	bool head;     /* only the head is wanted */
	bool close;    /* after the answer */
	bool live;     /* a WebSocket */
	bool dropping; /* is to make room */
	uint64_t seen; /* lines of /live */
	struct blackbox_run *probe;
};

struct shared {
	struct body *body;
	int status;
	int64_t until;
};

struct server {
	struct loop *loop;
	struct monitor *monitor;
	struct str token;
	struct lws_vhost *vhost;
	struct blackbox *blackbox;
	struct listener listener;
	struct client *first, **end;
	size_t count, listeners; /* all, and those of /live */
	struct shared shared[ROUTES_MAX];
	struct body *lines[LIVE_KEPT];
	uint64_t line_count;
};

/* server_answer.c: what comes and goes on a connection; -1 closes it */

int client_request(struct client *, const char *path);
int client_writable(struct client *);

#endif
