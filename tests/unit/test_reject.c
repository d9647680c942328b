/* Bad credentials: what each kind is made into, and what a file may not ask for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cases.h"
#include "probe/auth.h"
#include "probe/clock.h"
#include "probe/jose.h"
#include "probe/json.h"

#define WALL (1700000000 * NS_PER_S)

struct answer {
	bool done;
	struct buf *out;
	struct arena *arena;
};

/* A JWT is shown as header.claims.signature, the last as what the secret "k" makes of it. */
static void show(struct buf *out, struct arena *arena, struct str text)
{
	struct jose_keys keys = {0};
	struct jwt_wanted wanted = {.now = WALL};
	size_t blank = str_find_char(text, ' ');
	struct str token = blank == SIZE_MAX ? text : str_from(text, blank + 1);
	struct jwt jwt;
	struct error err;

	if (jwt_parse(arena, token, &jwt, &err)) {
		buf_printf(out, "'%.*s'", STR_ARG(text));
		return;
	}
	jose_keys_secret(arena, STR("k"), &keys);
	const char *problem = jwt_verify(&jwt, &keys, &wanted);

	if (blank != SIZE_MAX)
		buf_printf(out, "%.*s ", (int)blank, text.ptr);
	buf_printf(out, "%s.%s.%s", value_to_str(arena, &jwt.header).ptr,
		value_to_str(arena, &jwt.claims).ptr, problem ? problem : "sound");
}

static void got(void *ctx, const struct credential *c, const char *problem)
{
	struct answer *answer = ctx;
	struct buf *out = answer->out;

	answer->done = true;
	if (!c) {
		buf_printf(out, " failed: %s", problem);
		return;
	}
	for (size_t i = 0; i < c->headers.count; i++) {
		buf_printf(out, " %.*s: ", STR_ARG(c->headers.items[i].name));
		show(out, answer->arena, c->headers.items[i].value);
	}
	for (size_t i = 0; i < c->query.count; i++) {
		buf_printf(out, " ?%.*s=", STR_ARG(c->query.items[i].name));
		show(out, answer->arena, c->query.items[i].value);
	}
	for (size_t i = 0; i < c->subprotocols.count; i++)
		buf_printf(out, " [%.*s]", STR_ARG(c->subprotocols.items[i]));
}

/* The good credential and then each kind, a line each. */
static void obtain_all(struct buf *out, const struct fill *fill, const struct node *profile,
	const struct node *reject, const struct strs *kinds)
{
	struct loop *loop = loop_new_virtual(NS_PER_S, WALL);
	struct redactor *redactor = redactor_new();
	struct auth *auth = auth_new(loop, redactor, auth_kinds);
	struct connection connection = {0};

	for (size_t i = 0; i <= kinds->count; i++) {
		struct answer answer = {false, out, fill->arena};
		struct auth_want want = {
			.profile = profile,
			.reject_body = reject,
			.reject = i ? arena_str(fill->arena, kinds->items[i - 1]).ptr : NULL,
			.fill = fill,
			.connection = &connection,
		};

		buf_printf(out, "%s%s:", i ? "\n" : "", i ? want.reject : "good");
		auth_obtain(auth, &want, got, &answer);
		assert_int_equal(loop_run(loop, &answer.done, NULL), 0);
	}
	auth_free(auth);
	redactor_free(redactor);
	loop_free(loop);
}

static const char *run_reject(struct arena *arena, const struct one_case *it)
{
	BUF_SCOPED struct buf out;
	struct source source = {"x.yaml", it->input};
	struct node *root;
	struct diags diags;
	struct strs kinds;
	int64_t settle = 0;
	struct fill fill = {.arena = arena, .diags = &diags, .dir = "."};

	buf_init(&out, 1 << 16);
	diags_init(&diags, arena);
	fill.scope = scope_new(arena, NULL);
	yaml_load(arena, &source, &root, &diags);
	if (!diags_failed(&diags)) {
		const struct node *auth = node_find(root, "auth"),
				  *reject = node_find(root, "reject");

		if (reject_check(auth_kinds, &fill, reject, auth, &kinds, &settle) == 0)
			obtain_all(&out, &fill, auth, reject, &kinds);
	}
	for (size_t i = 0; i < diags.count; i++)
		buf_printf(&out, "%s%u:%u: %s", i ? "\n" : "", diags.items[i].span.line,
			diags.items[i].span.column, diags.items[i].message);
	return arena_str(arena, buf_str(&out)).ptr;
}

static void test_cases(void **state)
{
	(void)state;
	assert_int_equal(cases_run("tests/data/reject.test", run_reject), 0);
}

/* A request that is taken back while its fetch, its key set or its delivery is under way. */
static void test_cancel(void **state)
{
	struct arena *arena = arena_new();
	struct source source = {"x.yaml",
		STR("auth: {jwt: {secret: k, claims: {a: 1}}}\nreject: [bad_signature]\n")};
	struct diags diags;
	struct node *root;
	struct fill fill = {.arena = arena, .diags = &diags, .dir = "."};
	struct loop *loop = loop_new_virtual(NS_PER_S, WALL);
	struct redactor *redactor = redactor_new();
	struct auth *auth = auth_new(loop, redactor, auth_kinds);
	struct connection connection = {0};
	BUF_SCOPED struct buf out;
	struct answer answer = {false, &out, arena}, never = {false, &out, arena};

	(void)state;
	buf_init(&out, 1 << 16);
	diags_init(&diags, arena);
	fill.scope = scope_new(arena, NULL);
	yaml_load(arena, &source, &root, &diags);
	struct auth_want want = {.profile = node_find(root, "auth"),
		.reject_body = node_find(root, "reject"),
		.fill = &fill,
		.connection = &connection};
	struct auth_request *alone = auth_obtain(auth, &want, got, &never);

	auth_cancel(alone);
	struct auth_request *first = auth_obtain(auth, &want, got, &never);

	auth_obtain(auth, &want, got, &answer);
	auth_cancel(first);
	assert_int_equal(loop_run(loop, &answer.done, NULL), 0);
	assert_true(str_contains(buf_str(&out), "sound"));
	want.reject = "bad_signature";
	auth_cancel(auth_obtain(auth, &want, got, &never));
	auth_cancel(NULL);
	/* One is left under way when all ends: nothing leaks, nothing is called. */
	struct auth_request *left = auth_obtain(auth, &want, got, &never);

	auth_cancel(left);
	assert_false(never.done);
	auth_free(auth);
	redactor_free(redactor);
	loop_free(loop);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_cancel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
