/* Between the files of the server. */
#ifndef PROBE_MONITOR_SERVER_PRIVATE_H
#define PROBE_MONITOR_SERVER_PRIVATE_H

#include "probe/server.h"

/* Bytes to send, shared by all who get them. libwebsockets writes into the room before them. */
enum { BODY_ROOM = 64, BODY_MAX = 64 << 20 };

struct body {
	unsigned refs;
	size_t len;
	unsigned char bytes[]; /* BODY_ROOM, then len */
};

struct body *body_new(struct str text);
struct body *body_ref(struct body *);
void body_drop(struct body *);

/* A request, texts decoded and ended by NUL. */
struct request {
	const char *path;
	struct pairs query;
	const char *authorization; /* NULL: none */
	int64_t patience; /* ns until the client gives up, as far as it says; 0: it does not */
};

struct reply {
	int status;
	const char *type; /* of the content; NULL: text/plain */
	struct body *body;
};

/* Of the query, or NULL. */
const char *request_query(const struct request *, const char *name);

/* server_route.c: what is answered; the reply owns its body. `open`: does not ask for the token. */
struct route {
	const char *path;
	const char *type;
	bool open;
	bool shared; /* the same for everybody without a query: rendered once a second */
	/* Returns the status; `out` gets the body. */
	int (*render)(struct monitor *, const struct request *, struct buf *out);
};
/* NULL: there is no such path. */
const struct route *route_find(const char *path, size_t *index);
enum { ROUTES_MAX = 16 };
bool token_fits(struct str token, const char *authorization);

/* api.c */
int api_status(struct monitor *, const struct request *, struct buf *);
int api_runs(struct monitor *, const struct request *, struct buf *);
int api_run(struct monitor *, const struct request *, struct buf *);
/* One line of /live. */
void api_event(struct buf *, const struct watched *);

/* page.c */
int page_render(struct monitor *, const struct request *, struct buf *);

#endif
