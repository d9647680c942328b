/* What cluster.c (counting) and cluster_group.c (grouping) share. */
#ifndef LOGS_CLUSTER_PRIVATE_H
#define LOGS_CLUSTER_PRIVATE_H

#include "probe/cluster.h"
#include "probe/heap.h"

enum { WILD = 0 }; /* the word that is nothing but a wildcard */

struct shape {
	uint64_t hash;
	uint32_t words, len; /* its words: from, how many */
	uint32_t group;      /* while grouping: union-find parent; then its cluster */
};

struct word {
	uint64_t hash;
	uint32_t text, len; /* in `texts` */
	bool fixed;         /* a level name: never a value */
	bool literal;       /* has letters: can hold a template together */
	bool wild;          /* has a wildcard */
};

/* Open addressing; a slot holds index + 1. */
struct table {
	uint32_t *slots;
	size_t mask;
};

struct clusters {
	struct shape *shapes;
	size_t shape_count, shape_capacity;
	uint32_t *words; /* of all shapes, one after the other */
	size_t word_count, word_capacity;
	struct word *vocabulary;
	size_t vocabulary_count, vocabulary_capacity;
	char *texts; /* of the vocabulary */
	size_t text_len, text_capacity;
	struct table by_hash, by_word;
	size_t folded_shapes;
	int64_t folded; /* lines whose shape did not fit */
	/* After grouping: the shape that holds the template of each cluster. */
	uint32_t *clusters;
	size_t cluster_count;
};

uint64_t cluster_hash(const void *, size_t len, uint64_t seed);
/* A shape for these words, new or the one that exists. */
uint32_t cluster_intern(struct clusters *, const uint32_t *words, size_t len, bool *is_new);
/* Finds shapes by their words from now on, and unites those that folding made equal. */
void cluster_rehash(struct clusters *);

#endif
