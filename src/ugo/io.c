#include "ugo/forms.h"

#include "base/file.h"
#include "base/text.h"
#include "model/files/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PART_NAME = 256, PARTS = 6 };

static const struct st_tensor *
part_find(const struct safetensors *file, const char *prefix, const char *part)
{
	char name[PART_NAME];
	int length = snprintf(name, sizeof(name), "%s.%s", prefix, part);

	return length > 0 && length < PART_NAME ? safetensors_find(file, name) : NULL;
}

/* A vector of count values (any count if 0), however its ones are written:
 * [H], [H, 1] or [1, H]. NULL with st set if it is none. */
static const struct st_tensor *
part_vector(const struct safetensors *file, const char *prefix, const char *part, size_t count, struct status *st)
{
	const struct st_tensor *t = part_find(file, prefix, part);
	int wide = 0;

	if (!t) {
		status_fail(st, STATUS_DATA, "tensor '%s.%s' is missing; a UGO has w1, b1, w2 and b2", prefix, part);
		return NULL;
	}
	for (int i = 0; i < t->dims; i++)
		wide += t->dim[i] != 1;
	if (wide > 1 || t->dims > 2 || t->count == 0 || (count > 0 && t->count != count)) {
		status_fail(st, STATUS_DATA, "tensor '%s.%s' has %zu elements in %d dimensions; expected a vector of %s", prefix,
			    part, t->count, t->dims, count == 1 ? "one" : "one weight per neuron");
		return NULL;
	}
	return t;
}

static bool
part_read(float *out, const struct safetensors *file, const char *prefix, const char *part, size_t count, struct status *st)
{
	const struct st_tensor *t = part_vector(file, prefix, part, count, st);

	if (!t)
		return false;
	if (!safetensors_read(t, 0, count, out, st))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!isfinite(out[i]))
			return status_fail(st, STATUS_DATA, "tensor '%s.%s' has a value that is not finite at %zu", prefix, part,
					   i);
	return true;
}

/* Without a range of its own the UGO's range is what its bends span. */
static void
range_guess(const struct ugo *u, double *at, double *lo, double *hi)
{
	int count = ugo_bends(u, -1e30, 1e30, at);
	double margin = count > 1 ? (at[count - 1] - at[0]) / 10 : 1;

	*lo = (count > 0 ? at[0] : 0) - margin;
	*hi = (count > 0 ? at[count - 1] : 0) + margin;
}

static bool
import_range(struct ugo *u, const struct safetensors *file, const char *prefix, struct status *st)
{
	double at[2 * UGO_HIDDEN_MAX], lo, hi;
	float range[2];

	if (!part_find(file, prefix, "range")) {
		range_guess(u, at, &lo, &hi);
	} else {
		if (!part_read(range, file, prefix, "range", 2, st))
			return false;
		lo = range[0];
		hi = range[1];
		if (!(lo < hi))
			return status_fail(st, STATUS_DATA, "tensor '%s.range' is [%g, %g]; expected the lower end first", prefix,
					   lo, hi);
	}
	return ugo_read_nodes(u, lo, hi, st);
}

static bool
import_weights(struct ugo *u, const struct safetensors *file, const char *prefix, struct status *st)
{
	const struct st_tensor *w1 = part_vector(file, prefix, "w1", 0, st);
	bool segments = part_find(file, prefix, "h") != NULL;
	size_t count;

	if (!w1)
		return false;
	count = w1->count;
	if (count > UGO_HIDDEN_MAX)
		return status_fail(st, STATUS_DATA, "tensor '%s.w1' has %zu neurons; a UGO has at most %d", prefix, count,
				   UGO_HIDDEN_MAX);
	if (!ugo_alloc(u, (int)count, 2, segments, st))
		return false;
	text_escape(prefix, u->name, sizeof(u->name));
	return part_read(u->w1, file, prefix, "w1", count, st) && part_read(u->b1, file, prefix, "b1", count, st) &&
	       part_read(u->w2, file, prefix, "w2", count, st) && part_read(&u->b2, file, prefix, "b2", 1, st) &&
	       (!segments || part_read(u->h, file, prefix, "h", count, st)) && import_range(u, file, prefix, st);
}

bool
ugo_import(struct ugo *u, const char *path, const char *prefix, struct status *st)
{
	struct safetensors *file = safetensors_open(path, st);
	bool ok;

	*u = (struct ugo){0};
	if (!file)
		return false;
	ok = import_weights(u, file, prefix, st);
	safetensors_close(file);
	if (ok) {
		ugo_measure(u);
		return true;
	}
	ugo_done(u);
	return status_prefix(st, "%s", path);
}

bool
ugo_export(const struct ugo *u, const char *path, const char *prefix, bool force, struct status *st)
{
	const float range[2] = {(float)u->lo, (float)u->hi};
	const struct part {
		const char *name;
		const float *data;
		int count;
	} part[PARTS] = {{"w1", u->w1, u->hidden}, {"b1", u->b1, u->hidden}, {"w2", u->w2, u->hidden},
			 {"b2", &u->b2, 1},        {"range", range, 2},      {"h", u->h, u->hidden}};
	struct st_out out[PARTS];
	char name[PARTS][PART_NAME];
	int count = u->h ? PARTS : PARTS - 1;

	for (int i = 0; i < count; i++) {
		int length = snprintf(name[i], sizeof(name[i]), "%s.%s", prefix, part[i].name);

		if (length >= PART_NAME)
			return status_fail(st, STATUS_USAGE, "the name of a UGO is longer than %d bytes; choose a shorter one",
					   PART_NAME - 8);
		out[i] = (struct st_out){.name = name[i], .dims = 1, .dim = {part[i].count}, .data = part[i].data};
	}
	return safetensors_write(path, out, count, force, st);
}

bool
ugo_import_csv(struct ugo *u, const char *path, struct status *st)
{
	const double *x, *y, *weight;
	struct curve *table = curve_read(path, st);
	int count;
	bool ok;

	*u = (struct ugo){0};
	if (!table)
		return false;
	count = curve_table(table, &x, &y, &weight);
	ok = ugo_of_nodes(u, x, y, count, st);
	curve_free(table);
	return ok || status_prefix(st, "%s", path);
}

/* Seventeen digits: the knots come back as they are. */
static bool
write_knots(FILE *out, const struct ugo *u)
{
	fprintf(out, "x,y\n");
	for (int k = 0; k < u->nodes; k++)
		fprintf(out, "%.17g,%.17g\n", u->t[k], u->y[k]);
	return !ferror(out) && fflush(out) == 0;
}

bool
ugo_export_csv(const struct ugo *u, const char *path, bool force, struct status *st)
{
	struct draft draft;

	return draft_begin(&draft, path, force, st) && draft_end(&draft, write_knots(draft.file, u), st);
}
