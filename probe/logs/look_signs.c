/* Words in a text that tell what it speaks of. */
#include "look_private.h"
#include "signs.h"

#include <pthread.h>

static const struct {
	const char *word;
	unsigned traits;
} table[] = {
	/* The application says. */
	{"running on ", LOG_LISTENING},
	{"listening", LOG_LISTENING},
	{"started on port", LOG_LISTENING | LOG_STARTED},
	{"started server on", LOG_LISTENING | LOG_STARTED},
	{"starting server on", LOG_LISTENING},
	{"running at http", LOG_LISTENING},
	{"serving on http", LOG_LISTENING},
	{"serving http on", LOG_LISTENING},
	{"launched from http", LOG_LISTENING},
	{"development server at http", LOG_LISTENING},
	{"startup complete", LOG_STARTED},
	{"server started", LOG_STARTED},
	{"started ", LOG_STARTED},
	{"ready", LOG_STARTED},
	/* The platform says. */
	{"probe failed", LOG_PLATFORM | LOG_PROBE},
	{"probe succeeded", LOG_PLATFORM | LOG_PROBE},
	{"failed startup probe", LOG_PLATFORM | LOG_PROBE},
	{"failed liveness probe", LOG_PLATFORM | LOG_PROBE},
	{"container called exit(", LOG_PLATFORM | LOG_EXIT},
	{"container exited with code", LOG_PLATFORM | LOG_EXIT},
	{"container terminated on signal", LOG_PLATFORM | LOG_EXIT},
	{"main process exited", LOG_PLATFORM | LOG_EXIT},
	{"back-off restarting failed container", LOG_PLATFORM | LOG_EXIT},
	{"memory limit of", LOG_PLATFORM | LOG_OOM},
	{"oomkilled", LOG_PLATFORM | LOG_OOM},
	{"starting new instance", LOG_PLATFORM | LOG_STARTING},
	{"started container", LOG_PLATFORM | LOG_STARTING},
	{"the request failed because", LOG_PLATFORM},
	{"the request was aborted because", LOG_PLATFORM},
	{"failed to start and listen on the port", LOG_PLATFORM},
	{"the instance was not started", LOG_PLATFORM},
	/* Something may be wrong. */
	{"error", SIGN_OF_TROUBLE},
	{"exception", SIGN_OF_TROUBLE},
	{"traceback", SIGN_OF_TROUBLE},
	{"panic", SIGN_OF_TROUBLE},
	{"fatal", SIGN_OF_TROUBLE},
	{"fail", SIGN_OF_TROUBLE},
	{"refused", SIGN_OF_TROUBLE},
	{"denied", SIGN_OF_TROUBLE},
	{"timed out", SIGN_OF_TROUBLE},
	{"timeout", SIGN_OF_TROUBLE},
	{"cannot", SIGN_OF_TROUBLE},
	{"can't", SIGN_OF_TROUBLE},
	{"could not", SIGN_OF_TROUBLE},
	{"unable", SIGN_OF_TROUBLE},
	{"unsupported", SIGN_OF_TROUBLE},
	{"no supported", SIGN_OF_TROUBLE},
	{"critical", SIGN_OF_TROUBLE},
	{"killed", SIGN_OF_TROUBLE},
	{"abort", SIGN_OF_TROUBLE},
	{"crash", SIGN_OF_TROUBLE},
	{"invalid", SIGN_OF_TROUBLE},
	{"not found", SIGN_OF_TROUBLE},
	{"no such", SIGN_OF_TROUBLE},
	{"missing", SIGN_OF_TROUBLE},
	{"unhandled", SIGN_OF_TROUBLE},
	{"uncaught", SIGN_OF_TROUBLE},
	{"exited", SIGN_OF_TROUBLE},
	{"caused by", SIGN_OF_TROUBLE},
};

enum { WORDS = sizeof(table) / sizeof(*table) };

static struct signs signs;
static const char *words[WORDS + 1];
static unsigned traits[WORDS];

/* When first asked, by whichever thread: most runs read no log. */
static pthread_once_t ready = PTHREAD_ONCE_INIT;

static void signs_ready(void)
{
	for (size_t i = 0; i < WORDS; i++) {
		words[i] = table[i].word;
		traits[i] = table[i].traits;
	}
	signs_init(&signs, words);
}

unsigned signs_look(struct str text)
{
	pthread_once(&ready, signs_ready);
	return signs_bits(&signs, traits, text);
}
