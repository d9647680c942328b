/*
 * See probe/stream.h. One state after the other: DIALING, PROXY, TLS, OPEN, ENDED. All events of
 * the descriptor come in at io_ready; whatever calls out is followed by a look at `dead`, since the callback
 * may have freed the stream.
 */
#include "probe/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dial.h"
#include "proxy.h"
#include "stream_private.h"

enum state { DIALING, PROXY, TLS, OPEN, ENDED };

/* What is read at most in one turn, so that a peer that never stops cannot starve the timers. */
enum {
	READ_SIZE = 16384,
	READS_A_TURN = 16,
	TURN_MS = 10,
	PROXY_HEAD_MAX = 16384,
	UNSENT_MAX = 256 << 20
};

struct stream {
	struct loop *loop;
	struct arena *arena;
	struct stream_options options;
	struct stream_events events;
	void *ctx;
	enum state state;
	struct dial *dial;
	struct proxy proxy;
	int fd;
	struct watch watch;
	struct stream_tls *tls;
	struct buf out, head;
	bool finishing; /* stream_shutdown was asked for */
	bool wants_write;
	struct timer again, fail_timer;
	unsigned busy; /* inside our own frames */
	bool dead;     /* freed meanwhile */
	enum failure failure;
	const char *detail;
	int64_t started, resolved, connected, secured;
	char remote[128];
};

static void destroy(struct stream *s)
{
	stream_tls_free(s->tls);
	buf_release(&s->out);
	buf_release(&s->head);
	arena_free(s->arena);
	free(s);
}

static void leave(struct stream *s)
{
	if (--s->busy == 0 && s->dead)
		destroy(s);
}

/* The end */

static void close_socket(struct stream *s)
{
	timer_stop(s->loop, &s->again);
	loop_unwatch(s->loop, &s->watch);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static void end(struct stream *s, enum failure failure, const char *detail)
{
	if (s->state == ENDED)
		return;
	s->state = ENDED;
	close_socket(s);
	s->events.ended(s->ctx, failure, detail);
}

/* For what is wrong before anything was awaited: told from the loop. */
static void fail_later(void *ctx)
{
	struct stream *s = ctx;

	s->busy++;
	end(s, s->failure, s->detail);
	leave(s);
}

static void end_by_error(struct stream *s, int error)
{
	enum failure failure = s->state == OPEN  ? FAILURE_PROTOCOL
			       : s->state == TLS ? FAILURE_TLS
						 : FAILURE_CONNECT;
	const char *when = s->state == TLS     ? " during the TLS handshake"
			   : s->state == PROXY ? " by the proxy"
					       : "";

	if (error == ECONNRESET || error == EPIPE)
		end(s, failure, arena_printf(s->arena, "connection reset by the peer%s", when));
	else
		end(s, failure,
			arena_printf(s->arena, "connection lost%s: %s", when, strerror(error)));
}

/* Bytes, with and without TLS. Results as of recv and send: 0 is the end, -1 with errno; EAGAIN sets
 * wants_write when TLS needs to write before it can go on. */

static ssize_t take(struct stream *s, char *out, size_t size)
{
	if (s->tls)
		return stream_tls_read(s->tls, out, size, &s->wants_write);
	return recv(s->fd, out, size, 0);
}

static ssize_t give(struct stream *s, const char *bytes, size_t len)
{
	if (s->tls && s->state != PROXY)
		return stream_tls_write(s->tls, bytes, len);
	return send(s->fd, bytes, len, MSG_NOSIGNAL);
}

static void watch_update(struct stream *s)
{
	if (s->state != ENDED)
		loop_rewatch(s->loop, &s->watch,
			LOOP_READ | (s->out.len || s->wants_write ? LOOP_WRITE : 0u));
}

static void flush(struct stream *s)
{
	size_t done = 0;

	while (done < s->out.len) {
		ssize_t n = give(s, s->out.data + done, s->out.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			/* What the peer said before it went is still to be read. */
			buf_clear(&s->out);
			s->wants_write = false;
			return;
		}
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	buf_consume(&s->out, done);
	if (s->finishing && !s->out.len && s->state == OPEN) {
		s->finishing = false;
		if (s->tls)
			stream_tls_shutdown(s->tls);
		shutdown(s->fd, SHUT_WR);
	}
}

static void end_reading(struct stream *s, ssize_t n)
{
	int error = errno;
	const char *problem = s->tls ? stream_tls_problem(s->tls, s->arena) : NULL;

	if (n == 0)
		end(s, FAILURE_NONE, NULL);
	else if (problem)
		end(s, stream_tls_unsettled(s) ? FAILURE_TLS : FAILURE_PROTOCOL, problem);
	else
		end_by_error(s, error);
}

static void read_some(struct stream *s)
{
	char bytes[READ_SIZE];
	int64_t until = clock_monotonic() + TURN_MS * NS_PER_MS;

	for (int i = 0; i < READS_A_TURN && s->state == OPEN && !s->dead; i++) {
		if (i > 0 && clock_monotonic() > until)
			return;
		ssize_t n = take(s, bytes, sizeof(bytes));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			end_reading(s, n);
			return;
		}
		s->events.data(s->ctx, (struct str){bytes, (size_t)n});
	}
}

/* States */

static void io_ready(void *ctx, unsigned events);

static void run_again(void *ctx)
{
	io_ready(ctx, LOOP_READ);
}

static void become_open(struct stream *s)
{
	s->state = OPEN;
	s->events.open(s->ctx);
}

static void secure(struct stream *s)
{
	int rc = stream_tls_handshake(s->tls, &s->wants_write);

	if (rc > 0) {
		s->secured = clock_monotonic();
		become_open(s);
	} else if (rc < 0) {
		int error = errno;
		const char *problem = stream_tls_problem(s->tls, s->arena);

		if (problem)
			end(s, FAILURE_TLS, problem);
		else
			end_by_error(s, error ? error : ECONNRESET);
	}
}

static void start_tls_or_open(struct stream *s)
{
	if (!s->tls) {
		become_open(s);
		return;
	}
	s->state = TLS;
	stream_tls_attach(s->tls, s->fd);
	secure(s);
}

/* One byte at a time: what follows the head belongs to the peer behind the proxy. */
static void read_proxy(struct stream *s)
{
	struct error err;
	char byte;

	for (;;) {
		ssize_t n = recv(s->fd, &byte, 1, 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			end_by_error(s, errno);
			return;
		}
		if (n == 0 || !buf_add_char(&s->head, byte)) {
			end(s, FAILURE_CONNECT, "proxy closed the connection without an answer");
			return;
		}
		if (str_ends(buf_str(&s->head), "\r\n\r\n") || str_ends(buf_str(&s->head), "\n\n"))
			break;
	}
	if (proxy_answer(buf_str(&s->head), &err) < 0) {
		end(s, FAILURE_CONNECT, arena_strdup(s->arena, err.text));
		return;
	}
	s->connected = clock_monotonic();
	start_tls_or_open(s);
}

static void io_ready(void *ctx, unsigned events)
{
	struct stream *s = ctx;

	s->busy++;
	s->wants_write = false;
	if (s->state == PROXY) {
		flush(s);
		if (events & (LOOP_READ | LOOP_HANGUP))
			read_proxy(s);
	} else if (s->state == TLS) {
		secure(s);
	} else if (s->state == OPEN) {
		flush(s);
		read_some(s);
	}
	if (!s->dead && s->state != ENDED) {
		if (s->state == OPEN)
			flush(s);
		watch_update(s);
		/* TLS may hold bytes that no descriptor will announce. */
		if (s->tls && stream_tls_pending(s->tls) && !timer_running(&s->again))
			loop_defer(s->loop, &s->again, run_again, s);
	}
	leave(s);
}

static void on_dialed(void *ctx, const struct dial_result *result)
{
	struct stream *s = ctx;
	struct error err;

	s->busy++;
	s->resolved = result->resolved;
	s->fd = result->fd;
	if (s->fd < 0) {
		const char *detail = arena_strdup(s->arena, result->detail);

		if (s->proxy.used)
			detail = arena_printf(s->arena, "proxy: %s", detail);
		dial_free(s->dial);
		s->dial = NULL;
		end(s, result->failure, detail);
		leave(s);
		return;
	}
	s->connected = result->connected;
	snprintf(s->remote, sizeof(s->remote), "%s", result->remote);
	dial_free(s->dial);
	s->dial = NULL;
	if (loop_watch(s->loop, &s->watch, s->fd, LOOP_READ, io_ready, s, &err) < 0) {
		end(s, FAILURE_INTERNAL, arena_strdup(s->arena, err.text));
	} else if (s->proxy.used) {
		s->state = PROXY;
		buf_add_str(&s->out,
			proxy_request(s->arena, &s->proxy, s->options.host, s->options.port));
		flush(s);
	} else {
		start_tls_or_open(s);
	}
	if (!s->dead && s->state != ENDED) {
		flush(s);
		watch_update(s);
	}
	leave(s);
}

struct stream *stream_start(struct loop *loop, const struct stream_options *options,
	const struct stream_events *events, void *ctx)
{
	struct stream *s = calloc(1, sizeof(*s));
	struct error err;

	if (!s)
		die("out of memory: %zu bytes", sizeof(*s));
	s->loop = loop;
	s->arena = arena_new();
	s->options = *options;
	s->options.host = arena_str(s->arena, options->host);
	s->events = *events;
	s->ctx = ctx;
	s->fd = -1;
	s->started = clock_monotonic();
	s->resolved = s->connected = s->secured = TIME_NONE;
	buf_init(&s->out, UNSENT_MAX);
	buf_init(&s->head, PROXY_HEAD_MAX);
	if (proxy_choose(s->arena, &s->options, &s->proxy, &err) < 0) {
		s->failure = FAILURE_CONNECT;
	} else if (options->tls) {
		s->tls = stream_tls_new(s->arena, &s->options, &err);
		if (!s->tls)
			s->failure = FAILURE_TLS;
	}
	if (s->failure != FAILURE_NONE) {
		s->detail = arena_strdup(s->arena, err.text);
		loop_defer(loop, &s->fail_timer, fail_later, s);
		return s;
	}
	if (s->proxy.used)
		s->dial = dial_start(
			loop, options->connection, s->proxy.host, s->proxy.port, on_dialed, s);
	else
		s->dial = dial_start(
			loop, options->connection, s->options.host, options->port, on_dialed, s);
	return s;
}

void stream_free(struct stream *s)
{
	if (!s || s->dead)
		return;
	dial_free(s->dial);
	s->dial = NULL;
	timer_stop(s->loop, &s->fail_timer);
	close_socket(s);
	s->state = ENDED;
	s->dead = true;
	if (!s->busy)
		destroy(s);
}

void stream_write(struct stream *s, struct str bytes)
{
	if (s->state != OPEN || s->finishing)
		return;
	buf_add_str(&s->out, bytes);
	if (!s->busy)
		flush(s);
	watch_update(s);
}

size_t stream_unsent(const struct stream *s)
{
	return s->out.len;
}

void stream_shutdown(struct stream *s)
{
	if (s->state != OPEN)
		return;
	s->finishing = true;
	flush(s);
	watch_update(s);
}

static int64_t phase(int64_t from, int64_t to)
{
	return from == TIME_NONE || to == TIME_NONE ? TIME_NONE : to - from;
}

void stream_timing(const struct stream *s, struct timing *out)
{
	int64_t resolved = s->dial ? dial_resolved(s->dial) : s->resolved;

	*out = TIMING_NONE;
	out->dns = phase(s->started, resolved);
	out->connect = phase(resolved, s->connected);
	out->tls = phase(s->connected, s->secured);
	out->total = clock_monotonic() - s->started;
}

const struct tls_facts *stream_tls(const struct stream *s)
{
	return s->tls ? stream_tls_facts(s->tls) : NULL;
}

bool stream_tls_unsettled(const struct stream *s)
{
	return s->tls && stream_tls_waits(s->tls);
}

const char *stream_remote(const struct stream *s)
{
	return s->remote;
}
