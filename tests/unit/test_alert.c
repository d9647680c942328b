/* Alerts: when a message is due, what it holds, and that it is tried again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "peer.h"
#include "probe/alert.h"

struct fixture {
	struct loop *loop;
	struct alerts *alerts;
	struct timer timer;
	bool stop;
	int64_t until;
	char told[500];
};

static void told(void *ctx, const char *text)
{
	struct fixture *f = ctx;

	snprintf(f->told, sizeof(f->told), "%s", text);
}

static const struct alert_message message = {
	.scenario = "golden <path>",
	.state = "broken",
	.summary = "no & way",
	.target = "http://h",
	.run_id = "0123",
	.time = 1793520000 * NS_PER_S,
};

static void setup(struct fixture *f)
{
	struct error err;

	*f = (struct fixture){0};
	f->loop = loop_new(&err);
	assert_non_null(f->loop);
	f->alerts = alerts_new(f->loop, told, f);
}

static void teardown(struct fixture *f)
{
	alerts_free(f->alerts);
	loop_free(f->loop);
}

static void look(void *ctx)
{
	struct fixture *f = ctx;

	f->stop = !alerts_pending(f->alerts) || loop_now(f->loop) > f->until;
	timer_start(f->loop, &f->timer, loop_now(f->loop) + NS_PER_MS, look, f);
}

/* Turns until nothing is on its way. */
static void deliver_all(struct fixture *f)
{
	struct error err;

	f->stop = false;
	loop_refresh(f->loop);
	f->until = loop_now(f->loop) + 5 * NS_PER_S;
	look(f);
	assert_int_equal(loop_run(f->loop, &f->stop, &err), 0);
	timer_stop(f->loop, &f->timer);
	assert_int_equal(alerts_pending(f->alerts), 0);
}

static void accept_all(int fd, const char *request, const void *ctx)
{
	(void)request;
	(void)ctx;
	peer_text(fd, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
}

static void one_message_an_incident(void **state)
{
	static const struct {
		bool broken, healthy;
		size_t pending;
	} runs[] = {
		{true, false, 0},                    /* one is not enough */
		{false, true, 0},                    /* and does not add up over a healthy one */
		{true, false, 0}, {false, false, 0}, /* unknown: neither */
		{true, false, 1},                    /* two in a row */
		{true, false, 1},                    /* still the same incident */
		{false, true, 2},                    /* recovered */
		{false, true, 2}, {true, false, 2}, {true, false, 3}, /* the next incident */
	};
	struct alert_spec spec = {.after = 2, .on_recovery = true};
	struct alert_state alert = {.spec = &spec};
	struct fixture f;
	char url[64];

	(void)state;
	setup(&f);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", peer_closed_port());
	spec.webhook = str_of(url);
	for (size_t i = 0; i < sizeof(runs) / sizeof(*runs); i++) {
		alerts_run(f.alerts, &alert, runs[i].broken, runs[i].healthy, &message);
		if (alerts_pending(f.alerts) != runs[i].pending)
			fail_msg("run %zu: %zu messages", i, alerts_pending(f.alerts));
	}
	teardown(&f);
}

static void expect_message(struct alert_spec *spec, struct str *where, const char *const *texts)
{
	struct alert_state alert = {.spec = spec};
	char request[8192];
	struct fixture f;
	struct peer peer;

	setup(&f);
	peer_start(&peer, accept_all, NULL, 0);
	if (where)
		*where = str_of(peer.url);
	spec->after = 1;
	alerts_run(f.alerts, &alert, true, false, &message);
	deliver_all(&f);
	assert_int_equal(alert.sent, 1);
	assert_int_equal(alert.lost, 0);
	peer_request(&peer, request, sizeof(request));
	for (size_t i = 0; texts[i]; i++)
		if (!strstr(request, texts[i]))
			fail_msg("'%s' is not in: %s", texts[i], request);
	peer_stop(&peer);
	teardown(&f);
}

static void messages_say_what_is_broken(void **state)
{
	struct alert_spec webhook = {0}, slack = {0};

	(void)state;
	expect_message(&webhook, &webhook.webhook,
		(const char *const[]){"POST / HTTP/1.1", "application/json", NULL});
	expect_message(&slack, &slack.slack, (const char *const[]){"POST / HTTP/1.1", NULL});
}

/* A receiver that fails once gets it a second later. */
static void fail_once(int fd, const char *request, const void *ctx)
{
	static int asked; /* of this peer's process */

	(void)request;
	(void)ctx;
	peer_text(
		fd, asked++ ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
			    : "HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

static void a_failed_message_is_tried_again(void **state)
{
	struct alert_spec spec = {.after = 1};
	struct alert_state alert = {.spec = &spec};
	struct fixture f;
	struct peer peer;

	(void)state;
	setup(&f);
	peer_start(&peer, fail_once, NULL, 0);
	spec.webhook = str_of(peer.url);
	alerts_run(f.alerts, &alert, true, false, &message);
	deliver_all(&f);
	assert_int_equal(alert.sent, 1);
	assert_string_equal(f.told, "");
	peer_stop(&peer);
	teardown(&f);
}

/* What is on its way when the program ends is dropped without a trace. */
static void messages_may_be_dropped_at_any_moment(void **state)
{
	struct alert_spec spec = {.after = 1};
	struct alert_state alert = {.spec = &spec};
	struct fixture f;
	struct peer peer;

	(void)state;
	setup(&f);
	peer_start(&peer, accept_all, NULL, 0);
	spec.webhook = str_of(peer.url);
	alerts_run(f.alerts, &alert, true, false, &message);
	assert_int_equal(alerts_pending(f.alerts), 1);
	teardown(&f);
	peer_stop(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_message_an_incident),
		cmocka_unit_test(messages_say_what_is_broken),
		cmocka_unit_test(a_failed_message_is_tried_again),
		cmocka_unit_test(messages_may_be_dropped_at_any_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
