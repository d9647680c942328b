/*
 * demo: options and start.
 *
 *   demo [--port N] [--port-file FILE] [--log FILE] [--password TEXT]
 *        [--hs256-secret TEXT] [--incident NAME [--delay 3s] [--supervise]]
 *
 * Port 0 is a free one. The port users are told is the first line on standard output, or the
 * content of the port file. The log goes to standard error unless told otherwise.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "demo.h"

/* uvicorn's, when the application's startup fails. */
enum { EXIT_STARTUP_FAILED = 3, EXIT_USAGE = 2 };

static const struct {
	const char *name, *help;
	enum incident incident;
} incidents[] = {
	{"auth-service-missing", "a module is not in the image: logs the traceback, exits 3",
		INCIDENT_AUTH_SERVICE_MISSING},
	{"slow-start", "the port opens only after --delay", INCIDENT_SLOW_START},
	{"not-ready", "/health/ready answers 503 until --delay has passed", INCIDENT_NOT_READY},
	{"wrong-port", "listens, but not where everybody looks", INCIDENT_WRONG_PORT},
	{"login-broken", "health is green, sign-in answers 500", INCIDENT_LOGIN_BROKEN},
};

enum { INCIDENT_COUNT = sizeof(incidents) / sizeof(*incidents) };

static int usage(FILE *out, int code)
{
	fprintf(out,
		"usage: demo [--port N] [--port-file FILE] [--log FILE] [--password TEXT]\n"
		"            [--hs256-secret TEXT] [--incident NAME [--delay 3s] [--supervise]]\n\nincidents:\n");
	for (size_t i = 0; i < INCIDENT_COUNT; i++)
		fprintf(out, "  %-22s %s\n", incidents[i].name, incidents[i].help);
	fprintf(out,
		"\n--supervise: after the exit stay and start again, as a platform would, with "
		"the port closed\n");
	return code;
}

static bool incident_find(const char *name, enum incident *out)
{
	for (size_t i = 0; i < INCIDENT_COUNT; i++)
		if (strcmp(incidents[i].name, name) == 0) {
			*out = incidents[i].incident;
			return true;
		}
	return false;
}

/* Sleeps until the time has passed or a signal came. */
static void wait_for(int64_t ns)
{
	int64_t until = clock_monotonic() + ns, left;

	while (!server_stopped() && (left = until - clock_monotonic()) > 0) {
		struct timespec pause = {
			.tv_sec = left / NS_PER_S, .tv_nsec = (long)(left % NS_PER_S)};

		nanosleep(&pause, NULL);
	}
}

static bool port_tell(uint16_t port, const char *path)
{
	FILE *out = path ? fopen(path, "we") : stdout;

	if (!out)
		return false;
	fprintf(out, "%u\n", port);
	return path ? fclose(out) == 0 : fflush(out) == 0;
}

/* The platform starts the container, sees it die, and starts it again, ever more slowly. */
static int crash_loop(const struct demo *demo)
{
	int64_t pause = 400 * NS_PER_MS;

	if (!demo->supervise) {
		story_application();
		return EXIT_STARTUP_FAILED;
	}
	while (!server_stopped()) {
		story_platform_start();
		wait_for(50 * NS_PER_MS);
		story_application();
		story_platform_end(demo->port);
		wait_for(pause);
		pause = pause < 10 * NS_PER_S ? 2 * pause : pause;
		log_instance();
	}
	return 0;
}

static int serve(const struct demo *demo, int64_t delay)
{
	uint16_t port = demo->port;
	char text[120];

	log_text(LOG_STDERR, NULL, "INFO:     Started server process [1]");
	log_text(LOG_STDERR, NULL, "INFO:     Waiting for application startup.");
	if (demo->incident == INCIDENT_SLOW_START)
		wait_for(delay);
	if (demo->incident == INCIDENT_NOT_READY)
		log_json("INFO", "netra_backend.app.db.migrations",
			"Waiting for database migrations to finish");
	if (demo->incident == INCIDENT_WRONG_PORT)
		port = server_free_port();
	token_setup(demo->hs256_secret);
	log_text(LOG_STDERR, NULL, "INFO:     Application startup complete.");
	snprintf(text, sizeof(text),
		"INFO:     Uvicorn running on http://0.0.0.0:%u (Press CTRL+C to quit)", port);
	log_text(LOG_STDERR, NULL, text);
	return server_run(demo, port);
}

struct options {
	int64_t port, delay;
	const char *port_file, *log;
};

static bool duration_option(const char *text, int64_t *out)
{
	struct error err;

	if (duration_parse(str_of(text), out, &err) == 0)
		return true;
	fprintf(stderr, "demo: %s\n", err.text);
	return false;
}

static bool option_take(struct demo *demo, struct options *o, int option)
{
	switch (option) {
	case 'p': return str_int(str_of(optarg), &o->port) && o->port >= 0 && o->port < 65536;
	case 'f': o->port_file = optarg; return true;
	case 'l': o->log = optarg; return true;
	case 'w': demo->password = optarg; return true;
	case 'k': demo->hs256_secret = optarg; return true;
	case 'i': return incident_find(optarg, &demo->incident);
	case 'd': return duration_option(optarg, &o->delay);
	case 's': demo->supervise = true; return true;
	default: return false;
	}
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{"port", required_argument, NULL, 'p'},
		{"port-file", required_argument, NULL, 'f'},
		{"log", required_argument, NULL, 'l'},
		{"password", required_argument, NULL, 'w'},
		{"hs256-secret", required_argument, NULL, 'k'},
		{"incident", required_argument, NULL, 'i'},
		{"delay", required_argument, NULL, 'd'},
		{"supervise", no_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct demo demo = {.password = "correct horse battery staple"};
	struct options o = {.delay = 3 * NS_PER_S};
	int option;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (option == 'h')
			return usage(stdout, 0);
		if (!option_take(&demo, &o, option))
			return usage(stderr, EXIT_USAGE);
	}
	if (optind < argc)
		return usage(stderr, EXIT_USAGE);
	server_signals();
	demo.port = o.port ? (uint16_t)o.port : server_free_port();
	if (demo.incident == INCIDENT_NOT_READY)
		demo.ready_at = clock_monotonic() + o.delay;
	if (!log_open(o.log) || !port_tell(demo.port, o.port_file)) {
		fprintf(stderr, "demo: cannot write: %s\n", strerror(errno));
		return 1;
	}
	if (demo.incident == INCIDENT_AUTH_SERVICE_MISSING)
		return crash_loop(&demo);
	return serve(&demo, o.delay);
}
