#include "db/store_internal.h"

#include "base/timing.h"

#include <stdlib.h>
#include <string.h>

enum {
	ROWS_MANY = 16384,  /* written when a new step begins */
	ROWS_MAX = 1 << 20, /* kept when they cannot be written (56 MB) */
	SPANS_MAX = 4096,
	NAMES_MAX = 1 << 20,
};
static const size_t SPAN_BYTES_KEPT = 2 << 20, SPAN_BYTES_MANY = 16 << 20, SPAN_BYTES_MAX = 64 << 20;
static const double SECONDS_BETWEEN_WRITES = 1;

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
		return store_exec(store, STATEMENT_PREDICTION, NULL, st, "iiiiiirrrrr", row->run, (int64_t)row->picture,
				  (int64_t)row->t, (int64_t)row->label, (int64_t)row->ann, (int64_t)row->snn, row->outcome[0],
				  row->outcome[1], row->outcome[2], row->outcome[3], row->outcome[4]);
	}
}

static bool
write_span(struct store *store, const struct span *span, struct status *st)
{
	struct interned *list = &store->lists.entry[span->list];

	return intern_id(store, list, STATEMENT_SITE_LIST_FIND, STATEMENT_SITE_LIST_ADD, st) &&
	       store_exec(store, STATEMENT_STEP_SPAN, NULL, st, "iiiib", span->run, (int64_t)span->first_t, (int64_t)span->steps,
			  list->id, (const void *)span->data, span->used * sizeof(*span->data));
}

/* Somebody may have deleted the run: what is measured of it must not keep the rest out. */
static bool
forgive_orphan(struct store *store, bool written, int64_t run, const struct status *why, struct status *st)
{
	if (written)
		return true;
	if (sqlite3_extended_errcode(store->db) != SQLITE_CONSTRAINT_FOREIGNKEY)
		return status_fail(st, why->code, "%s", why->message);
	store->buffer.orphan = run;
	return true;
}

bool
buffer_write(struct store *store, struct status *st)
{
	struct buffer *b = &store->buffer;
	struct status why = {0};

	b->orphan = 0;
	for (size_t i = 0; i < b->count; i++, status_clear(&why))
		if (!forgive_orphan(store, write_row(store, &b->row[i], &why), b->row[i].run, &why, st))
			return false;
	for (int i = 0; i < b->spans; i++, status_clear(&why))
		if (!forgive_orphan(store, write_span(store, &b->span[i], &why), b->span[i].run, &why, st))
			return false;
	return true;
}

/* Room for the next span is kept; too much of it is given back. */
static void
forget_spans(struct buffer *b)
{
	for (int i = 0; i < b->spans; i++)
		if (i > 0 || b->span[i].capacity * sizeof(*b->span[i].data) > SPAN_BYTES_KEPT) {
			free(b->span[i].data);
			b->span[i] = (struct span){0};
		}
	b->spans = 0;
	b->span_bytes = 0;
}

static void
forget_ids(struct intern *intern)
{
	for (int i = 0; i < intern->count; i++)
		intern->entry[i].id = 0;
}

bool
buffer_written(struct store *store, bool committed, struct status *st)
{
	struct buffer *b = &store->buffer;

	b->written = timing_now();
	b->failed = !committed;
	if (committed) {
		b->count = b->step = 0;
		forget_spans(b);
		if (b->orphan)
			return status_fail(st, STATUS_DATA,
					   "%s: run %lld is not in this database (was it deleted?); its measurements are dropped",
					   store->path, (long long)b->orphan);
		return true;
	}
	/* Numbers given to names may have been taken back. */
	forget_ids(&store->sites);
	forget_ids(&store->names);
	forget_ids(&store->lists);
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

	if (b->count == 0 && b->spans == 0) {
		b->written = timing_now();
		return true;
	}
	if ((b->failed || (b->count < ROWS_MANY && b->span_bytes < SPAN_BYTES_MANY)) &&
	    timing_now() - b->written < SECONDS_BETWEEN_WRITES)
		return true;
	store->patience_ms = STORE_GLANCE_MS;
	rc = sql_number(store->db, "BEGIN IMMEDIATE", NULL);
	store->patience_ms = STORE_BUSY_MS;
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

/* A row of another step than the last: the whole steps before it may be written. */
static bool
begin_step(struct store *store, const struct row *row, struct status *st)
{
	struct buffer *b = &store->buffer;

	if (b->begun && same_step(&b->last, row))
		return true;
	b->step = b->count;
	b->refusing = false;
	b->begun = true;
	b->last = *row;
	return write_when_due(store, st);
}

/* The step has no room: none of it is kept. */
static bool
refuse_step(struct store *store, const struct row *row, struct status *st)
{
	struct buffer *b = &store->buffer;
	struct span *last = b->spans ? &b->span[b->spans - 1] : NULL;

	if (!b->refusing && last && last->run == row->run && last->first_t + last->steps - 1 == row->t) {
		size_t count = last->used / (size_t)last->steps--;

		last->used -= count;
		b->span_bytes -= count * sizeof(*last->data);
		if (last->steps == 0)
			b->spans--;
	}
	b->refusing = true;
	b->count = b->step;
	return status_fail(st, STATUS_DATA,
			   "%s: too many measurements wait to be written; this step is not recorded (free disk space, or let "
			   "other programs finish with the file)",
			   store->path);
}

bool
buffer_add(struct store *store, const struct row *row, struct status *st)
{
	struct buffer *b = &store->buffer;
	bool ok = begin_step(store, row, st);

	if (b->refusing || !reserve(b))
		return refuse_step(store, row, st);
	b->row[b->count++] = *row;
	return ok;
}

/* The span that step t continues, or a new one; NULL when there is no room. */
static struct span *
span_for(struct buffer *b, int64_t run, int t, int list)
{
	struct span *last = b->spans ? &b->span[b->spans - 1] : NULL, *more;
	int capacity = b->span_capacity ? 2 * b->span_capacity : 16;

	if (last && last->run == run && last->list == list && last->first_t + last->steps == t)
		return last;
	if (b->spans == b->span_capacity) {
		if (capacity > SPANS_MAX || !(more = realloc(b->span, (size_t)capacity * sizeof(*more))))
			return NULL;
		memset(more + b->span_capacity, 0, (size_t)(capacity - b->span_capacity) * sizeof(*more));
		b->span = more;
		b->span_capacity = capacity;
	}
	last = &b->span[b->spans++];
	*last = (struct span){.run = run, .first_t = t, .list = list, .data = last->data, .capacity = last->capacity};
	return last;
}

static bool
span_append(struct span *span, const float *values, size_t count)
{
	size_t capacity = 2 * span->capacity > span->used + count ? 2 * span->capacity : span->used + 4 * count;
	float *data;

	if (span->used + count > span->capacity) {
		if (!(data = realloc(span->data, capacity * sizeof(*data))))
			return false;
		span->data = data;
		span->capacity = capacity;
	}
	memcpy(span->data + span->used, values, count * sizeof(*values));
	span->used += count;
	span->steps++;
	return true;
}

bool
buffer_add_sites(struct store *store, int64_t run, int t, int list, const float *values, int sites, struct status *st)
{
	struct buffer *b = &store->buffer;
	struct row row = {.kind = ROW_SITE_METRIC, .run = run, .t = t};
	size_t count = (size_t)sites * SITE_VALUES;
	bool ok = begin_step(store, &row, st);
	struct span *span;

	if (b->refusing || b->span_bytes + count * sizeof(*values) > SPAN_BYTES_MAX || !(span = span_for(b, run, t, list)))
		return refuse_step(store, &row, st);
	if (!span_append(span, values, count)) {
		b->spans -= span->steps == 0;
		return refuse_step(store, &row, st);
	}
	b->span_bytes += count * sizeof(*values);
	return ok;
}

void
buffer_done(struct store *store)
{
	free(store->buffer.row);
	for (int i = 0; i < store->buffer.span_capacity; i++)
		free(store->buffer.span[i].data);
	free(store->buffer.span);
	intern_done(&store->sites);
	intern_done(&store->names);
	intern_done(&store->lists);
}
