/*
 * diagnosis: the judgement over what a run recorded and what the backend logged meanwhile. Data for
 * the reports, and the one function that makes it.
 *
 * Everything is read-only once made and lives in the arena given. Nothing is invented: a message, a
 * quote, a name in an action was seen in the run or in the logs. Texts are masked. Strings may hold
 * anything a backend can print (controls, markup); NULL means "not known" unless said otherwise.
 */
#ifndef PROBE_DIAGNOSIS_H
#define PROBE_DIAGNOSIS_H

#include "probe/rules.h"
#include "probe/run.h"

struct logs;

enum golden_path { GOLDEN_HEALTHY, GOLDEN_DEGRADED, GOLDEN_BROKEN, GOLDEN_UNKNOWN };
/* "healthy" "degraded" "broken" "unknown". */
const char *golden_path_name(enum golden_path);

enum finding_state { FINDING_ACTIVE, FINDING_RECOVERED, FINDING_OLD };
/* "active" "recovered" "old". */
const char *finding_state_name(enum finding_state);

enum capability_status {
	CAPABILITY_WORKING,
	CAPABILITY_DEGRADED,
	CAPABILITY_BROKEN,
	CAPABILITY_NOT_REACHED,
};
/* "working" "degraded" "broken" "not_reached". */
const char *capability_status_name(enum capability_status);

/* A list of texts. */
struct texts {
	const char **items;
	size_t count;
};

/* One link from root (first) to symptom (last). */
struct finding_link {
	const char *type, *message, *location; /* message is never NULL */
};

/* A verbatim quote and where it stands. */
struct evidence {
	const char *quote;
	const char *source; /* name of a log source, or "step 'NAME'" */
	int64_t entry;      /* from 1 in its source; 0: not an entry (a step's observation) */
	int64_t time;       /* wall ns, or TIME_NONE */
};

enum { EVIDENCE_MAX = 8, FINDINGS_MAX = 200 };

struct finding {
	unsigned rank; /* from 1 */
	enum priority priority;
	const char *cause;    /* id of the rules table, never NULL */
	const char *title;    /* one line, never NULL */
	const char *message;  /* root message verbatim, never NULL */
	const char *type;     /* exception type */
	const char *location; /* "file:line" */
	struct finding_link *chain;
	size_t chain_count;
	struct texts clusters; /* ids of log clusters */
	struct texts steps;    /* names of the steps it explains */
	int64_t incidents;     /* crashes or failures, repeats counted; 0: seen by steps only */
	int64_t entries;       /* log entries that tell of it */
	int64_t instances;     /* 0: not known */
	int64_t first_seen, last_seen; /* wall ns, or TIME_NONE */
	const char *revision;          /* the backend's, newest that showed it */
	enum finding_state state;
	double confidence;               /* 0 to 1 */
	struct texts confidence_reasons; /* in words, strongest first */
	struct evidence *evidence;
	size_t evidence_count;
	struct texts now, next, later; /* actions by horizon */
	bool secondary;                /* a cause beside the primary one, not an effect of it */
	bool new_since_baseline;       /* only with a baseline */
};

struct capability {
	const char *name;
	enum capability_status status;
};

struct verdict {
	enum golden_path golden_path;
	const char *summary; /* one line that names what is broken, why and where */
	int exit_code;       /* 0, 1 or 3, as SPEC of the commands says */
};

enum change_kind {
	CHANGE_CLUSTER_NEW,  /* an error cluster the baseline did not have */
	CHANGE_CLUSTER_GONE, /* and one it had */
	CHANGE_STEP_SLOWER,  /* at least half as long again and 50 ms more than before */
	CHANGE_STEP_STATUS,  /* passed before, fails now, or the other way round */
	CHANGE_CHECK,        /* a check's result or what it saw has changed */
};
/* "cluster-new" "cluster-gone" "step-slower" "step-status" "check". */
const char *change_kind_name(enum change_kind);

/* One difference from the baseline run. */
struct change {
	enum change_kind kind;
	const char *name; /* of the step, or id of the cluster */
	const char *text; /* one line in words */
};

struct diagnosis {
	struct verdict verdict;
	struct capability *capabilities; /* in the order in which steps name them */
	size_t capability_count;
	struct finding *findings; /* by rank */
	size_t finding_count;
	size_t findings_left_out;
	const char *banner; /* stale logs: "newest log line is 34h old ..."; NULL: none is due */
	bool stale;         /* nothing may be said in the present tense */
	int64_t logs_first, logs_last; /* window the logs really cover; TIME_NONE */
	struct texts notes; /* what limits the judgement: export caps, sources that failed, gaps */
	bool has_baseline;
	const char *baseline_id; /* of the run compared with */
	struct change *changes;
	size_t change_count;
};

struct diagnose_options {
	int64_t now;    /* wall ns */
	bool live;      /* the logs were fetched for this run: stale is older than the window */
	int64_t window; /* ns before the start that logs are wanted for; 0: 15 minutes */
	int64_t deployed_at; /* wall ns; TIME_NONE: taken from the newest revision's first line */
	bool strict;         /* degraded exits 1 */
	const struct run *baseline_run;   /* NULL: no baseline */
	const struct logs *baseline_logs; /* NULL: the baseline had none */
	const struct redactor *redactor;  /* NULL: nothing is secret */
};

/*
 * Judges. `run` NULL: logs alone, steps and capabilities stay empty and exit codes are those of
 * `logs`. `logs` NULL: none were read. Never fails: without evidence the cause is "unknown".
 */
const struct diagnosis *diagnose(struct arena *, const struct run *, const struct logs *,
	const struct rules *, const struct diagnose_options *);

/* How old the logs of a judgement are: its logs_first, logs_last, stale and banner. Old are logs that end
 * more than `limit` ns before `now`. diagnose() does it; who reads a judgement back does it again. */
#define LOGS_STALE (15 * 60 * NS_PER_S)
void diagnosis_date_logs(
	struct arena *, struct diagnosis *, const struct logs *, int64_t now, int64_t limit);

/* The first finding that explains the named step, or NULL. */
const struct finding *diagnosis_explains(const struct diagnosis *, const char *step);

#endif
