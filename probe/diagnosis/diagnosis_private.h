/*
 * What the files of diagnosis share: problems found in the logs before they become findings.
 *
 *   problems.c   clusters -> problems: what could be a root, what is an effect, what is noise
 *   incidents.c  the flow of time -> which problem ended which life of which instance
 *   chain.c      root -> ... -> symptom, evidence
 *   deploy.c     when the newest deploy was, and what is new since
 *   child.c      the exit of a backend that the run started itself -> the problem to blame
 *   ports.c      where the service listens and where it is asked
 *   correlate.c  failed steps -> the problem that explains them
 *   waiting.c    a step that waited -> what the service was busy with
 *   finding.c    problems and steps -> findings, ranked
 *   age.c        age of the logs, what limits the judgement
 *   verdict.c    verdict, capabilities, summary
 *   baseline.c   differences from an earlier run
 */
#ifndef PROBE_DIAGNOSIS_PRIVATE_H
#define PROBE_DIAGNOSIS_PRIVATE_H

#include "probe/diagnosis.h"
#include "probe/logs.h"
#include "probe/url.h"

enum {
	PROBLEMS_MAX = 400,
	PROBLEM_CLUSTERS_MAX = 32,
	PROBLEM_TIES_MAX = 64,
	CLUSTERS_JUDGED = 4000
};

enum role { ROLE_NONE, ROLE_ROOT, ROLE_EFFECT, ROLE_NOISE };

/* How a problem is tied to a failed step, strongest last. */
enum tie { TIE_NONE, TIE_BEFORE, TIE_WINDOW, TIE_CAUSE, TIE_INSTANCE, TIE_REQUEST, TIE_TRACE };

struct problem {
	const struct rule *rule; /* never NULL */
	struct pairs names;
	int weight; /* of the rule's match; 0: none */
	const struct log_cluster *clusters[PROBLEM_CLUSTERS_MAX];
	size_t cluster_count;
	const struct log_entry *entry; /* that shows it best; NULL: seen by a step only */
	const struct exception *exception;
	struct str type, message, location;
	enum severity level;
	bool tolerant; /* its own words say that the service goes on */
	bool resolved; /* a later line says that it worked after all */
	bool platform;
	int64_t entries, incidents, fatal, after_failure;
	int64_t first, last; /* TIME_NONE */
	int64_t last_moment; /* of the burst that is counted */
	const struct log_instance *last_instance;
	int64_t instances;
	const struct log_entry *effects[4]; /* what followed when it was fatal */
	size_t effect_count;
	const char *steps[PROBLEM_TIES_MAX];
	size_t step_count;
	enum tie tie;
	bool breaks_required, degrades;
	double score;
	const char *observed; /* what the step saw, for evidence; NULL */
	const char *observed_step;
	int64_t observed_time;
	const char *tie_reason;
	const char *state_reason;
	const char *ended; /* how the command ended right after it: "exited 3 after 1.2s"; NULL */
	bool assumed;      /* the log does not say it: the end of the command alone does */
	enum finding_state state;
	enum priority priority;
	bool new_since_baseline;
	uint64_t key;
};

struct deploy {
	int64_t at;           /* TIME_NONE: not known */
	const char *revision; /* NULL: the time was given */
};

struct context {
	struct arena *arena;
	const struct run *run;   /* NULL: logs alone */
	const struct logs *logs; /* NULL: none */
	const struct rules *rules;
	const struct diagnose_options *options;
	struct problem *problems[PROBLEMS_MAX];
	size_t problem_count;
	/* Role and problem of each judged cluster, by position in logs->clusters. */
	enum role *roles;
	struct problem **cluster_problems;
	size_t judged;
	struct deploy deploy;
	struct diagnosis *out;
};

/* problems.c */
void problems_find(struct context *);
struct problem *problem_add(struct context *, const char *cause);
/* Position of a cluster among the judged; SIZE_MAX for one that is not. */
size_t cluster_position(const struct context *, const struct log_cluster *);
/* Sets a name unless it has a value. */
void problem_name(struct context *, struct problem *, const char *name, struct str value);
/* Root first: the link that names the cause best. */
size_t problem_root_link(const struct context *, const struct exception *);

/* incidents.c */
void incidents_count(struct context *);
void incidents_judge(struct context *); /* recovered, old, score, priority */

/* deploy.c */
void deploy_find(struct context *);
/* Whether it is none of the newest deploy's. */
bool deploy_is_old(const struct context *, const struct problem *);
/* On which side of the deploy it began, in words; NULL when that cannot be said. */
const char *deploy_text(const struct context *, const struct problem *);

/* child.c */
void child_blame(struct context *);

/* ports.c */
void ports_compare(struct context *);

/* correlate.c */
void correlate(struct context *);

/* waiting.c */
/* What the service was busy with while the step waited for it; NULL when nothing says so. */
struct problem *waiting_problem(
	struct context *, const struct step_result *, struct str observation);

/* chain.c */
void chain_build(struct context *, const struct problem *, struct finding *);
void evidence_build(struct context *, const struct problem *, struct finding *);

/* finding.c */
void findings_build(struct context *);

/* age.c */
void age_judge(struct context *); /* how old the logs are, and what limits the judgement */

/* verdict.c */
void verdict_build(struct context *);

/* baseline.c */
void baseline_compare(struct context *);

/* text.c */
const char *text_of(struct arena *, struct str); /* NULL for an empty one */
struct str text_first_line(struct str);
/* "file:line" that a line names ("... in /etc/x.conf:9", loguru's); empty when it names none. */
struct str text_location(struct arena *, struct str);
/* Whom a step asked: "GET http://10.0.0.1:8080/x", "tcp://db:5432", "db:5432". */
bool text_target(struct arena *, struct str target, struct url *out);
/* What a line says, behind its time, level and logger. */
struct str text_subject(struct str);
struct str text_plain(struct arena *, struct str);             /* without colours */
bool text_has_word(struct str text, const char *const *words); /* any, without regard to case */
void texts_add(struct arena *, struct texts *, const char *);
uint64_t text_key(struct str); /* hash without digits, for "the same message" */
bool text_equal(const char *a, const char *b);

#endif
