/* See probe/resolve.h. One c-ares channel a loop; its sockets and its timeout hang on the loop. */
#include "probe/resolve.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>

#include <ares.h>

static const char machine_key;

enum { ADDRESSES_MAX = 16 };

struct resolver {
	struct loop *loop;
	ares_channel channel;
	struct timer timer;
	struct name_socket *sockets;
};

struct name_socket {
	struct resolver *resolver;
	struct watch watch;
	ares_socket_t fd;
	struct name_socket *next;
};

struct resolve {
	struct loop *loop;
	resolve_done *done; /* NULL: cancelled; c-ares still has it */
	void *ctx;
	struct timer answer;
	bool asked; /* c-ares has it */
	unsigned port;
	struct address list[ADDRESSES_MAX];
	size_t count;
	char host[256];
	char problem[512];
};

/* The channel in the loop */

static void timer_set(struct resolver *);

static void socket_ready(void *ctx, unsigned events)
{
	struct name_socket *s = ctx;
	struct resolver *resolver = s->resolver;
	ares_socket_t fd = s->fd;

	ares_process_fd(resolver->channel,
		events & (LOOP_READ | LOOP_HANGUP) ? fd : ARES_SOCKET_BAD,
		events & LOOP_WRITE ? fd : ARES_SOCKET_BAD);
	timer_set(resolver);
}

static void timer_fired(void *ctx)
{
	struct resolver *resolver = ctx;

	ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	timer_set(resolver);
}

static void timer_set(struct resolver *resolver)
{
	struct timeval wait;

	if (!ares_timeout(resolver->channel, NULL, &wait)) {
		timer_stop(resolver->loop, &resolver->timer);
		return;
	}
	timer_start(resolver->loop, &resolver->timer,
		loop_now(resolver->loop) + wait.tv_sec * NS_PER_S + wait.tv_usec * NS_PER_US +
			NS_PER_MS,
		timer_fired, resolver);
}

static void on_socket(void *ctx, ares_socket_t fd, int readable, int writable)
{
	struct resolver *resolver = ctx;
	struct name_socket **at = &resolver->sockets;
	unsigned events = (readable ? LOOP_READ : 0u) | (writable ? LOOP_WRITE : 0u);

	while (*at && (*at)->fd != fd)
		at = &(*at)->next;
	struct name_socket *s = *at;

	if (!events) {
		if (!s)
			return;
		*at = s->next;
		loop_unwatch(resolver->loop, &s->watch);
		free(s);
		return;
	}
	if (s) {
		loop_rewatch(resolver->loop, &s->watch, events);
		return;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		die("out of memory: %zu bytes", sizeof(*s));
	s->resolver = resolver;
	s->fd = fd;
	loop_watch(resolver->loop, &s->watch, fd, events, socket_ready, s, NULL);
	s->next = resolver->sockets;
	resolver->sockets = s;
}

static void resolver_free(void *ctx)
{
	struct resolver *resolver = ctx;

	ares_destroy(resolver->channel); /* calls back for what is under way */
	timer_stop(resolver->loop, &resolver->timer);
	free(resolver);
	ares_library_cleanup();
}

static struct resolver *resolver_get(struct loop *loop)
{
	struct resolver *resolver = loop_attached(loop, &machine_key);
	struct ares_options options = {.sock_state_cb = on_socket};

	if (resolver)
		return resolver;
	resolver = calloc(1, sizeof(*resolver));
	options.sock_state_cb_data = resolver;
	if (!resolver || ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS ||
		ares_init_options(&resolver->channel, &options, ARES_OPT_SOCK_STATE_CB) !=
			ARES_SUCCESS)
		die("c-ares cannot be initialised");
	resolver->loop = loop;
	loop_attach(loop, &machine_key, resolver, resolver_free);
	return resolver;
}

/* Requests */

static bool add_numeric(struct resolve *r, const char *text)
{
	struct address *a = &r->list[r->count];
	struct sockaddr_in *v4 = (struct sockaddr_in *)&a->addr;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&a->addr;

	if (r->count == ADDRESSES_MAX)
		return false;
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)r->port);
		a->len = sizeof(*v4);
	} else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)r->port);
		a->len = sizeof(*v6);
	} else {
		return false;
	}
	r->count++;
	return true;
}

/* Delivers; the request is gone afterwards. */
static void answer(void *ctx)
{
	struct resolve *r = ctx;

	if (r->done)
		r->done(r->ctx, r->list, r->count, r->count ? NULL : r->problem);
	free(r);
}

static const char *problem_text(int status)
{
	switch (status) {
	case ARES_ENOTFOUND: return "no such host";
	case ARES_ENODATA: return "the name has no address";
	case ARES_ETIMEOUT: return "no name server answered";
	case ARES_ECONNREFUSED: return "no name server could be reached";
	case ARES_ESERVFAIL: return "the name server failed";
	case ARES_EBADNAME: return "not a valid name";
	default: return ares_strerror(status);
	}
}

static void on_addresses(void *ctx, int status, int timeouts, struct ares_addrinfo *info)
{
	(void)timeouts;
	struct resolve *r = ctx;

	r->asked = false;
	if (status == ARES_SUCCESS)
		for (const struct ares_addrinfo_node *n = info->nodes;
			n && r->count < ADDRESSES_MAX; n = n->ai_next) {
			struct address *a = &r->list[r->count];

			if (n->ai_addrlen > sizeof(a->addr))
				continue;
			memcpy(&a->addr, n->ai_addr, n->ai_addrlen);
			a->len = n->ai_addrlen;
			r->count++;
		}
	if (info)
		ares_freeaddrinfo(info);
	if (!r->count)
		snprintf(r->problem, sizeof(r->problem), "cannot resolve '%s': %s", r->host,
			problem_text(status == ARES_SUCCESS ? ARES_ENODATA : status));
	/* Never from inside resolve_start: c-ares may know the answer at once. */
	if (status == ARES_EDESTRUCTION || !r->done)
		free(r);
	else
		loop_defer(r->loop, &r->answer, answer, r);
}

/* An entry HOST:PORT:ADDR[,ADDR] of connection.resolve; the last that fits wins, as with curl. */
static struct str resolve_entry(const struct connection *c, struct str host, unsigned port)
{
	char middle[16];

	snprintf(middle, sizeof(middle), ":%u:", port);
	for (size_t i = c ? c->resolve.count : 0; i > 0; i--) {
		struct str entry = c->resolve.items[i - 1];

		if (str_starts(entry, "+"))
			entry = str_from(entry, 1);
		size_t at = str_find(entry, str_of(middle));

		if (at == SIZE_MAX)
			continue;
		struct str name = str_sub(entry, 0, at);

		if (name.len > 2 && name.ptr[0] == '[')
			name = str_sub(name, 1, name.len - 2);
		if (str_is(name, "*") || str_equal_nocase(name, host))
			return str_from(entry, at + strlen(middle));
	}
	return STR("");
}

static void take_entry(struct resolve *r, struct str list)
{
	while (list.len) {
		size_t comma = str_find_char(list, ',');
		struct str one = str_trim(str_sub(list, 0, comma));
		char text[INET6_ADDRSTRLEN];

		list = comma == SIZE_MAX ? STR("") : str_from(list, comma + 1);
		if (one.len > 2 && one.ptr[0] == '[')
			one = str_sub(one, 1, one.len - 2);
		snprintf(text, sizeof(text), "%.*s", STR_ARG(one));
		if (!add_numeric(r, text))
			snprintf(r->problem, sizeof(r->problem),
				"'%.*s' is not an address (resolve of '%s')", STR_ARG(one),
				r->host);
	}
}

struct resolve *resolve_start(struct loop *loop, const struct connection *c, struct str host,
	unsigned port, resolve_done *done, void *ctx)
{
	static const int families[] = {[IP_ANY] = AF_UNSPEC, [IP_V4] = AF_INET, [IP_V6] = AF_INET6};
	struct resolve *r = calloc(1, sizeof(*r));
	struct str entry = resolve_entry(c, host, port);

	if (!r)
		die("out of memory: %zu bytes", sizeof(*r));
	r->loop = loop;
	r->done = done;
	r->ctx = ctx;
	r->port = port;
	snprintf(r->host, sizeof(r->host), "%.*s", STR_ARG(host));
	if (entry.len)
		take_entry(r, entry);
	else if (host.len >= sizeof(r->host))
		snprintf(r->problem, sizeof(r->problem), "a host name of %zu bytes is too long",
			host.len);
	if (entry.len || host.len >= sizeof(r->host) || add_numeric(r, r->host)) {
		/* No name server is asked, c-ares is not even initialised. */
		loop_defer(loop, &r->answer, answer, r);
		return r;
	}
	struct ares_addrinfo_hints hints = {.ai_family = families[c ? c->ip : IP_ANY],
		.ai_socktype = SOCK_STREAM,
		.ai_flags = ARES_AI_NUMERICSERV};
	char service[16];

	snprintf(service, sizeof(service), "%u", port);
	struct resolver *resolver = resolver_get(loop);

	r->asked = true;
	ares_getaddrinfo(resolver->channel, r->host, service, &hints, on_addresses, r);
	timer_set(resolver);
	return r;
}

void resolve_cancel(struct resolve *r)
{
	if (!r)
		return;
	r->done = NULL;
	if (r->asked)
		return; /* c-ares gives it back later */
	timer_stop(r->loop, &r->answer);
	free(r);
}

void address_print(const struct address *a, char *out, size_t size)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&a->addr;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&a->addr;

	if (a->addr.ss_family == AF_UNIX)
		snprintf(out, size, "%s", ((const struct sockaddr_un *)&a->addr)->sun_path);
	else if (a->addr.ss_family == AF_INET6)
		inet_ntop(AF_INET6, &v6->sin6_addr, out, (socklen_t)size);
	else
		inet_ntop(AF_INET, &v4->sin_addr, out, (socklen_t)size);
}
