/* What the files of db/ share; not for others. */
#ifndef SPIKESCOPE_DB_STORE_INTERNAL_H
#define SPIKESCOPE_DB_STORE_INTERNAL_H

#include "base/status.h"
#include "db/schema.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

enum {
	STORE_APPLICATION_ID = 0x53504b53, /* "SPKS" */
	STORE_BUSY_MS = 10000,             /* how long to wait for another process that writes */
	STORE_GLANCE_MS = 50,              /* the same where rows may wait on in the buffer */
	STORE_AGAIN_MS = 300,              /* the same after a wait that came to nothing a moment ago */
	STORE_SAY_MS = 1000,               /* when to say for whom */
	STORE_VAIN_MS = 60000,             /* what a moment ago means */
};

/* Prepared once, when the store is opened: that also shows that the schema is whole. */
enum statement {
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENT_MODEL,
	STATEMENT_DATASET,
	STATEMENT_PLAN,
	STATEMENT_PLAN_HAS,
	STATEMENT_PLAN_NAME,
	STATEMENT_PLAN_RENAME,
	STATEMENT_PLAN_LIST,
	STATEMENT_PLAN_FIND,
	STATEMENT_UGO,
	STATEMENT_UGO_LIST,
	STATEMENT_SESSION_NEW,
	STATEMENT_SESSION_FIND,
	STATEMENT_SESSION_NOTE,
	STATEMENT_SESSION_LIST,
	STATEMENT_COMMAND_BEGIN,
	STATEMENT_COMMAND_END,
	STATEMENT_RUN_BEGIN,
	STATEMENT_RUN_END,
	STATEMENT_METRIC,
	STATEMENT_SITE_METRIC,
	STATEMENT_PREDICTION,
	STATEMENT_SITE_ADD,
	STATEMENT_SITE_FIND,
	STATEMENT_NAME_ADD,
	STATEMENT_NAME_FIND,
	STATEMENT_SITE_LIST_ADD,
	STATEMENT_SITE_LIST_FIND,
	STATEMENT_STEP_SPAN,
	STATEMENT_STATE_PUT,
	STATEMENT_STATE_AFTER,
	STATEMENT_STATE_LAST,
	STATEMENT_STATE_DROP,
	STATEMENT_STATE_SESSION,
	STATEMENT_SESSION_LINES,
	STATEMENT_QUESTION_PUT,
	STATEMENT_QUESTION_GET,
	STATEMENT_QUESTION_DROP,
	STATEMENT_TENSOR,
	STATEMENT_SCHEMA,
	STATEMENTS
};

/* Names met so far, numbered in the order of their first use. */
struct interned {
	char *name;
	int64_t id; /* in the file; 0 until written */
};
struct intern {
	struct interned *entry; /* [count] */
	int count, capacity;
	int *slot; /* [slots] hash table of entry numbers + 1; 0: free */
	int slots;
};

enum { SITE_VALUES = 7 }; /* of struct record_site */

enum row_kind { ROW_METRIC, ROW_SITE_METRIC, ROW_PREDICTION };

struct row {
	int64_t run;
	double value;
	int kind; /* enum row_kind */
	int t;
	int site, name;               /* numbers in the interns */
	int picture, label, ann, snn; /* of a prediction, */
	double outcome[5];            /* and what it found: in the order of the columns; NaN: unknown */
};

/* Steps of one run that follow each other, packed as in the table step_spans. */
struct span {
	int64_t run;
	int first_t, steps;
	int list;    /* number in store->lists */
	float *data; /* [steps, sites, SITE_VALUES] */
	size_t used, capacity;
};

struct buffer {
	struct row *row; /* [count] */
	size_t count, capacity;
	struct span *span; /* [spans] */
	int spans, span_capacity;
	size_t span_bytes; /* of all their data */
	bool begun;        /* last is set */
	struct row last;   /* of the step being recorded */
	size_t step;       /* where its rows begin */
	bool refusing;     /* the rest of it is refused */
	double written;    /* monotonic seconds of the last attempt to write */
	bool failed;       /* and whether it failed */
	int64_t orphan;    /* a run that turned out not to be there; 0: none */
};

struct store {
	sqlite3 *db;
	sqlite3 *reader; /* for questions; opened when first needed */
	char *path;
	bool memory;
	int patience_ms;
	double busy_since; /* seconds of timing_now() */
	double in_vain;    /* when a wait last came to nothing; 0: what was written since was written */
	bool said;         /* for whom it waits */
	void (*say)(void *ctx, const char *text);
	void *say_ctx;
	char host[65];
	int64_t pid;
	char process_start[96];
	sqlite3_stmt *statement[STATEMENTS];
	struct intern sites, names;
	struct intern lists; /* of site names, joined by newlines */
	struct buffer buffer;
};

/* --- sql.c --- */

/* Settings for files that strangers may have made. */
void sql_harden(sqlite3 *db);
/* Runs sql, whatever it gives; *value (may be NULL) is the first number of the first row. */
int sql_number(sqlite3 *db, const char *sql, int64_t *value);
/* Turns the database's last error into a status: "PATH: cannot DOING: WHY; NEXT STEP". */
bool sql_fail(sqlite3 *db, const char *path, const char *doing, struct status *st);

bool store_prepare(struct store *store, struct status *st);
/* Binds types ("t" const char * or NULL, "i" int64_t, "r" double, "b" const void * or
 * NULL and size_t), runs the statement to its end. *value (may be NULL) is the number in its
 * first row, 0 when there is none. */
bool store_exec(struct store *store, enum statement which, int64_t *value, struct status *st, const char *types, ...);
/* Hands each row to row(), which returns false when it fails and sets *stop when it
 * has seen enough. text (may be NULL) is bound to ?1, if there is one. */
bool store_rows(struct store *store, enum statement which, const char *text,
		bool (*row)(void *ctx, sqlite3_stmt *s, bool *stop, struct status *st), void *ctx, struct status *st);
bool store_begin(struct store *store, struct status *st);
/* Commits when ok, else rolls back; returns whether it is committed. */
bool store_finish(struct store *store, bool ok, struct status *st);

/* --- site_steps.c --- */

/* Gives the connection the virtual table that the views unpack site measurements with. */
int site_steps_register(sqlite3 *db);

/* --- path.c --- */

/* The absolute path for store_open()'s path, its folders made or checked; the caller
 * frees. NULL on failure. */
char *store_find(const char *path, struct status *st);

/* --- migrate.c --- */

/* Refuses what is not ours to write (path names it in messages). */
bool migrate_check(sqlite3 *db, const char *path, const struct migration *table, struct status *st);
int migrate_last(const struct migration *table); /* its last version */
/* Brings the file to the table's last version, one transaction a migration. */
bool migrate_run(sqlite3 *db, const char *path, const struct migration *table, struct status *st);

/* --- process.c --- */

/* Names a start of process pid, so that another process with its number is told from
 * it; "" when there is no such process or the system does not say. */
void process_start_of(int64_t pid, char *out, size_t size);
bool process_gone(int64_t pid, const char *start);
/* Who has locked the database at path for writing: "process 123 (NAME)", or "another program" when that cannot be seen. */
void process_writing(const char *path, char *out, size_t size);

/* --- buffer.c --- */

bool buffer_add(struct store *store, const struct row *row, struct status *st);
/* values [sites, SITE_VALUES] of step t. */
bool buffer_add_sites(struct store *store, int64_t run, int t, int list, const float *values, int sites, struct status *st);
/* The number of name in the intern, or -1 when out of memory. */
int intern_number(struct intern *intern, const char *name);
/* Writes all rows; to be called inside a transaction, and buffer_written() after its end. */
bool buffer_write(struct store *store, struct status *st);
bool buffer_written(struct store *store, bool committed, struct status *st); /* false: not, or not all of it */
void buffer_done(struct store *store);

/* Is what the rows hold packed as long as it says? STATUS_DATA, naming the row. */
bool care_packed(sqlite3 *db, const char *path, struct status *st);

#endif
