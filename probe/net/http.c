/* See probe/http.h and http_private.h. curl says which sockets and which moment it waits for; the
 * loop calls it back; finished transfers are collected after each call. */
#include "http_private.h"

#include <stdlib.h>

static const char machine_key;

/* Sockets and the timer */

struct socket_watch {
	struct http_machine *machine;
	struct watch watch;
	curl_socket_t fd;
};

static void machine_collect(struct http_machine *);

static void socket_ready(void *ctx, unsigned events)
{
	struct socket_watch *s = ctx;
	struct http_machine *machine = s->machine;
	int running;
	int mask = (events & LOOP_READ ? CURL_CSELECT_IN : 0) |
		   (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0) |
		   (events & LOOP_HANGUP ? CURL_CSELECT_ERR : 0);

	curl_multi_socket_action(machine->multi, s->fd, mask, &running);
	machine_collect(machine);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *assigned)
{
	(void)easy;
	struct http_machine *machine = ctx;
	struct socket_watch *s = assigned;

	if (what == CURL_POLL_REMOVE) {
		if (s) {
			loop_unwatch(machine->loop, &s->watch);
			curl_multi_assign(machine->multi, fd, NULL);
			free(s);
		}
		return 0;
	}
	unsigned events =
		(what & CURL_POLL_IN ? LOOP_READ : 0u) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0u);

	if (s) {
		loop_rewatch(machine->loop, &s->watch, events);
		return 0;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		die("out of memory: %zu bytes", sizeof(*s));
	s->machine = machine;
	s->fd = fd;
	if (loop_watch(machine->loop, &s->watch, fd, events, socket_ready, s, NULL) < 0) {
		free(s);
		return -1;
	}
	curl_multi_assign(machine->multi, fd, s);
	return 0;
}

static void timer_fired(void *ctx)
{
	struct http_machine *machine = ctx;
	int running;

	curl_multi_socket_action(machine->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	machine_collect(machine);
}

static int on_timer(CURLM *multi, long ms, void *ctx)
{
	(void)multi;
	struct http_machine *machine = ctx;

	if (ms < 0)
		timer_stop(machine->loop, &machine->timer);
	else
		timer_start(machine->loop, &machine->timer,
			loop_now(machine->loop) + ms * NS_PER_MS, timer_fired, machine);
	return 0;
}

/* Machine */

static void transfer_free(struct http_transfer *);

static void machine_free(void *ctx)
{
	struct http_machine *machine = ctx;

	while (machine->transfers)
		transfer_free(machine->transfers);
	curl_multi_cleanup(machine->multi);
	timer_stop(machine->loop, &machine->timer);
	timer_stop(machine->loop, &machine->reap);
	free(machine);
	curl_global_cleanup();
}

static struct http_machine *machine_get(struct loop *loop)
{
	struct http_machine *machine = loop_attached(loop, &machine_key);

	if (machine)
		return machine;
	machine = calloc(1, sizeof(*machine));
	/* Nothing is initialised that plain HTTP does not need; OpenSSL does so itself on first use. */
	if (!machine || curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK)
		die("curl cannot be initialised");
	machine->loop = loop;
	machine->multi = curl_multi_init();
	if (!machine->multi)
		die("curl cannot be initialised");
	curl_multi_setopt(machine->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(machine->multi, CURLMOPT_SOCKETDATA, machine);
	curl_multi_setopt(machine->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(machine->multi, CURLMOPT_TIMERDATA, machine);
	loop_attach(loop, &machine_key, machine, machine_free);
	return machine;
}

/* Sessions */

struct http_session *http_session_new(struct loop *loop)
{
	struct http_session *session = calloc(1, sizeof(*session));

	machine_get(loop);
	if (session)
		session->share = curl_share_init();
	if (!session || !session->share)
		die("out of memory");
	curl_share_setopt(session->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
	return session;
}

void http_session_free(struct http_session *session)
{
	if (!session)
		return;
	curl_share_cleanup(session->share);
	free(session);
}

/* Transfers */

static void transfer_free(struct http_transfer *t)
{
	http_teardown(t);
	if (t->prev)
		t->prev->next = t->next;
	else
		t->machine->transfers = t->next;
	if (t->next)
		t->next->prev = t->prev;
	buf_release(&t->body);
	struct arena *arena = t->arena;

	free(t);
	arena_free(arena);
}

static void transfer_done(struct http_transfer *t, const struct http_result *result)
{
	t->done(t->ctx, result);
	transfer_free(t);
}

/* Delivers transfers that ended before curl had them. */
static void reap(void *ctx)
{
	struct http_machine *machine = ctx;
	struct http_result result;

	for (struct http_transfer *t = machine->transfers; t;) {
		if (!t->failed) {
			t = t->next;
			continue;
		}
		t->failed = false;
		http_result_fill(t, &result);
		result.failure = t->failure;
		result.detail = t->detail;
		transfer_done(t, &result);
		t = machine->transfers; /* the callback may have changed the list */
	}
}

void http_fail(struct http_transfer *t, enum failure failure, const char *detail)
{
	t->failed = true;
	t->failure = failure;
	t->detail = detail;
	loop_defer(t->machine->loop, &t->machine->reap, reap, t->machine);
}

static void hop_start(struct http_transfer *t)
{
	if (http_setup(t) < 0)
		return;
	CURLMcode code = curl_multi_add_handle(t->machine->multi, t->easy);

	if (code == CURLM_OK)
		t->added = true;
	else
		http_fail(t, FAILURE_INTERNAL,
			arena_printf(t->arena, "curl: %s", curl_multi_strerror(code)));
}

/* Another address of a `resolve` entry is tried when this one cannot be reached. */
static bool next_route(struct http_transfer *t, CURLcode code)
{
	if (code != CURLE_COULDNT_CONNECT || t->route + 1 >= t->route_count)
		return false;
	t->route++;
	return true;
}

static void transfer_ended(struct http_transfer *t, CURLcode code)
{
	struct http_result result;
	int more = 0;

	if (next_route(t, code)) {
		http_teardown(t);
		hop_start(t);
		return;
	}
	if (code == CURLE_OK && t->stop == STOP_NONE)
		more = http_redirect(t);
	if (more < 0)
		return;
	if (more > 0) {
		http_timing_add(t);
		http_teardown(t);
		http_answer_reset(t);
		hop_start(t);
		return;
	}
	http_result_fill(t, &result);
	http_classify(t, code, &result);
	transfer_done(t, &result);
}

static void machine_collect(struct http_machine *machine)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(machine->multi, &left))) {
		struct http_transfer *t = NULL;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		transfer_ended(t, code);
	}
}

static struct pairs copy_pairs(struct arena *arena, struct pairs from)
{
	struct pairs to = {.count = from.count};

	if (from.count)
		to.items = ARENA_ARRAY(arena, from.count, struct pair);
	for (size_t i = 0; i < from.count; i++)
		to.items[i] = (struct pair){arena_str(arena, from.items[i].name),
			arena_str(arena, from.items[i].value)};
	return to;
}

static const struct http_part *copy_parts(
	struct arena *arena, const struct http_part *from, size_t count)
{
	struct http_part *to = count ? ARENA_ARRAY(arena, count, struct http_part) : NULL;

	for (size_t i = 0; i < count; i++)
		to[i] = (struct http_part){
			.name = arena_str(arena, from[i].name),
			.filename = arena_str(arena, from[i].filename),
			.content_type = arena_str(arena, from[i].content_type),
			.data = arena_str(arena, from[i].data),
			.is_file = from[i].is_file,
		};
	return to;
}

static void copy_request(struct http_transfer *t, const struct http_request *from)
{
	struct http_request *to = &t->request;

	*to = *from;
	to->method = arena_str(t->arena, from->method.len ? from->method : STR("GET"));
	to->headers = copy_pairs(t->arena, from->headers);
	to->credentials = copy_pairs(t->arena, from->credentials);
	to->body = arena_str(t->arena, from->body);
	to->parts = copy_parts(t->arena, from->parts, from->part_count);
	to->max_body = from->max_body ? from->max_body : DEFAULT_MAX_BODY;
	to->max_headers = from->max_headers ? from->max_headers : DEFAULT_MAX_HEADERS;
}

struct http_transfer *http_start(struct loop *loop, const struct http_request *request,
	void (*done)(void *ctx, const struct http_result *), void *ctx)
{
	struct http_machine *machine = machine_get(loop);
	struct http_transfer *t = calloc(1, sizeof(*t));

	if (!t)
		die("out of memory: %zu bytes", sizeof(*t));
	t->machine = machine;
	t->arena = arena_new();
	t->done = done;
	t->ctx = ctx;
	t->started = clock_monotonic();
	t->passed = TIMING_NONE;
	copy_request(t, request);
	buf_init(&t->body, (size_t)t->request.max_body);
	t->next = machine->transfers;
	if (t->next)
		t->next->prev = t;
	machine->transfers = t;
	t->url = arena_str(t->arena, request->url);
	hop_start(t);
	return t;
}

void http_cancel(struct http_transfer *t)
{
	if (t)
		transfer_free(t);
}

void http_partial(struct http_transfer *t, struct http_result *out)
{
	http_result_fill(t, out);
}
