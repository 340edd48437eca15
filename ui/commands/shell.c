/* Settings, scripts, history and help. */
#include "ui/commands/commands.h"

#include "base/file.h"
#include "ui/panes/panes.h"
#include "ui/shell/help.h"
#include "ui/shell/repl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SOURCE_DEPTH = 16 };

static const char *const switch_names[] = {"off", "on", NULL};

const struct setting_info setting_table[] = {
    {"format", "FORMAT", "how results are printed", VALUE_CHOICE, format_names, 0, 0},
    {"color", "WHEN", "colours of views", VALUE_CHOICE, color_names, 0, 0},
    {"ascii", "on|off", "draw with ASCII characters only", VALUE_CHOICE, switch_names, 0, 0},
    {"size", "COLSxROWS", "size of views printed as text", VALUE_SIZE, NULL, 0, 0},
    {"seed", "N", "seed of conversions", VALUE_INT, NULL, 0, (double)INT_MAX},
    {"threads", "N", "threads of evaluations; 0: all cores", VALUE_INT, NULL, 0, 1024},
    {"checkpoints", "MB", "memory that going back may use, in megabytes (256)", VALUE_INT, NULL, 0, 65536},
    {"layer", "L", "the block that views look at", VALUE_INT, NULL, 0, 4095},
    {"head", "H", "the head that views look at", VALUE_INT, NULL, 0, 4095},
    {"q", "TOKEN", "the row of attention that views look at", VALUE_INT, NULL, 0, 1 << 20},
    {"k", "TOKEN", "the column of attention that views look at", VALUE_INT, NULL, 0, 1 << 20},
    {"site", "SITE", "the site that the raster shows", VALUE_SITE, NULL, 0, 0},
    {"neuron", "N", "the neuron of that site", VALUE_INT, NULL, 0, (double)INT_MAX},
    {"unit", "N", "the hidden neuron there, of a UGO; -1: the one with the largest membrane", VALUE_INT, NULL, -1, 1023},
    {"side", "SIDE", "what views show of a split: all, first, second, difference", VALUE_CHOICE, side_names, 0, 0},
    {"pager", "PROGRAM", "what shows answers longer than the terminal: auto ($PAGER, or less), off, or a program", VALUE_TEXT,
     NULL, 0, 0},
    {"mouse", "on|off", "clicks select and the wheel moves, in the panes", VALUE_CHOICE, switch_names, 0, 0},
    {NULL, NULL, NULL, VALUE_NONE, NULL, 0, 0},
};

/* --- set ------------------------------------------------------------------ */

static void
output_settings(struct output *o, const struct app *app)
{
	const struct selection *s = &app->selection;
	char text[SITE_NAME_MAX];
	int columns, rows;

	app_size(app, &columns, &rows);
	output_text(o, "format", format_names[app->options.format]);
	output_text(o, "color", color_names[app->options.color]);
	output_text(o, "ascii", switch_names[app->options.ascii]);
	snprintf(text, sizeof(text), "%dx%d", columns, rows);
	output_text(o, "size", text);
	output_int(o, "seed", (int64_t)app->options.seed);
	output_int(o, "threads", app->options.threads);
	output_int(o, "checkpoints", (int64_t)(app->checkpoint_bytes >> 20));
	output_text(o, "pager", app->options.pager[0] ? app->options.pager : "auto");
	output_text(o, "mouse", switch_names[app->panes->mouse]);
	if (!app->model)
		return;
	output_int(o, "layer", s->layer);
	output_int(o, "head", s->head);
	output_int(o, "q", s->q);
	output_int(o, "k", s->k);
	output_text(o, "site", site_name(s->site, text));
	output_int(o, "neuron", s->neuron);
	output_int(o, "unit", s->unit);
	output_text(o, "side", side_names[app->side]);
}

static const struct setting_info *
find_setting(const char *name, struct status *st)
{
	const struct setting_info *found = NULL;

	for (const struct setting_info *s = setting_table; s->name; s++) {
		if (strcmp(s->name, name) == 0)
			return s;
		if (strncmp(s->name, name, strlen(name)) != 0)
			continue;
		if (found) {
			status_fail(st, STATUS_USAGE, "set: \"%s\" may be %s or %s; type more of it", name, found->name, s->name);
			return NULL;
		}
		found = s;
	}
	if (!found)
		status_fail(st, STATUS_USAGE, "set: there is no setting \"%s\"; type: set", name);
	return found;
}

/* The settings of what views look at. */
static bool
set_selection(struct app *app, const char *name, const char *value, long number, struct status *st)
{
	struct selection *s = &app->selection, before = *s, wanted = before;
	struct site site;

	if (!need_model(app, st))
		return false;
	if (strcmp(name, "site") == 0) {
		if (!site_parse(app->model, value, &site))
			return status_fail(st, STATUS_USAGE, "there is no site \"%s\"; type: model", value);
		wanted.site = site;
		if (site.block >= 0)
			wanted.layer = site.block;
	} else if (strcmp(name, "layer") == 0) {
		wanted.layer = (int)number;
		if (site_in_block(wanted.site.kind) && !site_find(app->model, wanted.site.kind, (int)number, &wanted.site))
			wanted.site = site_of_block(app->model, (int)number);
	} else {
		int *field = strcmp(name, "head") == 0 ? &wanted.head
			     : strcmp(name, "q") == 0  ? &wanted.q
			     : strcmp(name, "k") == 0  ? &wanted.k
						       : &wanted.neuron;
		*field = (int)number;
	}
	*s = wanted;
	app_clamp_selection(app);
	if (memcmp(s, &wanted, sizeof(wanted)) == 0)
		return true;
	*s = before;
	return status_fail(st, STATUS_USAGE, "set: %s %s is past the end; type: model", name, value);
}

static bool
set_one(struct app *app, const struct setting_info *s, const char *value, struct status *st)
{
	struct options *o = &app->options;
	long number = 0;
	int choice = 0;

	if (s->kind == VALUE_INT && !value_int(value, s->lo, s->hi, &number))
		return status_fail(st, STATUS_USAGE, "set: %s must be a whole number from %.0f to %.0f, not \"%s\"", s->name,
				   s->lo, s->hi, value);
	if (s->kind == VALUE_CHOICE && (choice = value_choice(value, s->choices)) < 0)
		return status_fail(st, STATUS_USAGE, "set: there is no %s \"%s\"; type: help set", s->name, value);
	if (s->kind == VALUE_SIZE && !value_size(value, &o->columns, &o->rows))
		return status_fail(st, STATUS_USAGE, "set: size must be COLSxROWS as 80x24, not \"%s\"", value);
	if (strcmp(s->name, "pager") == 0 && strlen(value) >= sizeof(o->pager))
		return status_fail(st, STATUS_USAGE, "set: the pager's command has at most %zu characters", sizeof(o->pager) - 1);
	if (strcmp(s->name, "pager") == 0)
		snprintf(o->pager, sizeof(o->pager), "%s", value);
	else if (strcmp(s->name, "format") == 0)
		o->format = (enum output_format)choice;
	else if (strcmp(s->name, "color") == 0)
		o->color = (enum color_mode)choice;
	else if (strcmp(s->name, "ascii") == 0)
		o->ascii = choice == 1;
	else if (strcmp(s->name, "seed") == 0)
		o->seed = (uint64_t)number;
	else if (strcmp(s->name, "threads") == 0)
		app_set_threads(app, (int)number);
	else if (strcmp(s->name, "mouse") == 0)
		app->panes->mouse = choice == 1;
	else if (strcmp(s->name, "side") == 0)
		app->side = (enum side)choice;
	else if (strcmp(s->name, "checkpoints") == 0)
		app_set_checkpoint_bytes(app, (size_t)number << 20);
	else if (s->kind != VALUE_SIZE)
		return set_selection(app, s->name, value, number, st);
	return true;
}

bool
cmd_set(struct app *app, const struct call *call, struct status *st)
{
	const struct setting_info *s;
	struct output o;

	if (call->args == 0) {
		output_init(&o);
		output_settings(&o, app);
		return output_print(&o, app->options.format, app->out, st);
	}
	s = find_setting(call->arg[0], st);
	if (!s)
		return false;
	if (call->args < 2)
		return status_fail(st, STATUS_USAGE, "set: %s needs a value: set %s %s", s->name, s->name, s->value);
	return set_one(app, s, call->arg[1], st);
}

/* --- source, history, quit ------------------------------------------------ */

bool
cmd_source(struct app *app, const struct call *call, struct status *st)
{
	enum status_code code;
	FILE *file;

	if (app->depth == SOURCE_DEPTH)
		return status_fail(st, STATUS_FAILED, "%s: more than %d scripts within each other; does it source itself?",
				   call->arg[0], SOURCE_DEPTH);
	file = file_open(call->arg[0], FILE_TEXT_MAX, st);
	if (!file)
		return false;
	app->depth++;
	code = app_source(app, file, call->arg[0], true);
	app->depth--;
	fclose(file);
	return code == STATUS_OK || status_fail(st, code, "%s stopped at the line that failed", call->arg[0]);
}

bool
cmd_history(struct app *app, const struct call *call, struct status *st)
{
	long last = call_arg_int(call, 0, 20);
	struct output o;
	int count = 0;

	while (repl_history(count))
		count++;
	output_init(&o);
	output_table(&o, "history");
	for (int i = count > last ? count - (int)last : 0; i < count; i++) {
		output_row(&o);
		output_int(&o, "line", i + 1);
		output_text(&o, "command", repl_history(i));
	}
	output_end(&o);
	return output_print(&o, app->options.format, app->out, st);
}

bool
cmd_quit(struct app *app, const struct call *call, struct status *st)
{
	(void)call;
	(void)st;
	app->quit = true;
	return true;
}

bool
cmd_help(struct app *app, const struct call *call, struct status *st)
{
	return help_print(app->out, app->options.format, call->args, call->arg, st);
}

bool
cmd_apropos(struct app *app, const struct call *call, struct status *st)
{
	return help_apropos(app->out, app->options.format, call->arg[0], st);
}
