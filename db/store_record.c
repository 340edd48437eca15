#include "base/hash.h"
#include "db/store.h"
#include "db/store_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
store_model(struct store *store, const struct record_model *m, struct status *st)
{
	return store_exec(store, STATEMENT_MODEL, NULL, st, "tttti", m->hash, m->name, m->family, m->path, m->parameters);
}

bool
store_dataset(struct store *store, const struct record_dataset *d, struct status *st)
{
	return store_exec(store, STATEMENT_DATASET, NULL, st, "ttii", d->hash, d->path, d->images, (int64_t)d->classes);
}

bool
store_plan(struct store *store, const struct record_plan *p, struct status *st)
{
	return store_exec(store, STATEMENT_PLAN, NULL, st, "tttitb", p->hash, p->model_hash, p->recipe, (int64_t)p->T, p->json,
			  p->content, p->size);
}

bool
store_plan_has(struct store *store, const char *hash)
{
	int64_t found = 0;

	return store_exec(store, STATEMENT_PLAN_HAS, &found, NULL, "t", hash) && found;
}

static size_t
weights_size(int rows, int hidden)
{
	return (size_t)rows * (size_t)hidden * sizeof(float);
}

/* Of everything that defines it, errors and name left out. */
static bool
ugo_hash(const struct record_ugo *u, char hex[HASH_HEX])
{
	const char *function = u->function ? u->function : "";
	struct hash *hash = hash_new();

	if (!hash)
		return false;
	hash_add(hash, function, strlen(function) + 1);
	hash_add(hash, u->form, strlen(u->form) + 1);
	hash_add(hash, &u->lo, sizeof(u->lo));
	hash_add(hash, &u->hi, sizeof(u->hi));
	hash_add(hash, &u->b2, sizeof(u->b2));
	hash_add(hash, u->weights, weights_size(u->rows, u->hidden));
	hash_finish(hash, hex);
	return true;
}

int64_t
store_ugo_put(struct store *store, const struct record_ugo *u, struct status *st)
{
	char hex[HASH_HEX], shape[48];
	int64_t id = 0;

	if (u->rows < 3 || u->rows > 4 || u->hidden < 1) {
		status_fail(st, STATUS_USAGE, "UGO %s: weights of shape [%d, %d] are none", u->name, u->rows, u->hidden);
		return 0;
	}
	if (!ugo_hash(u, hex)) {
		status_nomem(st, "a hash");
		return 0;
	}
	snprintf(shape, sizeof(shape), "[%d, %d]", u->rows, u->hidden);
	store_exec(store, STATEMENT_UGO, &id, st, "tttrritrrbtrb", hex, u->name, u->function, u->lo, u->hi, (int64_t)u->hidden,
		   u->form, u->rmse, u->max_error, (const void *)u->weights, weights_size(u->rows, u->hidden), shape,
		   (double)u->b2, (const void *)u->knots, 2 * (size_t)u->knot_count * sizeof(double));
	return id;
}

static const char *
text_column(sqlite3_stmt *s, int column)
{
	return (const char *)sqlite3_column_text(s, column);
}

/* Fills u from the row. Its weights, which must be what form and hidden say, are a
 * copy that the caller frees: in the row they need not be aligned. */
static bool
read_ugo(sqlite3_stmt *s, struct record_ugo *u, struct status *st)
{
	const void *weights = sqlite3_column_blob(s, 9);
	int64_t hidden = sqlite3_column_int64(s, 5), bytes = sqlite3_column_bytes(s, 9);
	const char *dtype = text_column(s, 10);
	float *copy;

	*u = (struct record_ugo){.id = sqlite3_column_int64(s, 0),
				 .name = text_column(s, 1),
				 .function = text_column(s, 2),
				 .lo = sqlite3_column_double(s, 3),
				 .hi = sqlite3_column_double(s, 4),
				 .form = text_column(s, 6),
				 .rmse = sqlite3_column_double(s, 7),
				 .max_error = sqlite3_column_double(s, 8),
				 .b2 = (float)sqlite3_column_double(s, 11),
				 .created = text_column(s, 12)};
	if (!u->name || !u->form || !u->created || !dtype)
		return status_nomem(st, "a UGO");
	u->rows = strcmp(u->form, "segment") == 0 ? 4 : 3;
	if (strcmp(dtype, "F32") != 0 || hidden < 1 || hidden > bytes || !weights ||
	    weights_size(u->rows, (int)hidden) != (size_t)bytes)
		return status_fail(st, STATUS_DATA,
				   "UGO %lld (%s) in the database: its weights are not what its shape says; fit it again",
				   (long long)u->id, u->name);
	u->hidden = (int)hidden;
	if (!(copy = malloc((size_t)bytes)))
		return status_nomem(st, "a UGO");
	memcpy(copy, weights, (size_t)bytes);
	u->weights = copy;
	return true;
}

/* Fills the knots with a copy that the caller frees; those that cannot be are left out. */
static bool
read_knots(sqlite3_stmt *s, struct record_ugo *u, struct status *st)
{
	size_t bytes = (size_t)sqlite3_column_bytes(s, 13), one = 2 * sizeof(double);
	const void *data = sqlite3_column_blob(s, 13);
	double *copy;

	if (!data || bytes % one != 0 || bytes / one < 2 || bytes / one > (size_t)u->hidden + 2)
		return true;
	if (!(copy = malloc(bytes)))
		return status_nomem(st, "a UGO");
	memcpy(copy, data, bytes);
	u->knots = copy;
	u->knot_count = (int)(bytes / one);
	return true;
}

struct ugo_each {
	bool (*each)(void *ctx, const struct record_ugo *ugo);
	void *ctx;
};

static bool
ugo_row(void *ctx, sqlite3_stmt *s, bool *stop, struct status *st)
{
	const struct ugo_each *to = ctx;
	struct record_ugo ugo;

	bool ok;

	if (!read_ugo(s, &ugo, st))
		return false;
	if ((ok = read_knots(s, &ugo, st)))
		*stop = !to->each(to->ctx, &ugo);
	free((void *)ugo.weights);
	free((void *)ugo.knots);
	return ok;
}

bool
store_ugo_list(struct store *store, const char *name, bool (*each)(void *ctx, const struct record_ugo *ugo), void *ctx,
	       struct status *st)
{
	struct ugo_each to = {each, ctx};

	return store_rows(store, STATEMENT_UGO_LIST, name, ugo_row, &to, st);
}

int64_t
store_session_new(struct store *store, const char *name, struct status *st)
{
	int64_t id;

	if (!store_exec(store, STATEMENT_SESSION_NEW, &id, st, "t", name))
		return 0;
	if (id == 0)
		status_fail(st, STATUS_USAGE, "there is a session '%s' already; open it with: session open %s", name, name);
	return id;
}

int64_t
store_session_open(struct store *store, const char *name, struct status *st)
{
	int64_t id;

	if (!store_exec(store, STATEMENT_SESSION_FIND, &id, st, "t", name))
		return 0;
	if (id == 0)
		status_fail(st, STATUS_USAGE, "there is no session '%s'; `session list` shows them", name);
	return id;
}

bool
store_session_note(struct store *store, int64_t session, const char *line, struct status *st)
{
	int64_t id;

	if (!store_exec(store, STATEMENT_SESSION_NOTE, &id, st, "it", session, line))
		return false;
	return id != 0 ||
	       status_fail(st, STATUS_USAGE, "there is no session %lld; `session list` shows them", (long long)session);
}

struct session_each {
	bool (*each)(void *ctx, const struct record_session *session);
	void *ctx;
};

static bool
session_row(void *ctx, sqlite3_stmt *s, bool *stop, struct status *st)
{
	const struct session_each *to = ctx;
	struct record_session session = {.id = sqlite3_column_int64(s, 0),
					 .name = text_column(s, 1),
					 .created = text_column(s, 2),
					 .note = text_column(s, 3),
					 .commands = sqlite3_column_int64(s, 4),
					 .runs = sqlite3_column_int64(s, 5)};

	if (!session.name || !session.created || !session.note)
		return status_nomem(st, "a session");
	*stop = !to->each(to->ctx, &session);
	return true;
}

bool
store_session_list(struct store *store, bool (*each)(void *ctx, const struct record_session *session), void *ctx,
		   struct status *st)
{
	struct session_each to = {each, ctx};

	return store_rows(store, STATEMENT_SESSION_LIST, NULL, session_row, &to, st);
}
