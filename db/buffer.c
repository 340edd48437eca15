#include "db/store_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	ROWS_MANY = 16384,  /* written when a new step begins */
	ROWS_MAX = 1 << 20, /* kept when they cannot be written (56 MB) */
	NAMES_MAX = 1 << 20,
};
static const double SECONDS_BETWEEN_WRITES = 1;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* FNV-1a: names are short. */
static uint32_t
name_hash(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h;
}

/* The slot where name is, or the free one where it belongs. */
static int *
find_slot(const struct intern *intern, const char *name)
{
	uint32_t i = name_hash(name);

	for (;; i++) {
		int *slot = &intern->slot[i & (uint32_t)(intern->slots - 1)];

		if (!*slot || strcmp(intern->entry[*slot - 1].name, name) == 0)
			return slot;
	}
}

/* Room for one more: the hash table, a power of two, stays at most half full. */
static bool
intern_grow(struct intern *intern)
{
	int capacity = intern->capacity ? 2 * intern->capacity : 64;
	struct interned *entry;
	int *slot;

	if (intern->count < intern->capacity)
		return true;
	if (capacity > NAMES_MAX || !(slot = calloc(2 * (size_t)capacity, sizeof(*slot))))
		return false;
	if (!(entry = realloc(intern->entry, (size_t)capacity * sizeof(*entry)))) {
		free(slot);
		return false;
	}
	free(intern->slot);
	*intern =
	    (struct intern){.entry = entry, .count = intern->count, .capacity = capacity, .slot = slot, .slots = 2 * capacity};
	for (int i = 0; i < intern->count; i++)
		*find_slot(intern, entry[i].name) = i + 1;
	return true;
}

int
intern_number(struct intern *intern, const char *name)
{
	int *slot;
	char *copy;

	if (intern->slots && *(slot = find_slot(intern, name)))
		return *slot - 1;
	if (!intern_grow(intern) || !(copy = strdup(name)))
		return -1;
	intern->entry[intern->count] = (struct interned){.name = copy};
	*find_slot(intern, name) = ++intern->count;
	return intern->count - 1;
}

static void
intern_done(struct intern *intern)
{
	for (int i = 0; i < intern->count; i++)
		free(intern->entry[i].name);
	free(intern->entry);
	free(intern->slot);
}

/* The name's number in the file, given to it now if it has none. */
static bool
intern_id(struct store *store, struct interned *entry, enum statement find, enum statement add, struct status *st)
{
	if (entry->id)
		return true;
	if (!store_exec(store, find, &entry->id, st, "t", entry->name))
		return false;
	return entry->id || store_exec(store, add, &entry->id, st, "t", entry->name);
}

static bool
write_row(struct store *store, const struct row *row, struct status *st)
{
	struct interned *name = row->kind == ROW_PREDICTION ? NULL : &store->names.entry[row->name];
	struct interned *site;

	switch (row->kind) {
	case ROW_METRIC:
		return store_exec(store, STATEMENT_METRIC, NULL, st, "iitr", row->run, (int64_t)row->t, name->name, row->value);
	case ROW_SITE_METRIC:
		site = &store->sites.entry[row->site];
		return intern_id(store, site, STATEMENT_SITE_FIND, STATEMENT_SITE_ADD, st) &&
		       intern_id(store, name, STATEMENT_NAME_FIND, STATEMENT_NAME_ADD, st) &&
		       store_exec(store, STATEMENT_SITE_METRIC, NULL, st, "iiiir", row->run, (int64_t)row->t, site->id, name->id,
				  row->value);
	default:
		return store_exec(store, STATEMENT_PREDICTION, NULL, st, "iiiiii", row->run, (int64_t)row->picture,
				  (int64_t)row->t, (int64_t)row->label, (int64_t)row->ann, (int64_t)row->snn);
	}
}

bool
buffer_write(struct store *store, struct status *st)
{
	struct buffer *b = &store->buffer;

	b->orphan = 0;
	for (size_t i = 0; i < b->count; i++) {
		struct status why = {0};

		if (write_row(store, &b->row[i], &why))
			continue;
		/* Somebody has deleted the run: its rows must not keep the others out. */
		if (sqlite3_extended_errcode(store->db) != SQLITE_CONSTRAINT_FOREIGNKEY)
			return status_fail(st, why.code, "%s", why.message);
		b->orphan = b->row[i].run;
	}
	return true;
}

bool
buffer_written(struct store *store, bool committed, struct status *st)
{
	struct buffer *b = &store->buffer;

	b->written = now();
	b->failed = !committed;
	if (committed) {
		b->count = b->step = 0;
		if (b->orphan)
			return status_fail(st, STATUS_DATA,
					   "%s: run %lld is not in this database (was it deleted?); its measurements are dropped",
					   store->path, (long long)b->orphan);
		return true;
	}
	/* Numbers given to names may have been taken back. */
	for (int i = 0; i < store->sites.count; i++)
		store->sites.entry[i].id = 0;
	for (int i = 0; i < store->names.count; i++)
		store->names.entry[i].id = 0;
	return false;
}

/* Writes now and then. A file that another program is just writing is not waited for:
 * the rows can wait. */
static bool
write_when_due(struct store *store, struct status *st)
{
	struct buffer *b = &store->buffer;
	int rc;
	bool ok;

	if (b->count == 0) {
		b->written = now();
		return true;
	}
	if ((b->failed || b->count < ROWS_MANY) && now() - b->written < SECONDS_BETWEEN_WRITES)
		return true;
	sqlite3_busy_timeout(store->db, STORE_GLANCE_MS);
	rc = sql_number(store->db, "BEGIN IMMEDIATE", NULL);
	sqlite3_busy_timeout(store->db, STORE_BUSY_MS);
	if ((rc & 0xff) == SQLITE_BUSY) {
		buffer_written(store, false, NULL);
		return true;
	}
	ok = rc == SQLITE_OK || sql_fail(store->db, store->path, "record measurements", st);
	return buffer_written(store, store_finish(store, ok && buffer_write(store, st), st), st);
}

static bool
same_step(const struct row *a, const struct row *b)
{
	bool prediction = a->kind == ROW_PREDICTION;

	return a->run == b->run && prediction == (b->kind == ROW_PREDICTION) &&
	       (prediction ? a->picture == b->picture : a->t == b->t);
}

static bool
reserve(struct buffer *b)
{
	size_t capacity = b->capacity ? 2 * b->capacity : 1024;
	struct row *row;

	if (b->count < b->capacity)
		return true;
	if (capacity > ROWS_MAX || !(row = realloc(b->row, capacity * sizeof(*row))))
		return false;
	b->row = row;
	b->capacity = capacity;
	return true;
}

bool
buffer_add(struct store *store, const struct row *row, struct status *st)
{
	struct buffer *b = &store->buffer;
	bool ok = true;

	if (!b->begun || !same_step(&b->last, row)) {
		b->step = b->count;
		b->refusing = false;
		b->begun = true;
		b->last = *row;
		ok = write_when_due(store, st);
	}
	if (!b->refusing && !reserve(b)) {
		b->refusing = true;
		b->count = b->step;
	}
	if (b->refusing)
		return status_fail(
		    st, STATUS_DATA,
		    "%s: too many measurements wait to be written; this step is not recorded (free disk space, or let other "
		    "programs finish with the file)",
		    store->path);
	b->row[b->count++] = *row;
	return ok;
}

void
buffer_done(struct store *store)
{
	free(store->buffer.row);
	intern_done(&store->sites);
	intern_done(&store->names);
}
