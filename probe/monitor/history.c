#include "probe/history.h"

#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "probe/clock.h"

enum { WAITING_MAX = 1000, DOCUMENTS_KEPT = 50, DAYS_KEPT = 400 };

/* A run that could not be written yet. */
struct waiting {
	struct arena *arena;
	struct history_run run;
	struct waiting *next;
};

enum statement {
	BEGIN,
	COMMIT,
	ROLLBACK,
	ADD_RUN,
	ADD_STEP,
	ADD_DAY,
	DROP_DOCUMENT,
	DROP_RUNS,
	DROP_STEPS,
	DROP_DAYS,
	BOUND_RUNS,
	BOUND_STEPS,
	LIST,
	DOCUMENT,
	DAYS,
	POINTS,
	STATEMENTS,
};

static const char *const texts[STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[ADD_RUN] =
		"INSERT OR REPLACE INTO runs(id, scenario, started_at, duration, verdict, summary, "
		"document) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[ADD_STEP] =
		"INSERT INTO steps(scenario, name, started_at, status, duration) VALUES(?1, ?2, ?3, "
		"?4, ?5)",
	[ADD_DAY] =
		"INSERT INTO days(scenario, day, healthy, degraded, broken, unknown) VALUES(?1, ?2, "
		"?3 = 0, ?3 = 1, ?3 = 2, ?3 = 3) ON CONFLICT(scenario, day) DO UPDATE SET "
		"healthy = healthy + (?3 = 0), degraded = degraded + (?3 = 1), "
		"broken = broken + (?3 = 2), unknown = unknown + (?3 = 3)",
	/* Documents of healthy runs are many and alike: the newest ones are kept. */
	[DROP_DOCUMENT] =
		"UPDATE runs SET document = NULL WHERE id = (SELECT id FROM runs WHERE scenario = "
		"?1 AND verdict = 0 ORDER BY started_at DESC LIMIT 1 OFFSET ?2)",
	[DROP_RUNS] = "DELETE FROM runs WHERE started_at < ?1",
	[DROP_STEPS] = "DELETE FROM steps WHERE started_at < ?1",
	[DROP_DAYS] = "DELETE FROM days WHERE day < ?1",
	/* In memory the number of rows is bounded as well. */
	[BOUND_RUNS] = "DELETE FROM runs WHERE started_at < (SELECT started_at FROM runs ORDER BY "
		       "started_at DESC LIMIT 1 OFFSET 10000)",
	[BOUND_STEPS] =
		"DELETE FROM steps WHERE started_at < (SELECT started_at FROM steps ORDER BY "
		"started_at DESC LIMIT 1 OFFSET 30000)",
	[LIST] = "SELECT id, scenario, started_at, duration, verdict, summary FROM runs WHERE "
		 "?1 IS NULL OR scenario = ?1 ORDER BY started_at DESC LIMIT ?2",
	[DOCUMENT] = "SELECT document FROM runs WHERE id = ?1",
	[DAYS] = "SELECT day, healthy, degraded, broken, unknown FROM days WHERE scenario = ?1 AND "
		 "day >= ?2 ORDER BY day",
	[POINTS] = "SELECT status, started_at, duration FROM steps WHERE scenario = ?1 AND "
		   "name = ?2 ORDER BY started_at DESC LIMIT ?3",
};

struct history {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	bool in_memory;
	int64_t keep;
	struct waiting *first, **end;
	size_t waiting;
	int64_t lost;
	char problem[200]; /* of the last commit that failed */
};

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS runs(id TEXT PRIMARY KEY, scenario TEXT NOT NULL, started_at INTEGER "
	"NOT NULL, duration INTEGER, verdict INTEGER NOT NULL, summary TEXT, document TEXT) WITHOUT ROWID;"
	"CREATE INDEX IF NOT EXISTS runs_by_time ON runs(started_at);"
	"CREATE INDEX IF NOT EXISTS runs_by_scenario ON runs(scenario, started_at);"
	"CREATE TABLE IF NOT EXISTS steps(scenario TEXT NOT NULL, name TEXT NOT NULL, started_at INTEGER "
	"NOT NULL, status INTEGER NOT NULL, duration INTEGER);"
	"CREATE INDEX IF NOT EXISTS steps_by_name ON steps(scenario, name, started_at);"
	"CREATE INDEX IF NOT EXISTS steps_by_time ON steps(started_at);"
	"CREATE TABLE IF NOT EXISTS days(scenario TEXT NOT NULL, day INTEGER NOT NULL, healthy INTEGER, "
	"degraded INTEGER, broken INTEGER, unknown INTEGER, PRIMARY KEY(scenario, day)) WITHOUT ROWID;";

/* WAL with NORMAL: a commit is in the file's page cache when it returns, so it survives the death of
 * the process; only the death of the machine may cost the last ones. */
static const char settings[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; "
			       "PRAGMA busy_timeout = 50; PRAGMA cache_size = -2048;";

/* In memory nothing has to survive anything: one transaction that is never ended. */
static const char settings_in_memory[] = "PRAGMA journal_mode = OFF; BEGIN";

static int trouble(const struct history *h, struct error *err)
{
	return error_set(err, "the store: %s", h->problem);
}

static bool history_prepare(struct history *h)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(h->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
			    &h->statements[i], NULL) != SQLITE_OK)
			return false;
	return true;
}

struct history *history_open(const char *file, int64_t keep, struct error *err)
{
	struct history *h = calloc(1, sizeof(*h));

	if (!h)
		die("out of memory: %zu bytes", sizeof(*h));
	h->end = &h->first;
	h->keep = keep;
	h->in_memory = !file;
	if (sqlite3_open_v2(file ? file : ":memory:", &h->db,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK ||
		sqlite3_exec(h->db, file ? settings : settings_in_memory, NULL, NULL, NULL) !=
			SQLITE_OK ||
		sqlite3_exec(h->db, schema, NULL, NULL, NULL) != SQLITE_OK || !history_prepare(h)) {
		error_set(err, "cannot use '%s' as a store: %s",
			file ? file : ":memory:", sqlite3_errmsg(h->db));
		history_close(h);
		return NULL;
	}
	return h;
}

void history_close(struct history *h)
{
	if (!h)
		return;
	for (struct waiting *w = h->first, *next; w; w = next) {
		next = w->next;
		arena_free(w->arena);
	}
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(h->statements[i]);
	sqlite3_close(h->db);
	free(h);
}

/* Binds and steps a statement that returns no rows. */
static bool run_statement(struct history *h, enum statement which)
{
	sqlite3_stmt *st = h->statements[which];
	int rc = sqlite3_step(st);

	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		snprintf(h->problem, sizeof(h->problem), "%s", sqlite3_errmsg(h->db));
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return rc == SQLITE_DONE || rc == SQLITE_ROW;
}

static void bind_text(sqlite3_stmt *st, int at, const char *text)
{
	if (text)
		sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(st, at);
}

static bool write_run(struct history *h, const struct history_run *run)
{
	sqlite3_stmt *st = h->statements[ADD_RUN];

	bind_text(st, 1, run->id);
	bind_text(st, 2, run->scenario);
	sqlite3_bind_int64(st, 3, run->started_at);
	sqlite3_bind_int64(st, 4, run->duration);
	sqlite3_bind_int(st, 5, run->verdict);
	bind_text(st, 6, run->summary);
	/* In memory only the documents of runs that were not healthy are worth their room. */
	bind_text(st, 7, h->in_memory && run->verdict == 0 ? NULL : run->document);
	if (!run_statement(h, ADD_RUN))
		return false;
	st = h->statements[ADD_DAY];
	bind_text(st, 1, run->scenario);
	sqlite3_bind_int64(st, 2, run->started_at / (86400 * NS_PER_S));
	sqlite3_bind_int(st, 3, run->verdict);
	if (!run_statement(h, ADD_DAY))
		return false;
	for (size_t i = 0; i < run->step_count; i++) {
		st = h->statements[ADD_STEP];
		bind_text(st, 1, run->scenario);
		bind_text(st, 2, run->steps[i].name);
		sqlite3_bind_int64(st, 3, run->started_at);
		sqlite3_bind_int(st, 4, run->steps[i].status);
		sqlite3_bind_int64(st, 5, run->steps[i].duration);
		if (!run_statement(h, ADD_STEP))
			return false;
	}
	return true;
}

static bool commit_run(struct history *h, const struct history_run *run)
{
	char problem[sizeof(h->problem)];

	if (h->in_memory)
		return write_run(h, run);
	if (!run_statement(h, BEGIN))
		return false;
	if (write_run(h, run) && run_statement(h, COMMIT))
		return true;
	/* The rollback, which may have happened by itself, is not what is to be told. */
	memcpy(problem, h->problem, sizeof(problem));
	run_statement(h, ROLLBACK);
	memcpy(h->problem, problem, sizeof(problem));
	return false;
}

static const char *copy(struct arena *arena, const char *text)
{
	return text ? arena_strdup(arena, text) : NULL;
}

static void wait_run(struct history *h, const struct history_run *run)
{
	struct arena *arena = arena_new();
	struct waiting *w = ARENA_NEW(arena, struct waiting);
	struct history_step *steps = ARENA_ARRAY(arena, run->step_count, struct history_step);

	if (h->waiting == WAITING_MAX) {
		struct waiting *oldest = h->first;

		h->first = oldest->next;
		if (!h->first)
			h->end = &h->first;
		arena_free(oldest->arena);
		h->waiting--;
		h->lost++;
	}
	w->arena = arena;
	w->run = *run;
	w->run.id = copy(arena, run->id);
	w->run.scenario = copy(arena, run->scenario);
	w->run.summary = copy(arena, run->summary);
	w->run.document = copy(arena, run->document);
	for (size_t i = 0; i < run->step_count; i++) {
		steps[i] = run->steps[i];
		steps[i].name = copy(arena, run->steps[i].name);
	}
	w->run.steps = steps;
	*h->end = w;
	h->end = &w->next;
	h->waiting++;
}

/* Oldest first, until the store refuses again. */
static bool flush(struct history *h)
{
	while (h->first) {
		struct waiting *w = h->first;

		if (!commit_run(h, &w->run))
			return false;
		h->first = w->next;
		if (!h->first)
			h->end = &h->first;
		h->waiting--;
		arena_free(w->arena);
	}
	return true;
}

int history_add(struct history *h, const struct history_run *run, struct error *err)
{
	sqlite3_stmt *st;

	if (!flush(h) || !commit_run(h, run)) {
		trouble(h, err);
		wait_run(h, run);
		return -1;
	}
	if (h->in_memory)
		return 0;
	st = h->statements[DROP_DOCUMENT];
	bind_text(st, 1, run->scenario);
	sqlite3_bind_int(st, 2, DOCUMENTS_KEPT);
	run_statement(h, DROP_DOCUMENT);
	return 0;
}

int history_maintain(struct history *h, int64_t now, struct error *err)
{
	static const enum statement drops[] = {DROP_RUNS, DROP_STEPS};

	if (!flush(h))
		return trouble(h, err);
	for (size_t i = 0; i < 2; i++) {
		sqlite3_bind_int64(h->statements[drops[i]], 1, now - h->keep);
		if (!run_statement(h, drops[i]))
			return trouble(h, err);
	}
	if (h->in_memory && (!run_statement(h, BOUND_RUNS) || !run_statement(h, BOUND_STEPS)))
		return trouble(h, err);
	sqlite3_bind_int64(h->statements[DROP_DAYS], 1, now / (86400 * NS_PER_S) - DAYS_KEPT);
	return run_statement(h, DROP_DAYS) ? 0 : trouble(h, err);
}

void history_trouble(const struct history *h, size_t *waiting, int64_t *lost)
{
	*waiting = h->waiting;
	*lost = h->lost;
}

static const char *column(struct arena *arena, sqlite3_stmt *st, int at)
{
	const unsigned char *text = sqlite3_column_text(st, at);

	return arena_strdup(arena, text ? (const char *)text : "");
}

static void finish(sqlite3_stmt *st)
{
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
}

size_t history_list(const struct history *h, struct arena *arena, const char *scenario,
	size_t limit, struct history_run **runs)
{
	sqlite3_stmt *st = h->statements[LIST];
	size_t count = 0;

	*runs = ARENA_ARRAY(arena, limit, struct history_run);
	bind_text(st, 1, scenario);
	sqlite3_bind_int64(st, 2, (int64_t)limit);
	while (count < limit && sqlite3_step(st) == SQLITE_ROW) {
		(*runs)[count++] = (struct history_run){
			.id = column(arena, st, 0),
			.scenario = column(arena, st, 1),
			.started_at = sqlite3_column_int64(st, 2),
			.duration = sqlite3_column_int64(st, 3),
			.verdict = sqlite3_column_int(st, 4),
			.summary = column(arena, st, 5),
		};
	}
	finish(st);
	return count;
}

struct str history_document(const struct history *h, struct arena *arena, const char *id)
{
	sqlite3_stmt *st = h->statements[DOCUMENT];
	struct str document = {NULL, 0};

	for (const struct waiting *w = h->first; w; w = w->next)
		if (strcmp(w->run.id, id) == 0 && w->run.document)
			return arena_str(arena, str_of(w->run.document));
	bind_text(st, 1, id);
	if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_type(st, 0) == SQLITE_TEXT)
		document = arena_str(arena, str_of((const char *)sqlite3_column_text(st, 0)));
	finish(st);
	return document;
}

size_t history_days(const struct history *h, struct arena *arena, const char *scenario,
	int64_t since_day, struct history_day **days)
{
	sqlite3_stmt *st = h->statements[DAYS];
	size_t count = 0;

	*days = ARENA_ARRAY(arena, DAYS_KEPT + 2, struct history_day);
	bind_text(st, 1, scenario);
	sqlite3_bind_int64(st, 2, since_day);
	while (count < DAYS_KEPT && sqlite3_step(st) == SQLITE_ROW) {
		struct history_day *day = &(*days)[count++];

		day->day = sqlite3_column_int64(st, 0);
		for (int i = 0; i < 4; i++)
			day->runs[i] = sqlite3_column_int64(st, i + 1);
	}
	finish(st);
	return count;
}

size_t history_points(const struct history *h, struct arena *arena, const char *scenario,
	const char *step, size_t limit, struct history_point **points)
{
	sqlite3_stmt *st = h->statements[POINTS];
	size_t count = 0;

	*points = ARENA_ARRAY(arena, limit, struct history_point);
	bind_text(st, 1, scenario);
	bind_text(st, 2, step);
	sqlite3_bind_int64(st, 3, (int64_t)limit);
	while (count < limit && sqlite3_step(st) == SQLITE_ROW) {
		(*points)[count++] = (struct history_point){
			.status = sqlite3_column_int(st, 0),
			.started_at = sqlite3_column_int64(st, 1),
			.duration = sqlite3_column_int64(st, 2),
		};
	}
	finish(st);
	return count;
}
