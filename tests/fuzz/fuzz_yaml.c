/* Any bytes as a scenario: loaded and planned, diagnostics printed; nothing is sent. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "probe/auth.h"
#include "probe/plan.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct step_kind *const kinds[] = {&step_http, &step_tcp, &step_exec, NULL};
static const struct vocabulary words = {.steps = kinds, .auths = auth_kinds};
static FILE *nowhere;
static int file;
static char path[64];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	nowhere = fopen("/dev/null", "we");
	file = memfd_create("scenario", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	/* `include: /dev/stdin` is no wait. */
	close(STDIN_FILENO);
	return !nowhere || file < 0 || open("/dev/null", O_RDONLY | O_CLOEXEC) < 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct redactor *redactor = redactor_new();
	struct plan_options options = {.target = "http://127.0.0.1:1"};
	struct diags diags;

	if (ftruncate(file, 0) || pwrite(file, data, size, 0) != (ssize_t)size)
		abort();
	diags_init(&diags, arena);
	const struct scenario *scenario = scenario_load(arena, path, &words, &diags);

	if (scenario)
		plan_build(arena, scenario, &words, &options, redactor, &diags);
	diags_print(&diags, nowhere, false);
	redactor_free(redactor);
	arena_free(arena);
	return 0;
}
