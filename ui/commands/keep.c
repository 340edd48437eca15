/* Tensors that the notebook keeps of every step, and how they come out again. */
#include "ui/commands/commands.h"

#include "db/store.h"
#include "model/files/safetensors.h"
#include "ui/workbench/npy.h"

#include <stdlib.h>
#include <string.h>

/* --- keep ----------------------------------------------------------------- */

static bool
print_kept(struct app *app, struct status *st)
{
	struct output o;

	output_init(&o);
	output_table(&o, "kept");
	for (int i = 0; i < app->keeps; i++) {
		output_row(&o);
		output_text(&o, "sites", app->keep[i].glob);
		output_text(&o, "what", what_names[app->keep[i].what]);
	}
	output_end(&o);
	if (app->keeps == 0)
		app_say(app, "nothing is kept; type: keep SITE");
	return output_print(&o, app->options.format, app->out, st);
}

static bool
any_site_matches(const struct app *app, const char *glob)
{
	for (int i = 0; i < site_count(app->model); i++)
		if (site_matches(site_at(app->model, i), glob))
			return true;
	return false;
}

void
forget_kept(struct app *app, const char *glob)
{
	int left = 0;

	for (int i = 0; i < app->keeps; i++) {
		if (!glob || strcmp(app->keep[i].glob, glob) == 0)
			free(app->keep[i].glob);
		else
			app->keep[left++] = app->keep[i];
	}
	app->keeps = left;
}

bool
keep_sites(struct app *app, const char *glob, enum what what, struct status *st)
{
	for (int i = 0; i < app->keeps; i++)
		if (app->keep[i].what == (int)what && strcmp(app->keep[i].glob, glob) == 0)
			return true;
	if (app->keeps == APP_KEEPS)
		return status_fail(st, STATUS_FAILED, "%d kinds are kept already; stop some with: keep --off", APP_KEEPS);
	if (!(app->keep[app->keeps].glob = strdup(glob)))
		return status_nomem(st, "what is kept");
	app->keep[app->keeps++].what = (int)what;
	return true;
}

static bool
any_site_has(const struct app *app, const char *glob, enum what what)
{
	for (int i = 0; i < site_count(app->model); i++)
		if (site_matches(site_at(app->model, i), glob) && site_has(app, site_at(app->model, i), what))
			return true;
	return false;
}

bool
cmd_keep(struct app *app, const struct call *call, struct status *st)
{
	enum what what = (enum what)call_choice(call, "what", WHAT_VALUE);
	const char *glob = call->args ? call->arg[0] : NULL;

	if (call_has(call, "off")) {
		forget_kept(app, glob);
		return true;
	}
	if (!glob)
		return print_kept(app, st);
	if (!need_model(app, st))
		return false;
	if (!any_site_matches(app, glob))
		return status_fail(st, STATUS_USAGE, "no site matches \"%s\"; type: model", glob);
	if (app->walk && !any_site_has(app, glob, what))
		return status_fail(st, STATUS_USAGE, "no site of %s has a %s under plan '%s'; type: help print", glob,
				   what_names[what], app->plan->recipe);
	return keep_sites(app, glob, what, st);
}

/* --- what a step keeps ---------------------------------------------------- */

static bool
keep_site(struct app *app, int64_t run, int t, struct site site, enum what what, struct tensor *hold, struct status *st)
{
	char name[SITE_NAME_MAX];

	return read_site(app, site, what, hold, st) && store_tensor(app->store,
								    &(struct record_tensor){.run = run,
											    .site = site_name(site, name),
											    .quantity = what_names[what],
											    .t = t,
											    .dims = hold->dims,
											    .dim = hold->dim,
											    .data = hold->data},
								    st);
}

bool
keep_step(struct app *app, int64_t run, int t, struct status *st)
{
	struct tensor hold = {0};
	bool ok = true;

	for (int k = 0; k < app->keeps; k++)
		for (int i = 0; ok && i < site_count(app->model); i++) {
			struct site site = site_at(app->model, i);
			enum what what = (enum what)app->keep[k].what;

			if (site_matches(site, app->keep[k].glob) && site_has(app, site, what))
				ok = keep_site(app, run, t, site, what, &hold, st);
		}
	tensor_done(&hold);
	return ok;
}

/* --- kept tensors as files ------------------------------------------------ */

enum { STACKS = 1024 };

/* A site's tensors one after the other: [steps, ...]. */
struct stack {
	char *name;
	int dims, dim[8];
	float *data;
	size_t size;
};

struct stacks {
	struct stack *stack; /* [count] */
	int count;
	struct status *st;
	bool failed;
};

static size_t
product(const int *dim, int dims)
{
	size_t n = 1;

	for (int i = 0; i < dims; i++)
		n *= (size_t)dim[i];
	return n;
}

static struct stack *
stack_for(struct stacks *s, const struct record_tensor *t)
{
	struct stack *last = s->count ? &s->stack[s->count - 1] : NULL;

	if (last && strcmp(last->name, t->site) == 0)
		return last;
	if (s->count == STACKS || t->dims > 3 || !(s->stack[s->count].name = strdup(t->site)))
		return NULL;
	last = &s->stack[s->count++];
	last->dims = t->dims + 1;
	memcpy(last->dim + 1, t->dim, (size_t)t->dims * sizeof(int));
	return last;
}

static bool
stack_tensor(void *ctx, const struct record_tensor *t)
{
	struct stacks *s = ctx;
	struct stack *to = stack_for(s, t);
	size_t n = product(t->dim, t->dims);
	float *data;

	s->failed = true;
	if (!to)
		return status_fail(s->st, STATUS_FAILED, "tensors of more than %d sites, or of more than 3 dimensions", STACKS);
	if (to->dims != t->dims + 1 || memcmp(to->dim + 1, t->dim, (size_t)t->dims * sizeof(int)) != 0)
		return status_fail(s->st, STATUS_DATA, "the tensors of %s differ in shape from step to step", t->site);
	if (!(data = realloc(to->data, (to->size + n) * sizeof(*data))))
		return status_nomem(s->st, "kept tensors");
	memcpy(data + to->size, t->data, n * sizeof(*data));
	to->data = data;
	to->size += n;
	to->dim[0]++;
	s->failed = false;
	return true;
}

static bool
stacks_write(const struct stacks *s, const char *path, bool force, struct status *st)
{
	struct st_out *out = calloc((size_t)s->count, sizeof(*out));
	size_t length = strlen(path);
	bool ok;

	if (!out)
		return status_nomem(st, "kept tensors");
	for (int i = 0; i < s->count; i++) {
		out[i].name = s->stack[i].name;
		out[i].dims = s->stack[i].dims;
		for (int d = 0; d < s->stack[i].dims; d++)
			out[i].dim[d] = s->stack[i].dim[d];
		out[i].data = s->stack[i].data;
	}
	if (length > 4 && strcmp(path + length - 4, ".npy") == 0)
		ok = s->count == 1 ? npy_write(path, &out[0], force, st)
				   : status_fail(st, STATUS_USAGE, "%s: a .npy file holds one site, not %d; use .safetensors",
						 path, s->count);
	else
		ok = safetensors_write(path, out, s->count, force, st);
	free(out);
	return ok;
}

static void
stacks_done(struct stacks *s)
{
	for (int i = 0; i < s->count; i++) {
		free(s->stack[i].name);
		free(s->stack[i].data);
	}
	free(s->stack);
}

bool
write_kept(struct app *app, int64_t run, const char *glob, enum what what, const char *path, bool force, int *tensors,
	   struct status *st)
{
	struct stacks s = {.stack = calloc(STACKS, sizeof(*s.stack)), .st = st};
	bool ok = s.stack ? store_tensor_list(app->store, run, glob, what_names[what], stack_tensor, &s, st)
			  : status_nomem(st, "kept tensors");

	ok = ok && !s.failed;
	if (ok && s.count == 0)
		ok = status_fail(st, STATUS_FAILED, "run %lld has kept no %s of \"%s\"; type: show %lld", (long long)run,
				 what_names[what], glob, (long long)run);
	ok = ok && stacks_write(&s, path, force, st);
	*tensors = s.count;
	stacks_done(&s);
	return ok;
}
