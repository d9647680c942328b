/* Reports are whole or not there, whatever stands at their place. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "report_help.h"

static int write_to(struct context *c, const char *target, struct error *err)
{
	const struct report *report = sample_healthy(c->arena);
	struct report_target parsed;

	if (report_target_parse(c->arena, target, &parsed, err))
		return -1;
	return report_write(&parsed, &report, 1, err);
}

static const char *tap_to(struct context *c, const char *path)
{
	return arena_printf(c->arena, "tap=%s", path);
}

static void test_target_parse(void **state)
{
	struct context *c = *state;
	struct report_target target;
	struct error err;

	assert_int_equal(report_target_parse(c->arena, "json", &target, &err), 0);
	assert_null(target.file);
	assert_int_equal(report_target_parse(c->arena, "json=-", &target, &err), 0);
	assert_null(target.file);
	assert_int_equal(report_target_parse(c->arena, "tap=a=b", &target, &err), 0);
	assert_string_equal(target.file, "a=b");
	assert_int_equal(report_target_parse(c->arena, "yaml=x", &target, &err), -1);
	assert_non_null(strstr(err.text, "unknown report format 'yaml': known are terminal, json"));
	assert_int_equal(report_target_parse(c->arena, "json=", &target, &err), -1);
	assert_non_null(strstr(err.text, "file name is missing"));
}

static int check_target(struct context *c, const char *text, struct error *err)
{
	struct report_target target;

	assert_int_equal(report_target_parse(c->arena, text, &target, err), 0);
	return report_target_check(&target, err);
}

static void test_target_check(void **state)
{
	struct context *c = *state;
	struct error err;

	assert_int_equal(check_target(c, tap_to(c, in_dir(c, "new.tap")), &err), 0);
	assert_int_equal(access(in_dir(c, "new.tap"), F_OK), -1);
	assert_int_equal(check_target(c, tap_to(c, "/dev/null"), &err), 0);
	assert_int_equal(check_target(c, tap_to(c, in_dir(c, "no/such.tap")), &err), -1);
	assert_non_null(strstr(err.text, "No such file or directory"));
	assert_int_equal(check_target(c, tap_to(c, c->dir), &err), -1);
	assert_non_null(strstr(err.text, "is a directory"));
	write_text(in_dir(c, "file"), "");
	assert_int_equal(check_target(c, tap_to(c, in_dir(c, "file/x.tap")), &err), -1);
	unlink(in_dir(c, "file"));
}

static void test_write_new_and_replaced(void **state)
{
	struct context *c = *state;
	const char *path = in_dir(c, "out.tap");
	struct stat st;
	struct error err;
	mode_t mask = umask(027);

	assert_int_equal(write_to(c, tap_to(c, path), &err), 0);
	umask(mask);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_true(str_starts(read_file(c->arena, path), "TAP version 14\n"));
	write_text(path, "old");
	chmod(path, 0604);
	assert_int_equal(write_to(c, tap_to(c, path), &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0604);
	assert_true(str_starts(read_file(c->arena, path), "TAP version 14\n"));
	unlink(path);
}

/* The link stays a link, whether what it points at exists or not. */
static void test_write_through_link(void **state)
{
	struct context *c = *state;
	const char *link = in_dir(c, "link.tap"), *file = in_dir(c, "real.tap");
	struct stat st;
	struct error err;

	assert_int_equal(symlink("real.tap", link), 0);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(check_target(c, tap_to(c, link), &err), 0);
		assert_int_equal(write_to(c, tap_to(c, link), &err), 0);
		assert_int_equal(lstat(link, &st), 0);
		assert_true(S_ISLNK(st.st_mode));
		assert_true(str_starts(read_file(c->arena, file), "TAP version 14\n"));
	}
	unlink(link);
	unlink(file);
	assert_int_equal(symlink("loop", in_dir(c, "loop")), 0);
	assert_int_equal(check_target(c, tap_to(c, in_dir(c, "loop")), &err), -1);
	assert_int_equal(write_to(c, tap_to(c, in_dir(c, "loop")), &err), -1);
	unlink(in_dir(c, "loop"));
}

static void test_write_full_disk(void **state)
{
	struct context *c = *state;
	struct error err;

	assert_int_equal(write_to(c, "tap=/dev/full", &err), -1);
	assert_string_equal(
		err.text, "cannot write report tap to '/dev/full': No space left on device");
	assert_int_equal(write_to(c, tap_to(c, in_dir(c, "no/such.tap")), &err), -1);
	assert_non_null(strstr(err.text, "No such file or directory"));
}

static void test_write_fifo(void **state)
{
	struct context *c = *state;
	const char *path = in_dir(c, "fifo");
	char text[15] = "";
	struct error err;

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(write_to(c, tap_to(c, path), &err), -1);
	assert_non_null(strstr(err.text, "nobody reads the FIFO"));
	int fd = open(path, O_RDONLY | O_NONBLOCK);

	assert_true(fd >= 0);
	assert_int_equal(write_to(c, tap_to(c, path), &err), 0);
	assert_int_equal(read(fd, text, 14), 14);
	assert_string_equal(text, "TAP version 14");
	close(fd);
	unlink(path);
}

/* A descriptor that the shell opened is written where it stands, not opened again. */
static void test_write_descriptor(void **state)
{
	struct context *c = *state;
	const char *path = in_dir(c, "fd.txt");
	struct error err;
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	assert_int_equal(write(fd, "before\n", 7), 7);
	assert_int_equal(write_to(c, arena_printf(c->arena, "tap=/dev/fd/%d", fd), &err), 0);
	close(fd);
	assert_true(str_starts(read_file(c->arena, path), "before\nTAP version 14\n"));
	unlink(path);
}

/* The job's summary gets the Markdown report behind what is there; what cannot be written is told. */
static void test_github_summary(void **state)
{
	struct context *c = *state;
	const char *path = in_dir(c, "summary.md");
	const struct report *report = sample_healthy(c->arena);
	struct error err;

	write_text(path, "before\n");
	setenv("GITHUB_STEP_SUMMARY", path, 1);
	assert_int_equal(report_find("github")->aside(&report, 1, &err), 0);
	assert_true(str_starts(read_file(c->arena, path), "before\n# Golden path HEALTHY"));
	unlink(path);
	setenv("GITHUB_STEP_SUMMARY", c->dir, 1);
	assert_int_equal(report_find("github")->aside(&report, 1, &err), -1);
	assert_non_null(strstr(err.text, "GITHUB_STEP_SUMMARY"));
	unsetenv("GITHUB_STEP_SUMMARY");
	assert_int_equal(report_find("github")->aside(&report, 1, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_target_parse, report_setup, report_teardown),
		cmocka_unit_test_setup_teardown(test_target_check, report_setup, report_teardown),
		cmocka_unit_test_setup_teardown(
			test_write_new_and_replaced, report_setup, report_teardown),
		cmocka_unit_test_setup_teardown(
			test_write_through_link, report_setup, report_teardown),
		cmocka_unit_test_setup_teardown(
			test_write_full_disk, report_setup, report_teardown),
		cmocka_unit_test_setup_teardown(test_write_fifo, report_setup, report_teardown),
		cmocka_unit_test_setup_teardown(
			test_write_descriptor, report_setup, report_teardown),
		cmocka_unit_test_setup_teardown(test_github_summary, report_setup, report_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
