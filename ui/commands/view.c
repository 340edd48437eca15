/* Commands that draw: views as text and as files. */
#include "ui/commands/commands.h"

#include "ui/workbench/show.h"
#include "ui/workbench/ugo_lab.h"

#include <stdlib.h>
#include <string.h>

/* --layer N looks at the site of the same kind in that block; without a site, at the layer. */
static bool
view_site(struct app *app, const struct view *view, const struct call *call, int first, char name[SITE_NAME_MAX],
	  struct view_args *args, struct status *st)
{
	const char *given = call->args > first ? call->arg[first] : NULL;
	enum site_kind kind = app->selection.site.kind;
	struct site site;
	int layer;

	args->site = given;
	if (!call_has(call, "layer"))
		return true;
	if (given)
		return status_fail(st, STATUS_USAGE, "%s: give a site or --layer, not both", call->info->name);
	if (!need_model(app, st))
		return false;
	layer = (int)call_int(call, "layer", 0);
	if (layer >= app->model->depth)
		return status_fail(st, STATUS_USAGE, "%s: --layer must be below %d", call->info->name, app->model->depth);
	if (!view->takes_site || !site_find(app->model, kind, layer, &site))
		site = site_of_block(app->model, layer);
	args->site = site_name(site, name);
	return true;
}

/* Where a view of UGOs is asked for, a word that is no site is a UGO or a function. */
static bool
view_function(struct app *app, const struct view *view, struct view_args *args, struct status *st)
{
	struct site site;
	bool is_site = args->site && app->model && site_parse(app->model, args->site, &site);

	if (view->observes && is_site)
		return lab_observed(app, site, 0, st) != NULL;
	if (view->takes_function && args->site && !args->function && !is_site) {
		args->function = args->site;
		args->site = NULL;
	}
	return true;
}

/* The words of a call from argument `first`: the site, and the options. */
static bool
view_arguments(struct app *app, const struct view *view, const struct call *call, int first, char name[SITE_NAME_MAX],
	       struct view_args *args, struct status *st)
{
	memset(args, 0, sizeof(*args));
	args->has_head = call_has(call, "head");
	args->head = (int)call_int(call, "head", 0);
	args->has_q = call_has(call, "q");
	args->q = (int)call_int(call, "q", 0);
	args->has_k = call_has(call, "k");
	args->k = (int)call_int(call, "k", 0);
	args->has_neuron = call_has(call, "neuron");
	args->neuron = (int)call_int(call, "neuron", 0);
	args->has_unit = call_has(call, "unit");
	args->unit = (int)call_int(call, "unit", -1);
	args->function = call_text(call, "function");
	args->hidden = (int)call_int(call, "hidden", 0);
	args->has_range = call_has(call, "range") && value_range(call_text(call, "range"), &args->lo, &args->hi);
	args->steps = (int)call_int(call, "T", 0);
	args->zoom = (int)call_int(call, "zoom", 0);
	return view_site(app, view, call, first, name, args, st) && view_function(app, view, args, st);
}

/* In JSON a view is its lines. */
static bool
print_lines(struct app *app, const struct view *view, char *text, struct status *st)
{
	struct output o;
	json_t *lines = json_array();
	char *rest = text, *line;

	while (lines && (line = strsep(&rest, "\n")))
		if (rest || *line)
			json_array_append_new(lines, json_string(line));
	output_init(&o);
	output_text(&o, "view", view->name);
	output_json(&o, "text", lines);
	return output_print(&o, app->options.format, app->out, st);
}

static bool
print_view(struct app *app, const struct view *view, const struct view_args *args, struct status *st)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory;
	bool ok;

	if (app->options.format != FORMAT_JSON)
		return show_print(app, view, args, app->out, st);
	memory = open_memstream(&text, &size);
	if (!memory)
		return status_nomem(st, "a view");
	ok = show_print(app, view, args, memory, st);
	ok = fclose(memory) == 0 && ok && print_lines(app, view, text, st);
	free(text);
	return ok;
}

bool
cmd_view(struct app *app, const struct call *call, struct status *st)
{
	const struct view *view = view_find(call->arg[0], st);
	int columns = app->options.columns, rows = app->options.rows;
	char name[SITE_NAME_MAX];
	struct view_args args;
	bool ok;

	if (!view || !view_arguments(app, view, call, 1, name, &args, st))
		return false;
	if (call_has(call, "size"))
		value_size(call_text(call, "size"), &app->options.columns, &app->options.rows);
	ok = print_view(app, view, &args, st);
	app->options.columns = columns;
	app->options.rows = rows;
	return ok;
}

bool
cmd_save(struct app *app, const struct call *call, struct status *st)
{
	const struct view *view = view_find(call->args > 1 ? call->arg[1] : "overview", st);
	int columns = app->options.columns, rows = app->options.rows;
	char name[SITE_NAME_MAX];
	struct view_args args;
	struct output o;
	bool ok;

	if (!view || !view_arguments(app, view, call, 2, name, &args, st))
		return false;
	if (call_has(call, "size"))
		value_size(call_text(call, "size"), &app->options.columns, &app->options.rows);
	ok = show_save(app, view, &args, call->arg[0], call_has(call, "force"), st);
	app->options.columns = columns;
	app->options.rows = rows;
	if (!ok)
		return false;
	output_init(&o);
	output_text(&o, "file", call->arg[0]);
	output_text(&o, "view", view->name);
	return output_print(&o, app->options.format, app->out, st);
}
