/* Words in a text that tell what it speaks of. */
#include "look_private.h"

#include <pthread.h>

static const struct {
	const char *word;
	unsigned traits;
} signs[] = {
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

enum {
	SIGNS = sizeof(signs) / sizeof(*signs),
	WINDOW = 4, /* bytes of the shortest */
	PAIR_BITS = 0x1F1F,
};
_Static_assert(WINDOW + SIGNS <= UINT8_MAX, "a sign's index and WINDOW are in one byte");

/*
 * Finds them all at once (S. Wu, U. Manber, "A fast algorithm for multi-pattern searching", 1994): by the
 * last two of each four bytes of the text either how far it is at least to the next four that may begin a
 * sign, or, WINDOW more than its index, the first of the signs that may begin here; others follow in
 * sign_next.
 */
static unsigned char steps[PAIR_BITS + 1], sign_next[SIGNS], sign_len[SIGNS];

/* Case does not count, and what takes a letter for another character only costs a look. */
static inline unsigned pair_of(const char *p)
{
	uint16_t pair;

	memcpy(&pair, p, sizeof(pair));
	return pair & PAIR_BITS;
}

/* When first asked, by whichever thread: most runs read no log. */
static pthread_once_t ready = PTHREAD_ONCE_INIT;

static void signs_init(void)
{
	memset(steps, WINDOW - 1, sizeof(steps));
	for (size_t i = 0; i < SIGNS; i++) {
		const char *word = signs[i].word;

		sign_len[i] = (unsigned char)strlen(word);
		for (size_t at = 0; at < WINDOW - 2; at++) {
			unsigned char *step = &steps[pair_of(word + at)];

			if (*step > WINDOW - 2 - at)
				*step = (unsigned char)(WINDOW - 2 - at);
		}
	}
	for (size_t i = 0; i < SIGNS; i++) {
		unsigned char *step = &steps[pair_of(signs[i].word + WINDOW - 2)];

		sign_next[i] = *step < WINDOW ? 0 : *step;
		*step = (unsigned char)(WINDOW + i);
	}
}

/* Whether four bytes are those of a sign in any case: a capital lacks one bit of its letter. Controls
 * lack the same of other characters, and the next one, too. */
static inline bool window_is(const char *p, const char *sign)
{
	uint32_t text, wanted, bits = 0x20202020;

	memcpy(&text, p, sizeof(text));
	memcpy(&wanted, sign, sizeof(wanted));
	return (text | bits) == wanted && ((text | text >> 1) & bits) == bits;
}

static bool sign_at(const char *p, const char *sign, size_t len)
{
	for (size_t i = WINDOW; i + WINDOW < len; i += WINDOW)
		if (!window_is(p + i, sign + i))
			return false;
	return window_is(p + len - WINDOW, sign + len - WINDOW);
}

unsigned signs_look(struct str text)
{
	unsigned found = 0;

	if (text.len < WINDOW)
		return 0;
	pthread_once(&ready, signs_init);
	for (const char *p = text.ptr, *end = p + text.len, *last = end - WINDOW; p <= last;) {
		unsigned step = steps[pair_of(p + WINDOW - 2)];

		if (step < WINDOW) {
			p += step;
			continue;
		}
		for (; step; step = sign_next[step - WINDOW]) {
			size_t i = step - WINDOW, len = sign_len[i];

			if (window_is(p, signs[i].word) && (size_t)(end - p) >= len &&
				sign_at(p, signs[i].word, len))
				found |= signs[i].traits;
		}
		p++;
	}
	return found;
}
