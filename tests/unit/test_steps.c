/* Step kinds against peers, through the engine's contract: facts, failures, and one suite for all of
 * them: a kind can be stopped in any state, leaves no descriptor and calls nobody afterwards. */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cases.h"
#include "fake_attempt.h"
#include "peer.h"

static void serve_text(int fd, const char *request, const void *ctx)
{
	(void)request;
	peer_text(fd, ctx);
}

static void test_http_facts(void **state)
{
	(void)state;
	struct peer peer;
	struct attempt a;
	char request[4096];

	peer_start(&peer, serve_text,
		"HTTP/1.1 201 Made\r\nX-A: 1\r\nx-a: 2\r\nSet-Cookie: sid=abc; Path=/\r\n"
		"Content-Length: 9\r\n\r\n{\"a\":[1]}",
		0);
	fake_begin(&a, &step_http, "{method: PUT, path: /x, query: {q: a b}, json: {k: [1, two]}}",
		peer.url);
	fake_run(&a, 5 * NS_PER_S);
	assert_int_equal(a.failure, FAILURE_NONE);
	assert_string_equal(fake_fact(&a, "status"), "201");
	assert_string_equal(fake_fact(&a, "header.X-a"), "1, 2");
	assert_string_equal(fake_fact(&a, "cookie.sid"), "abc");
	assert_string_equal(fake_fact(&a, "body"), "{\"a\":[1]}");
	assert_string_equal(fake_fact(&a, "json"), "{\"a\":[1]}");
	assert_string_equal(fake_fact(&a, "protocol"), "http/1.1");
	assert_string_equal(fake_fact(&a, "remote_ip"), "127.0.0.1");
	assert_string_equal(fake_fact(&a, "size"), "9");
	assert_true(a.timing.connect >= 0 && a.timing.first_byte >= 0);
	peer_request(&peer, request, sizeof(request));
	assert_non_null(strstr(request, "PUT /x?q=a%20b HTTP/1.1\r\n"));
	assert_non_null(strstr(request, "Content-Type: application/json\r\n"));
	fake_end(&a);
	peer_stop(&peer);
}

static void test_http_shorthand_and_credential(void **state)
{
	(void)state;
	struct peer peer;
	struct attempt a;
	char request[4096];
	struct pair own[] = {{STR("Authorization"), STR("Basic old")}, {STR("X-B"), STR("")},
		{STR("Cookie"), STR("a=1")}};
	struct pair credential[] = {
		{STR("authorization"), STR("Bearer new")}, {STR("Cookie"), STR("t=2")}};
	struct pair query[] = {{STR("key"), STR("k&k")}};

	peer_start(&peer, serve_text, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0);
	fake_begin(&a, &step_http, "DELETE /thing", peer.url);
	a.headers = (struct pairs){own, 3};
	a.credential.headers = (struct pairs){credential, 2};
	a.credential.query = (struct pairs){query, 1};
	fake_run(&a, 5 * NS_PER_S);
	assert_int_equal(a.failure, FAILURE_NONE);
	peer_request(&peer, request, sizeof(request));
	assert_non_null(strstr(request, "DELETE /thing?key=k%26k HTTP/1.1\r\n"));
	assert_non_null(strstr(request, "authorization: Bearer new\r\n"));
	assert_null(strstr(request, "Basic old"));
	assert_non_null(strstr(request, "X-B:\r\n"));
	assert_non_null(strstr(request, "Cookie: a=1; t=2\r\n"));
	fake_end(&a);
	peer_stop(&peer);
}

static void test_tcp(void **state)
{
	(void)state;
	struct peer peer;
	struct attempt a;
	static const struct {
		const char *body, *wants;
		enum failure failure;
		const char *detail, *banner;
	} cases[] = {
		{"{address: '', expect: SSH-2.0}", NULL, FAILURE_NONE, "", "SSH-2.0-x\r\n"},
		{"{address: '', expect: MySQL}", NULL, FAILURE_CHECK,
			"the peer closed after 11 bytes without 'MySQL'", "SSH-2.0-x\r\n"},
		{"{address: ''}", "banner", FAILURE_NONE, "", "SSH-2.0-x\r\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		peer_start(&peer, serve_text, "SSH-2.0-x\r\n", 1);
		fake_begin(&a, &step_tcp, cases[i].body, peer.url);
		a.wants = cases[i].wants;
		fake_run(&a, 5 * NS_PER_S);
		assert_string_equal(a.detail, cases[i].detail);
		assert_int_equal(a.failure, cases[i].failure);
		assert_string_equal(fake_fact(&a, "banner"), cases[i].banner);
		fake_end(&a);
		peer_stop(&peer);
	}
}

static void test_tcp_refused(void **state)
{
	(void)state;
	struct attempt a;
	unsigned port = peer_closed_port();
	char body[64], wanted[128];

	snprintf(body, sizeof(body), "127.0.0.1:%u", port);
	snprintf(wanted, sizeof(wanted), "connection refused by 127.0.0.1:%u", port);
	fake_begin(&a, &step_tcp, body, "");
	fake_run(&a, 5 * NS_PER_S);
	assert_int_equal(a.failure, FAILURE_CONNECT);
	assert_string_equal(a.detail, wanted);
	fake_end(&a);
}

static void test_dns_failure(void **state)
{
	(void)state;
	struct attempt a;

	fake_begin(&a, &step_tcp, "no-such-host.invalid:80", "");
	fake_run(&a, 5 * NS_PER_S);
	if (a.failure == FAILURE_DNS)
		assert_non_null(strstr(a.detail, "cannot resolve 'no-such-host.invalid'"));
	else
		assert_int_equal(a.failure, FAILURE_TIMEOUT); /* no name server here */
	fake_end(&a);
}

static void test_exec(void **state)
{
	(void)state;
	static const struct {
		const char *body;
		enum failure failure;
		const char *exit, *signal, *out, *err;
	} cases[] = {
		{"[sh, -c, 'echo out; echo err >&2; exit 3']", FAILURE_NONE, "3", "", "out", "err"},
		{"{argv: [cat], stdin: hello}", FAILURE_NONE, "0", "", "hello", ""},
		{"{argv: [sh, -c, 'echo $A$HOME'], env: {A: a, HOME: h}}", FAILURE_NONE, "0", "",
			"ah", ""},
		{"[sh, -c, 'kill -9 $$$$']", FAILURE_NONE, "137", "9", "", ""},
		{"[no-such-program]", FAILURE_CHECK, "127", "", "", ""},
		{"{argv: [pwd], dir: /}", FAILURE_NONE, "0", "", "/", ""},
		{"{argv: [pwd], dir: /no/such}", FAILURE_CHECK, "", "", "", ""},
		{"[sh, -c, 'sleep 100 & echo bye']", FAILURE_NONE, "0", "", "bye", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct attempt a;

		/* Under valgrind a program that cannot be run is told by its exit only. */
		if (RUNNING_ON_VALGRIND && strstr(cases[i].body, "no-such-program"))
			continue;
		fake_begin(&a, &step_exec, cases[i].body, "");
		fake_run(&a, 5 * NS_PER_S);
		assert_int_equal(a.failure, cases[i].failure);
		assert_string_equal(fake_fact(&a, "exec.exit"), cases[i].exit);
		assert_string_equal(fake_fact(&a, "exec.signal"), cases[i].signal);
		assert_string_equal(fake_fact(&a, "exec.stdout"), cases[i].out);
		assert_string_equal(fake_fact(&a, "exec.stderr"), cases[i].err);
		fake_end(&a);
	}
}

static void test_exec_timeout_kills_the_group(void **state)
{
	(void)state;
	struct attempt a;
	int64_t before = clock_monotonic();

	fake_begin(&a, &step_exec,
		"[sh, -c, 'sh -c \"trap : TERM; echo $$$$; sleep 99\" & trap : TERM; wait; sleep 99']",
		"");
	/* Long enough for both shells to have started. */
	fake_run(&a, (RUNNING_ON_VALGRIND ? 990 : 300) * NS_PER_MS);
	assert_int_equal(a.failure, FAILURE_TIMEOUT);
	assert_true(clock_monotonic() - before < time_limit(500 * NS_PER_MS));
	long grandchild = strtol(fake_fact(&a, "exec.stdout"), NULL, 10);

	assert_true(grandchild > 1);
	for (int i = 0; i < 100 && kill((pid_t)grandchild, 0) == 0; i++) {
		char path[64], stat[256] = "";
		snprintf(path, sizeof(path), "/proc/%ld/stat", grandchild);
		FILE *f = fopen(path, "r");
		if (f) {
			if (!fgets(stat, sizeof(stat), f))
				stat[0] = '\0';
			fclose(f);
		}
		if (strstr(stat, ") Z"))
			break;
		assert_true(i < 99);
		usleep(10000);
	}
	fake_end(&a);
}

static void test_exec_output_is_bounded(void **state)
{
	(void)state;
	struct attempt a;

	fake_begin(&a, &step_exec, "[head, -c, 1000000, /dev/zero]", "");
	fake_run(&a, 5 * NS_PER_S);
	assert_int_equal(a.failure, FAILURE_NONE);
	assert_string_equal(fake_fact(&a, "exec.exit"), "0");
	assert_int_equal(facts_find(a.facts, STR("exec.stdout"), NULL)->string.len, 65536);
	fake_end(&a);
}

/* One suite for all kinds */

static void serve_silence(int fd, const char *request, const void *ctx)
{
	(void)fd;
	(void)request;
	(void)ctx;
	sleep(100);
}

static void serve_reset(int fd, const char *request, const void *ctx)
{
	(void)request;
	(void)ctx;
	peer_reset(fd);
}

static void serve_slowly(int fd, const char *request, const void *ctx)
{
	(void)request;
	for (const char *c = ctx; *c; c++) {
		peer_send(fd, c, 1);
		usleep(2000);
	}
}

static void serve_nothing(int fd, const char *request, const void *ctx)
{
	(void)fd;
	(void)request;
	(void)ctx;
}

static size_t open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void raise_flag(void *ctx)
{
	*(bool *)ctx = true;
}

static void run_for(struct loop *loop, int64_t ns)
{
	struct timer timer = {0};
	bool stop = false;

	loop_refresh(loop);
	timer_start(loop, &timer, loop_now(loop) + ns, raise_flag, &stop);
	loop_run(loop, &stop, NULL);
	timer_stop(loop, &timer);
}

static void stop_after(const struct step_kind *kind, const char *body, const char *target, int ms)
{
	struct attempt a;
	size_t before = open_descriptors();

	fake_begin(&a, kind, body, target);
	fake_start(&a, 10 * NS_PER_S);
	if (ms >= 0)
		run_for(a.loop, ms * NS_PER_MS);
	fake_stop(&a);
	run_for(a.loop, 5 * NS_PER_MS);
	fake_end(&a);
	assert_int_equal(open_descriptors(), before);
}

/* As under gVisor or a strict seccomp profile. */
static int forbid_pidfd(int with_errno)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)with_errno),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(*code), code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void test_exec_without_pidfd(void **state)
{
	static const int refusals[] = {ENOSYS, EPERM};

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		pid_t pid = fork();
		int status;

		if (!pid) {
			struct attempt a;

			if (forbid_pidfd(refusals[i]))
				_exit(77);
			fake_begin(&a, &step_exec, "[sh, -c, 'sleep 0.1; exit 7']", "");
			fake_run(&a, 5 * NS_PER_S);
			bool seen = !a.failure && !strcmp(fake_fact(&a, "exec.exit"), "7");

			fake_end(&a);
			_exit(seen ? 0 : 1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) == 77) {
			print_message("skip: no seccomp filter can be set here\n");
			return;
		}
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

static void test_stop_in_any_state(void **state)
{
	(void)state;
	static const struct {
		peer_serve *serve;
		const char *text;
	} peers[] = {
		{serve_silence, NULL},
		{serve_reset, NULL},
		{serve_nothing, NULL},
		{serve_slowly, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789"},
	};
	static const struct {
		const struct step_kind *kind;
		const char *body;
	} kinds[] = {
		{&step_http, "GET /"},
		{&step_tcp, "{address: ':0', expect: never}"},
		{&step_tls, "{address: ':0'}"},
		{&step_websocket, "/ws"},
		{&step_grpc, "{address: ':0'}"},
		{&step_exec, "[sleep, '100']"},
		{&step_exec, "[echo, hi]"},
	};
	static const int moments[] = {-1, 0, 1, 3, 10, 60};

	for (size_t p = 0; p < sizeof(peers) / sizeof(*peers); p++)
		for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
			for (size_t m = 0; m < sizeof(moments) / sizeof(*moments); m++) {
				struct peer peer;
				char body[128];

				/* Reading the system's CAs takes a second there, each time. */
				if (RUNNING_ON_VALGRIND && m % 2)
					continue;

				peer_start(&peer, peers[p].serve, peers[p].text,
					kinds[k].kind == &step_tcp);
				snprintf(body, sizeof(body), "%s", kinds[k].body);
				char *zero = strstr(body, ":0'");
				if (zero)
					snprintf(body, sizeof(body),
						kinds[k].kind == &step_tcp
							? "{address: ':%u', expect: never}"
							: "{address: ':%u'}",
						peer.port);
				stop_after(kinds[k].kind, body, peer.url, moments[m]);
				peer_stop(&peer);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http_facts),
		cmocka_unit_test(test_http_shorthand_and_credential),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_tcp_refused),
		cmocka_unit_test(test_dns_failure),
		cmocka_unit_test(test_exec),
		cmocka_unit_test(test_exec_timeout_kills_the_group),
		cmocka_unit_test(test_exec_output_is_bounded),
		cmocka_unit_test(test_exec_without_pidfd),
		cmocka_unit_test(test_stop_in_any_state),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
