/* Classes of characters and kinds of words, for masking. */
#ifndef LOGS_MASK_PRIVATE_H
#define LOGS_MASK_PRIVATE_H

#include "probe/str.h"

enum {
	C_DIGIT = 1,
	C_ALPHA = 2,
	C_HEX = 4,
	C_OPEN = 8,   /* may stand before a word */
	C_CLOSE = 16, /* may stand after it */
	C_SPLIT = 32, /* parts a word into segments */
	C_HOST = 64,  /* in host names */
	C_JOIN = 128, /* between the digits of one value */
};

extern const unsigned char mask_classes[256];

static inline bool is(char c, unsigned set)
{
	return mask_classes[(unsigned char)c] & set;
}

bool mask_has_digit(struct str);
/* Whole words without what stands around them. */
bool mask_is_url(struct str);
bool mask_is_path(struct str);
bool mask_is_host_port(struct str);
bool mask_is_mail(struct str);
/* IPv6, MAC, UUID. */
bool mask_is_hex_groups(struct str);
/* A run of letters and digits that is a value. */
bool mask_run_varies(struct str);
/* Many numbers in one word. */
bool mask_is_stamped(struct str);
/* Only letters, and punctuation after them. */
bool mask_is_plain(struct str);
/* "Mon", "Jan" */
bool mask_is_date_word(struct str);
/* "KB", "ms" */
bool mask_is_unit(struct str);

#endif
