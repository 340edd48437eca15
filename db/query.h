/* Questions to the notebook: read-only SQL.
 *
 * A question runs on a connection of its own that cannot write (for ":memory:" on
 * the store's, under the same authorizer): one statement that only reads. Writes,
 * ATTACH, PRAGMA, transactions and load_extension() are refused by name. What is
 * buffered in the store is written first, so that the answer holds it.
 *
 *	struct query query = {.sql = query_named("runs")->sql, .timeout_seconds = 10};
 *	if (!query_run(store, &query, &(struct query_output){.columns = head, .row = line, .ctx = table}, &st))
 *		...
 */
#ifndef SPIKESCOPE_DB_QUERY_H
#define SPIKESCOPE_DB_QUERY_H

#include "base/status.h"
#include "db/store.h"

enum query_type { QUERY_NULL, QUERY_INTEGER, QUERY_REAL, QUERY_TEXT, QUERY_BLOB };

struct query_value {
	enum query_type type;
	int64_t integer;  /* QUERY_INTEGER */
	double real;      /* QUERY_REAL */
	const char *text; /* QUERY_TEXT: terminated, as stored (not escaped); may hold NUL */
	size_t size;      /* bytes of QUERY_TEXT and QUERY_BLOB; not used in parameters */
};

struct query_output {
	/* Called once, before the rows, also when there are none. */
	bool (*columns)(void *ctx, int count, const char *const *names);
	/* Values are valid within the call. */
	bool (*row)(void *ctx, int count, const struct query_value *values);
	void *ctx;
	/* Either may be NULL and may return false to stop: query_run() then succeeds.
	 * They may not call the store. */
};

struct query {
	const char *sql;
	const struct query_value *params; /* [param_count] for ?1, ?2, ...; missing ones are NULL */
	int param_count;
	double timeout_seconds;       /* 0: a minute */
	bool (*cancelled)(void *ctx); /* polled many times a second; may be NULL */
	void *cancel_ctx;
	int error_offset; /* out: byte in sql where the error is, for a caret; -1: unknown */
};

/* STATUS_USAGE: the SQL is wrong (the message names the place) or not a mere
 * question. STATUS_FAILED: the time is over. STATUS_CANCELLED: cancelled() said so.
 * STATUS_DATA: the file is damaged. */
bool query_run(struct store *store, struct query *query, const struct query_output *output, struct status *st);

/* Questions that commands ask. Ends with a NULL name. */
struct query_info {
	const char *name;
	const char *params; /* what ?1, ?2, ... are; NULL leaves a filter out */
	const char *sql;
};
extern const struct query_info query_table[];
const struct query_info *query_named(const char *name); /* NULL when there is none */

/* The names one may ask about, for completion: each table and view (column NULL),
 * followed by its columns. each returns false to stop. */
bool query_names(struct store *store, bool (*each)(void *ctx, const char *table, const char *column), void *ctx,
		 struct status *st);

#endif
