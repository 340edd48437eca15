/* Plans, whole and by name. */
#include "db/store.h"
#include "db/store_internal.h"

#include <stdlib.h>
#include <string.h>

bool
store_plan_name(struct store *store, const char *name, const char *hash, bool force, struct status *st)
{
	int64_t named = 0;

	if (!store_exec(store, force ? STATEMENT_PLAN_RENAME : STATEMENT_PLAN_NAME, &named, st, "tt", name, hash))
		return false;
	return named != 0 || status_fail(st, STATUS_USAGE,
					 "a plan is called '%s' already; choose another name, or replace it with --force", name);
}

struct plan_each {
	bool (*each)(void *ctx, const struct record_plan *plan);
	void *ctx;
	bool any;
};

static bool
plan_row(void *ctx, sqlite3_stmt *s, bool *stop, struct status *st)
{
	struct plan_each *to = ctx;
	struct record_plan plan = {.hash = (const char *)sqlite3_column_text(s, 0),
				   .model_hash = (const char *)sqlite3_column_text(s, 1),
				   .recipe = (const char *)sqlite3_column_text(s, 2),
				   .T = sqlite3_column_int(s, 3),
				   .json = (const char *)sqlite3_column_text(s, 4),
				   .content = sqlite3_column_blob(s, 5),
				   .size = (size_t)sqlite3_column_bytes(s, 5),
				   .name = (const char *)sqlite3_column_text(s, 6),
				   .created = (const char *)sqlite3_column_text(s, 7),
				   .model_name = (const char *)sqlite3_column_text(s, 8)};

	if (!plan.hash || !plan.model_hash || !plan.recipe || !plan.json)
		return status_nomem(st, "a plan");
	to->any = true;
	*stop = !to->each(to->ctx, &plan);
	return true;
}

bool
store_plan_list(struct store *store, bool (*each)(void *ctx, const struct record_plan *plan), void *ctx, struct status *st)
{
	struct plan_each to = {each, ctx, false};

	return store_rows(store, STATEMENT_PLAN_LIST, NULL, plan_row, &to, st);
}

bool
store_plan_find(struct store *store, const char *text, bool (*each)(void *ctx, const struct record_plan *plan), void *ctx,
		struct status *st)
{
	struct plan_each to = {each, ctx, false};

	if (!store_rows(store, STATEMENT_PLAN_FIND, text, plan_row, &to, st))
		return false;
	return to.any || status_fail(st, STATUS_USAGE, "there is no plan '%s'; `plan list` shows them", text);
}
