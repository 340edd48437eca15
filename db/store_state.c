/* States of sessions, and questions with names. */
#include "db/store.h"
#include "db/store_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
store_session_state(struct store *store, int64_t session, const char *state, struct status *st)
{
	return store_exec(store, STATEMENT_STATE_PUT, NULL, st, "it", session, state);
}

/* The first column of the first row, copied. */
static bool
copy_text(void *ctx, sqlite3_stmt *s, bool *stop, struct status *st)
{
	const char *text = (const char *)sqlite3_column_text(s, 0);
	char **copy = ctx;

	*stop = true;
	*copy = text ? strdup(text) : NULL;
	return *copy || status_nomem(st, "an answer");
}

static char *
read_text(struct store *store, enum statement which, const char *key, struct status *st)
{
	char *text = NULL;

	store_rows(store, which, key, copy_text, &text, st);
	return text;
}

char *
store_session_state_last(struct store *store, int64_t session, struct status *st)
{
	char key[24];

	snprintf(key, sizeof(key), "%lld", (long long)session);
	return read_text(store, STATEMENT_STATE_LAST, key, st);
}

bool
store_session_undo(struct store *store, int64_t session, bool *undone, struct status *st)
{
	int64_t id = 0;
	bool ok = store_exec(store, STATEMENT_STATE_DROP, &id, st, "i", session);

	*undone = id != 0;
	return ok;
}

int64_t
store_session_latest(struct store *store, int64_t other_than, struct status *st)
{
	int64_t id;

	if (!store_exec(store, STATEMENT_STATE_SESSION, &id, st, "i", other_than))
		return 0;
	if (id == 0)
		status_fail(st, STATUS_USAGE, "there is no earlier session to resume; `session list` shows them");
	return id;
}

struct line_each {
	bool (*each)(void *ctx, const char *line);
	void *ctx;
};

static bool
line_row(void *ctx, sqlite3_stmt *s, bool *stop, struct status *st)
{
	const struct line_each *to = ctx;
	const char *line = (const char *)sqlite3_column_text(s, 0);

	if (!line)
		return status_nomem(st, "a command");
	*stop = !to->each(to->ctx, line);
	return true;
}

bool
store_session_lines(struct store *store, int64_t session, bool (*each)(void *ctx, const char *line), void *ctx, struct status *st)
{
	struct line_each to = {each, ctx};
	char key[24];

	snprintf(key, sizeof(key), "%lld", (long long)session);
	return store_rows(store, STATEMENT_SESSION_LINES, key, line_row, &to, st);
}

bool
store_question_save(struct store *store, const char *name, const char *sql, struct status *st)
{
	return store_exec(store, STATEMENT_QUESTION_PUT, NULL, st, "tt", name, sql);
}

char *
store_question(struct store *store, const char *name, struct status *st)
{
	return read_text(store, STATEMENT_QUESTION_GET, name, st);
}

bool
store_question_drop(struct store *store, const char *name, struct status *st)
{
	int64_t dropped;

	if (!store_exec(store, STATEMENT_QUESTION_DROP, &dropped, st, "t", name))
		return false;
	return dropped || status_fail(st, STATUS_USAGE, "there is no saved question '%s'; `query` lists them", name);
}
