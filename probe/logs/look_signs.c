/* Words in a text that tell what it speaks of. */
#include "look_private.h"

#include <endian.h>
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

/*
 * Each sign has two places to be known by: its bytes 0 to 2, and 1 to 3. One of the two is at an odd place of
 * a text, whose every other three bytes thus tell, by their hash, that most of it has no sign. A place is
 * 2 + 2 * sign + byte; `places` has the first one of a hash, `place_next` those after it.
 */
enum {
	SIGNS = sizeof(signs) / sizeof(*signs),
	PLACES = 2 + 2 * SIGNS,
	SHORTEST = 4, /* bytes of a sign */
	HASH_BITS = 12,
};
static unsigned char places[1 << HASH_BITS], place_next[PLACES], sign_len[SIGNS];
_Static_assert(PLACES <= UINT8_MAX + 1, "a place is known by one byte");

/* Of the three bytes after the one at `p`. Case does not count; nor do other bits that only tell letters from
 * what stands in few texts. */
static inline unsigned hash_after(const char *p)
{
	uint32_t bytes;

	memcpy(&bytes, p, sizeof(bytes));
	return (le32toh(bytes) & 0x1F1F1F00) * UINT32_C(0x9E3779B1) >> (32 - HASH_BITS);
}

/* When first asked, by whichever thread: most runs read no log. */
static pthread_once_t ready = PTHREAD_ONCE_INIT;

static void signs_init(void)
{
	for (unsigned place = 2; place < PLACES; place++) {
		const char *sign = signs[place / 2 - 1].word;
		char shifted[1 + SHORTEST] = {0};

		memcpy(shifted + 1, sign, SHORTEST);
		unsigned char *first = &places[hash_after(shifted + place % 2)];

		place_next[place] = *first;
		*first = (unsigned char)place;
		sign_len[place / 2 - 1] = (unsigned char)strlen(sign);
	}
}

/* Whether four bytes are those of a sign in any case: capitals lack a bit that all in signs have. So do
 * controls, which lack the next one, too. */
static inline bool four_are(const char *p, const char *sign)
{
	uint32_t text, wanted, bits = 0x20202020;

	memcpy(&text, p, sizeof(text));
	memcpy(&wanted, sign, sizeof(wanted));
	return (text | bits) == wanted && ((text | text >> 1) & bits) == bits;
}

static bool sign_is(struct str text, const char *sign)
{
	size_t last = text.len - 4;

	for (size_t i = 0; i < last; i += 4)
		if (!four_are(text.ptr + i, sign + i))
			return false;
	return four_are(text.ptr + last, sign + last);
}

/* Traits of the signs that `place` and those after it are of, if they are there. */
static unsigned signs_at(unsigned place, const char *p, const char *end)
{
	unsigned found = 0;

	for (; place; place = place_next[place]) {
		unsigned sign = place / 2 - 1;
		struct str text = {p + 1 - place % 2, sign_len[sign]};

		if ((size_t)(end - text.ptr) >= text.len && sign_is(text, signs[sign].word))
			found |= signs[sign].traits;
	}
	return found;
}

unsigned signs_look(struct str text)
{
	const char *p = text.ptr, *end = p + text.len;
	unsigned found = 0;

	if (text.len < SHORTEST)
		return 0;
	pthread_once(&ready, signs_init);
	for (const char *last = end - SHORTEST; p <= last; p += 2) {
		unsigned place = places[hash_after(p)];

		if (place)
			found |= signs_at(place, p, end);
	}
	return found;
}
