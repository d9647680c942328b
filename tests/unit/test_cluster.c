/* Grouping: masks by example, values and alternatives, order, and accuracy on labelled logs. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "probe/cluster.h"

static void assert_mask(const char *text, const char *wanted)
{
	char masked[MASK_MAX], shown[MASK_MAX * 3];
	size_t len = mask_text(str_of(text), masked), at = 0;

	for (size_t i = 0; i < len; i++) {
		if (masked[i] == MASK_WILDCARD) {
			memcpy(shown + at, "<*>", 3);
			at += 3;
		} else {
			shown[at++] = masked[i];
		}
	}
	shown[at] = '\0';
	assert_string_equal(shown, wanted);
}

static void test_masks(void **state)
{
	(void)state;
	assert_mask("", "");
	assert_mask("plain words stay.", "plain words stay.");
	assert_mask("took 12 ms", "took <*>");
	assert_mask("sent 5 bytes (1.26 KB)", "sent <*> bytes (<*>)");
	assert_mask("attempt_1445_0020_m_000000_0 done", "attempt_<*> done");
	assert_mask("to 10.0.0.1:8080, 10.0.0.2:8080", "to <*>,");
	assert_mask("GET /a/b?x=1 failed", "GET <*> failed");
	assert_mask("link eth0 is up", "link eth0 is up");
	assert_mask("opened for user root by (uid=0)", "opened for user <*> by (uid= <*>)");
	assert_mask("at Mon Jun 20 03:40:59 2005", "at <*>");
	assert_mask("GET /x -> 503", "GET <*> -> 503");
	assert_mask("\x1b[31mred\x1b[0m text", "red text");
	assert_mask("mail to a.b@example.com now", "mail to <*> now");
	assert_mask("host db.example.com down", "host <*> down");
	assert_mask("id 550e8400-e29b-41d4-a716-446655440000 gone", "id <*> gone");
}

/* Adds lines ended by NULL; returns the number of clusters. */
static struct clusters *group(const char *const *lines, uint32_t *shapes)
{
	struct clusters *c = clusters_new();
	char masked[MASK_MAX];

	for (size_t i = 0; lines[i]; i++)
		shapes[i] =
			clusters_add(c, (struct str){masked, mask_text(str_of(lines[i]), masked)});
	clusters_finish(c);
	return c;
}

static void test_alternatives_stay_apart(void **state)
{
	(void)state;
	uint32_t s[8];
	struct clusters *c = group((const char *const[]){"[vm 12] VM Started now",
					   "[vm 13] VM Paused now", "[vm 14] VM Started now", NULL},
		s);

	assert_int_equal(clusters_count(c), 2);
	assert_int_equal(clusters_of(c, s[0]), clusters_of(c, s[2]));
	assert_true(clusters_of(c, s[0]) != clusters_of(c, s[1]));
	clusters_free(c);
}

static void test_many_words_are_values(void **state)
{
	(void)state;
	uint32_t s[8];
	struct arena *arena = arena_new();
	struct clusters *c =
		group((const char *const[]){"cannot reach alpha today", "cannot reach beta today",
			      "cannot reach gamma today", "cannot reach delta today",
			      "cannot reach epsilon today", NULL},
			s);

	assert_int_equal(clusters_count(c), 1);
	struct str t = clusters_template(c, clusters_of(c, s[0]), arena);

	assert_true(str_is(t, "cannot reach <*> today"));
	clusters_free(c);
	arena_free(arena);
}

static void test_levels_are_no_values(void **state)
{
	(void)state;
	uint32_t s[8];
	struct clusters *c =
		group((const char *const[]){"x ERROR disk", "x WARN disk", "x INFO disk",
			      "x DEBUG disk", "x FATAL disk", "x TRACE disk", NULL},
			s);

	assert_int_equal(clusters_count(c), 6);
	clusters_free(c);
}

/* Lines of a file; the text is cut in place. */
static size_t read_lines(const char *path, struct arena *arena, const char ***lines)
{
	FILE *f = fopen(path, "r");
	size_t count = 0, capacity = 0, size = 0;
	char *line = NULL;

	*lines = NULL;
	if (!f)
		return 0;
	for (ssize_t len; (len = getline(&line, &size, f)) >= 0;) {
		while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
			line[--len] = '\0';
		*lines = arena_grow(arena, *lines, count, &capacity, sizeof(**lines));
		(*lines)[count++] = arena_strdup(arena, line);
	}
	free(line);
	fclose(f);
	return count;
}

static int compare_labels(const void *a, const void *b, void *ctx)
{
	const char **labels = ctx;

	return strcmp(labels[*(const size_t *)a], labels[*(const size_t *)b]);
}

struct score {
	double ga, fga;
};

/* A label's lines are right when their cluster holds exactly them. */
static struct score score(
	const char **labels, const uint32_t *predicted, size_t count, size_t clusters)
{
	size_t *order = calloc(count, sizeof(*order)), *sizes = calloc(clusters, sizeof(*sizes));
	size_t right = 0, groups = 0, truths = 0;

	for (size_t i = 0; i < count; i++) {
		order[i] = i;
		sizes[predicted[i]]++;
	}
	qsort_r(order, count, sizeof(*order), compare_labels, labels);
	for (size_t i = 0, end; i < count; i = end) {
		bool same = true;

		for (end = i; end < count && strcmp(labels[order[end]], labels[order[i]]) == 0;
			end++)
			same = same && predicted[order[end]] == predicted[order[i]];
		truths++;
		if (same && sizes[predicted[order[i]]] == end - i) {
			right += end - i;
			groups++;
		}
	}
	double precision = (double)groups / (double)clusters,
	       recall = (double)groups / (double)truths;

	free(order);
	free(sizes);
	return (struct score){(double)right / (double)count,
		precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0};
}

/* Groups the lines in an order that `seed` decides; 0: as they are. */
static struct score score_set(const char **lines, const char **labels, size_t count, uint32_t seed)
{
	struct clusters *c = clusters_new();
	uint32_t *shapes = calloc(count, sizeof(*shapes));
	size_t *order = calloc(count, sizeof(*order)), used = 0;
	char masked[MASK_MAX];

	for (size_t i = 0; i < count; i++)
		order[i] = i;
	for (size_t i = count; seed && i > 1; i--) {
		seed = seed * 1664525 + 1013904223;
		size_t k = (seed >> 8) % i, swap = order[k];

		order[k] = order[i - 1];
		order[i - 1] = swap;
	}
	for (size_t i = 0; i < count; i++)
		shapes[order[i]] = clusters_add(
			c, (struct str){masked, mask_text(str_of(lines[order[i]]), masked)});
	clusters_finish(c);
	uint32_t *numbers = calloc(clusters_count(c), sizeof(*numbers));

	for (size_t i = 0; i < count; i++) {
		uint32_t *number = &numbers[clusters_of(c, shapes[i])];

		if (!*number)
			*number = (uint32_t)++used;
		shapes[i] = *number - 1;
	}
	struct score s = score(labels, shapes, count, used);

	free(numbers);
	free(order);
	free(shapes);
	clusters_free(c);
	return s;
}

static void test_accuracy(void **state)
{
	(void)state;
	static const char dir[] = "../shared/data/loghub2k";
	DIR *d = opendir(dir);
	struct score mean = {0}, shuffled = {0};
	size_t sets = 0;

	if (!d) {
		printf("skipped: no labelled logs in %s\n", dir);
		skip();
	}
	for (struct dirent *e; (e = readdir(d));) {
		struct str name = str_of(e->d_name);
		struct arena *arena = arena_new();
		const char **lines, **labels;

		if (!str_ends(name, ".content")) {
			arena_free(arena);
			continue;
		}
		name.len -= strlen(".content");
		size_t count =
			read_lines(arena_printf(arena, "%s/%s", dir, e->d_name), arena, &lines);

		assert_int_equal(
			read_lines(arena_printf(arena, "%s/%.*s.labels", dir, STR_ARG(name)), arena,
				&labels),
			count);
		struct score s = score_set(lines, labels, count, 0);

		printf("%-12.*s GA %.4f FGA %.4f\n", STR_ARG(name), s.ga, s.fga);
		mean.ga += s.ga;
		mean.fga += s.fga;
		for (uint32_t seed = 1; seed <= 10; seed++)
			shuffled.ga += score_set(lines, labels, count, seed).ga / 10;
		sets++;
		arena_free(arena);
	}
	closedir(d);
	printf("%-12s GA %.4f FGA %.4f, shuffled GA %.4f\n", "mean", mean.ga / (double)sets,
		mean.fga / (double)sets, shuffled.ga / (double)sets);
	assert_true(mean.ga / (double)sets >= 0.95);
	assert_true(mean.fga / (double)sets >= 0.93);
	assert_true((mean.ga - shuffled.ga) / (double)sets < 0.005);
	assert_true((shuffled.ga - mean.ga) / (double)sets < 0.005);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_masks),
		cmocka_unit_test(test_alternatives_stay_apart),
		cmocka_unit_test(test_many_words_are_values),
		cmocka_unit_test(test_levels_are_no_values),
		cmocka_unit_test(test_accuracy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
