/*
 * cluster: which log lines say the same but for names and numbers.
 *
 * Two steps, explained in probe/logs/CLUSTERING.md. While lines come, each is masked (numbers,
 * addresses, paths ... become a wildcard) and counted under its masked form, its *shape*. At the end
 * clusters_finish() groups the shapes. There is one setting for all inputs, and since grouping looks
 * at the set of shapes, the order of the lines does not matter. Memory is bounded by the number and
 * size of shapes; lines whose shape does not fit are counted under a coarser one.
 */
#ifndef PROBE_CLUSTER_H
#define PROBE_CLUSTER_H

#include "probe/arena.h"
#include "probe/str.h"

enum {
	MASK_TEXT_MAX = 2048, /* bytes of a line that are looked at */
	MASK_MAX = 3072,      /* bytes of a masked form at most */
	MASK_WORDS_MAX = 96,  /* words of it */
	CLUSTER_SHAPES_MAX = 100000,
};

/* What stands for a varying part in a masked form. */
#define MASK_WILDCARD '\x02'

/* Writes the masked form of a line: words parted by one blank. Returns its length, at most
 * MASK_MAX. The same text always gives the same form. */
size_t mask_text(struct str text, char out[MASK_MAX]);

struct clusters;

struct clusters *clusters_new(void);
void clusters_free(struct clusters *);
/* Counts a line with this masked form; returns its shape, numbered from 0. */
uint32_t clusters_add(struct clusters *, struct str masked);
size_t clusters_shapes(const struct clusters *);
/* Lines whose shape did not fit: they are counted by their first word at most. */
int64_t clusters_folded(const struct clusters *);
/* Groups the shapes; nothing can be added any more. */
void clusters_finish(struct clusters *);
/* After it: the number of clusters, the cluster of a shape, and a cluster's template with <*>. */
size_t clusters_count(const struct clusters *);
uint32_t clusters_of(const struct clusters *, uint32_t shape);
struct str clusters_template(const struct clusters *, uint32_t cluster, struct arena *);

#endif
