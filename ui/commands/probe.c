/* The numbers of sites: printed, and written to files. */
#include "ui/commands/commands.h"

#include "base/tensor.h"
#include "model/files/safetensors.h"
#include "ui/workbench/npy.h"

#include <stdlib.h>
#include <string.h>

const char *const what_names[] = {"value", "reference", "error",     "correction", "sent",
				  "count", "membrane",  "threshold", "input",      NULL};

/* SNN_VALUE also for WHAT_REFERENCE, which does not ask the network. */
static enum snn_quantity
quantity_of(enum what what)
{
	switch (what) {
	case WHAT_CORRECTION:
		return SNN_CORRECTION;
	case WHAT_SENT:
		return SNN_SENT;
	case WHAT_COUNT:
		return SNN_COUNT;
	case WHAT_MEMBRANE:
		return SNN_MEMBRANE;
	case WHAT_THRESHOLD:
		return SNN_THRESHOLD;
	case WHAT_INPUT:
		return SNN_INPUT;
	default:
		return SNN_VALUE;
	}
}

bool
site_has(const struct app *app, struct site site, enum what what)
{
	return what == WHAT_REFERENCE || snn_has(app->walk->snn, site, quantity_of(what));
}

bool
read_site(struct app *app, struct site site, enum what what, struct tensor *out, struct status *st)
{
	const struct walk *walk = app->walk;
	const float *reference = walk->reference.value[site_index(app->model, site)];
	int dim[3], dims = site_shape(app->model, site, dim);
	char name[SITE_NAME_MAX];

	if (what == WHAT_REFERENCE) {
		if (!tensor_shape(out, dims, dim))
			return status_nomem(st, "a site's values");
		memcpy(out->data, reference, tensor_size(out) * sizeof(*reference));
		return true;
	}
	if (!snn_has(walk->snn, site, quantity_of(what)))
		return status_fail(st, STATUS_USAGE, "%s has no %s under this plan; type: model %s", site_name(site, name),
				   what_names[what], name);
	if (!snn_probe(walk->snn, site, quantity_of(what), out, st))
		return false;
	for (size_t i = 0; what == WHAT_ERROR && i < tensor_size(out); i++)
		out->data[i] -= reference[i];
	return true;
}

static bool
exact_site(const struct app *app, const char *name, struct site *site, struct status *st)
{
	return site_parse(app->model, name, site) || status_fail(st, STATUS_USAGE, "there is no site \"%s\"; type: model", name);
}

/* The flat index of text "2,0,5"; its numbers are as many as the dimensions. */
static bool
flat_index(const struct tensor *t, const char *text, size_t *out, struct status *st)
{
	int at[8], n = value_ints(text, at, 8, 0, 2147483647, false);

	if (n != t->dims)
		return status_fail(st, STATUS_USAGE, "print: --at needs %d numbers here, as %s", t->dims,
				   t->dims == 1   ? "5"
				   : t->dims == 2 ? "0,5"
						  : "0,5,9");
	*out = 0;
	for (int i = 0; i < n; i++) {
		if (at[i] >= t->dim[i])
			return status_fail(st, STATUS_USAGE, "print: --at %s: number %d must be below %d", text, i + 1,
					   t->dim[i]);
		*out = *out * (size_t)t->dim[i] + (size_t)at[i];
	}
	return true;
}

static void
output_statistics(struct output *o, const struct tensor *t)
{
	size_t n = tensor_size(t), nonzero = 0;
	double lo = 0, hi = 0, sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++) {
		double v = (double)t->data[i];

		lo = i == 0 || v < lo ? v : lo;
		hi = i == 0 || v > hi ? v : hi;
		sum += v;
		squares += v * v;
		nonzero += v != 0;
	}
	output_real(o, "min", lo);
	output_real(o, "max", hi);
	output_real(o, "mean", n ? sum / (double)n : 0);
	output_real(o, "mean_square", n ? squares / (double)n : 0);
	output_int(o, "nonzero", (int64_t)nonzero);
}

/* Rows of the last dimension; for people the corner that fits. */
static void
print_corner(const struct tensor *t, FILE *out)
{
	enum { ROWS = 8, COLUMNS = 8 };
	int columns = t->dims > 0 ? t->dim[t->dims - 1] : 1;
	size_t rows = columns > 0 ? tensor_size(t) / (size_t)columns : 0;

	for (size_t r = 0; r < rows && r < ROWS; r++) {
		for (int c = 0; c < columns && c < COLUMNS; c++)
			fprintf(out, "%9.3g", (double)t->data[r * (size_t)columns + (size_t)c]);
		fputs(columns > COLUMNS ? " ...\n" : "\n", out);
	}
	if (rows > ROWS)
		fputs("      ...\n", out);
}

static bool
print_tensor(struct app *app, const struct call *call, struct site site, enum what what, const struct tensor *t,
	     struct status *st)
{
	bool people = app->options.format == FORMAT_TABLE;
	char name[SITE_NAME_MAX];
	struct output o;
	size_t at = 0;

	if (call_has(call, "at") && !flat_index(t, call_text(call, "at"), &at, st))
		return false;
	output_init(&o);
	output_text(&o, "site", site_name(site, name));
	output_text(&o, "what", what_names[what]);
	output_int(&o, "t", app->walk->t);
	if (call_has(call, "at")) {
		output_text(&o, "at", call_text(call, "at"));
		output_real(&o, "value", (double)t->data[at]);
		return output_print(&o, app->options.format, app->out, st);
	}
	output_ints(&o, "shape", t->dim, (size_t)t->dims);
	output_statistics(&o, t);
	if (!people)
		output_floats(&o, "values", t->data, tensor_size(t));
	if (!output_print(&o, app->options.format, app->out, st))
		return false;
	if (people)
		print_corner(t, app->out);
	return true;
}

bool
cmd_print(struct app *app, const struct call *call, struct status *st)
{
	enum what what = (enum what)call_choice(call, "what", WHAT_VALUE);
	struct tensor t = {0};
	struct site site;
	bool ok;

	ok = need_model(app, st) && exact_site(app, call->arg[0], &site, st) && need_walk(app, st) &&
	     read_site(app, site, what, &t, st) && print_tensor(app, call, site, what, &t, st);
	tensor_done(&t);
	return ok;
}

/* The tensors of all sites that match the glob and have the quantity. */
struct harvest {
	struct tensor *tensor;
	struct st_out *out;
	char (*name)[SITE_NAME_MAX];
	int count;
};

static bool
harvest_add(struct harvest *h, struct app *app, struct site site, enum what what, struct status *st)
{
	struct tensor *t = &h->tensor[h->count];
	struct st_out *out = &h->out[h->count];

	if (!read_site(app, site, what, t, st))
		return false;
	out->name = site_name(site, h->name[h->count]);
	out->dims = t->dims;
	for (int i = 0; i < t->dims; i++)
		out->dim[i] = t->dim[i];
	out->data = t->data;
	h->count++;
	return true;
}

static bool
harvest_all(struct harvest *h, struct app *app, const char *glob, enum what what, struct status *st)
{
	int n = site_count(app->model);
	bool matched = false;

	h->tensor = calloc((size_t)n, sizeof(*h->tensor));
	h->out = calloc((size_t)n, sizeof(*h->out));
	h->name = calloc((size_t)n, sizeof(*h->name));
	if (!h->tensor || !h->out || !h->name)
		return status_nomem(st, "sites");
	for (int i = 0; i < n; i++) {
		struct site site = site_at(app->model, i);

		if (!site_matches(site, glob))
			continue;
		matched = true;
		if (!site_has(app, site, what))
			continue;
		if (!harvest_add(h, app, site, what, st))
			return false;
	}
	if (!matched)
		return status_fail(st, STATUS_USAGE, "no site matches \"%s\"; type: model", glob);
	return h->count > 0 || status_fail(st, STATUS_USAGE, "\"%s\": no such site has a %s under this plan; type: model", glob,
					   what_names[what]);
}

static void
harvest_done(struct harvest *h, int n)
{
	for (int i = 0; h->tensor && i < n; i++)
		tensor_done(&h->tensor[i]);
	free(h->tensor);
	free(h->out);
	free(h->name);
}

static bool
harvest_write(const struct harvest *h, const char *path, bool force, struct status *st)
{
	size_t n = strlen(path);

	if (n > 4 && strcmp(path + n - 4, ".npy") == 0) {
		if (h->count != 1)
			return status_fail(st, STATUS_USAGE, "%s: a .npy file holds one site, not %d; use .safetensors", path,
					   h->count);
		return npy_write(path, &h->out[0], force, st);
	}
	if (n <= 12 || strcmp(path + n - 12, ".safetensors") != 0)
		return status_fail(st, STATUS_USAGE, "%s: the name must end in .safetensors or .npy", path);
	return safetensors_write(path, h->out, h->count, force, st);
}

static bool
print_written(struct app *app, const struct call *call, enum what what, int tensors, struct status *st)
{
	struct output o;

	output_init(&o);
	output_text(&o, "file", call->arg[1]);
	output_text(&o, "what", what_names[what]);
	if (call_has(call, "run"))
		output_int(&o, "run", call_int(call, "run", 0));
	else
		output_int(&o, "t", app->walk->t);
	output_int(&o, "tensors", tensors);
	return output_print(&o, app->options.format, app->out, st);
}

bool
cmd_write(struct app *app, const struct call *call, struct status *st)
{
	enum what what = (enum what)call_choice(call, "what", WHAT_VALUE);
	bool force = call_has(call, "force"), ok;
	struct harvest h = {0};

	if (call_has(call, "run"))
		return write_kept(app, call_int(call, "run", 0), call->arg[0], what, call->arg[1], force, &h.count, st) &&
		       print_written(app, call, what, h.count, st);
	if (!need_walk(app, st))
		return false;
	ok = harvest_all(&h, app, call->arg[0], what, st) && harvest_write(&h, call->arg[1], force, st) &&
	     print_written(app, call, what, h.count, st);
	harvest_done(&h, site_count(app->model));
	return ok;
}
