/* What keys do in the panes, as commands: focus, selection, zoom, layouts, bindings. */
#include "model/graph.h"
#include "ui/commands/commands.h"

#include "base/text.h"
#include "ui/panes/panes.h"
#include "ui/shell/repl.h"
#include "ui/views/view.h"
#include "ui/workbench/show.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

bool
cmd_panes(struct app *app, const struct call *call, struct status *st)
{
	(void)call;
	return repl_panes(app, st);
}

/* --- focus ---------------------------------------------------------------- */

/* A view that can stand in a pane. */
static const struct view *
find_pane(const char *name, struct status *st)
{
	const struct view *view = view_find(name, st);

	if (!view || !view->whole_screen)
		return view;
	status_fail(st, STATUS_USAGE, "the overview is the panes themselves; layout default shows them");
	return NULL;
}

/* In a script the panes stand where `view overview` would print them. */
static void
place_panes(struct app *app)
{
	struct canvas canvas = {.style = show_style(app, app->out)};
	struct showing s;

	if (app->capture)
		return;
	app_size(app, &canvas.w, &canvas.h);
	show_scene(app, &s);
	panes_place(app->panes, &s.scene, &canvas, false);
}

bool
cmd_focus(struct app *app, const struct call *call, struct status *st)
{
	struct panes *panes = app->panes;
	const struct view *view;

	place_panes(app);
	if (strcmp(call->arg[0], "next") == 0 || strcmp(call->arg[0], "previous") == 0) {
		panes_next(panes, call->arg[0][0] == 'n' ? 1 : -1);
		return true;
	}
	view = find_pane(call->arg[0], st);
	if (!view)
		return false;
	if (panes->alone || !layout_find(&panes->layout, view->name)) {
		panes_look(panes, view->name);
		return true;
	}
	panes->focus = view->name;
	panes->on_line = false;
	return true;
}

bool
cmd_look(struct app *app, const struct call *call, struct status *st)
{
	const struct view *view = call->args > 0 ? find_pane(call->arg[0], st) : NULL;
	const char *inside = view ? view->name : NULL;

	if (call->args > 0 && !view)
		return false;
	if (!inside)
		inside = panes_inside(app->panes, app);
	place_panes(app);
	if (inside)
		panes_look(app->panes, inside);
	return true;
}

bool
cmd_out(struct app *app, const struct call *call, struct status *st)
{
	(void)call;
	(void)st;
	panes_out(app->panes);
	return true;
}

bool
cmd_maximise(struct app *app, const struct call *call, struct status *st)
{
	struct panes *panes = app->panes;

	(void)call;
	(void)st;
	panes->alone = panes->alone ? NULL : panes->focus;
	panes->looks = 0;
	return true;
}

bool
cmd_keys(struct app *app, const struct call *call, struct status *st)
{
	(void)call;
	(void)st;
	app->panes->keys_shown = !app->panes->on_line;
	return true;
}

bool
cmd_line(struct app *app, const struct call *call, struct status *st)
{
	struct panes *panes = app->panes;
	const char *text = call->args > 0 ? call->arg[0] : NULL;

	panes->on_line = true;
	free(panes->line);
	panes->line = text ? text_format("%s ", text) : NULL;
	return !text || panes->line || status_nomem(st, "a command line");
}

bool
cmd_leave(struct app *app, const struct call *call, struct status *st)
{
	(void)call;
	(void)st;
	app->panes->leave = true;
	return true;
}

/* --- zoom, scroll --------------------------------------------------------- */

/* "+2", "-1": a change; "3": a value. False when it is no number. */
static bool
parse_move(const char *text, bool *relative, long *n)
{
	*relative = text[0] == '+' || text[0] == '-';
	return value_int(text[0] == '+' ? text + 1 : text, -INT_MAX, INT_MAX, n);
}

static int
within(long value, long lo, long hi)
{
	return (int)(value < lo ? lo : value > hi ? hi : value);
}

bool
cmd_zoom(struct app *app, const struct call *call, struct status *st)
{
	struct panes *panes = app->panes;
	const struct view *view = view_find(panes->focus, st);
	bool relative;
	int *zoom;
	long n;

	if (!view)
		return false;
	if (!parse_move(call->arg[0], &relative, &n))
		return status_fail(st, STATUS_USAGE, "zoom: \"%s\" is not a number; as +1, -1 or 0", call->arg[0]);
	zoom = &panes->zoom[view_index(view)];
	*zoom = within(relative ? *zoom + n : n, 0, 8);
	return true;
}

bool
cmd_scroll(struct app *app, const struct call *call, struct status *st)
{
	const struct placed *pane = layout_find(&app->panes->layout, "log");
	const char *text = call->arg[0];
	int page = pane && pane->at.h > 3 ? pane->at.h - 2 : 1;
	bool relative;
	long n;

	if (strcmp(text, "left") == 0 || strcmp(text, "right") == 0) {
		app->panes->log_right = within(app->panes->log_right + (text[0] == 'l' ? -8 : 8), 0, 4000);
		return true;
	}
	if (strcmp(text, "end") == 0 || strcmp(text, "start") == 0)
		n = text[0] == 'e' ? INT_MAX : -INT_MAX;
	else if (strcmp(text, "+page") == 0 || strcmp(text, "-page") == 0)
		n = text[0] == '+' ? page : -page;
	else if (!parse_move(text, &relative, &n))
		return status_fail(st, STATUS_USAGE,
				   "scroll: \"%s\" is not a number of lines; as -1, +page, start, end, left or right", text);
	app->panes->log_back = within((long)app->panes->log_back - n, 0, app->log.count > page ? app->log.count - page : 0);
	return true;
}

/* --- select --------------------------------------------------------------- */

const char *const select_names[] = {"site", "layer", "head", "q", "k", "neuron", "unit", "patch", "side", NULL};

enum selected {
	SELECT_SITE,
	SELECT_LAYER,
	SELECT_HEAD,
	SELECT_Q,
	SELECT_K,
	SELECT_NEURON,
	SELECT_UNIT,
	SELECT_PATCH,
	SELECT_SIDE
};

static void
go_to_site(struct app *app, int index)
{
	struct selection *s = &app->selection;

	s->site = site_at(app->model, index);
	if (s->site.block >= 0)
		s->layer = s->site.block;
}

static void
go_to_layer(struct app *app, int layer)
{
	struct selection *s = &app->selection;

	s->layer = layer;
	if (site_in_block(s->site.kind) && !site_find(app->model, s->site.kind, layer, &s->site))
		s->site = site_of_block(app->model, layer);
}

static int
hidden_units(const struct app *app)
{
	const struct site_plan *p = app->plan ? &app->plan->site[site_index(app->model, app->selection.site)] : NULL;

	return p && p->ugo && p->mode == FUNCTION_MODE_SPIKING ? p->ugo->hidden : 0;
}

/* In a raster one moves by the neurons that are recorded. */
static int
neuron_stride(const struct app *app)
{
	int stride = 1, index = site_index(app->model, app->selection.site);

	if (strcmp(app->panes->focus, "raster") != 0 || !app->spikes || spike_log_neurons(app->spikes, index, &stride) == 0)
		return 1;
	return stride;
}

/* What is selected now and how many there are. */
static int
current(const struct app *app, enum selected what, int *first, int *count)
{
	const struct selection *s = &app->selection;

	*first = what == SELECT_UNIT ? -1 : 0;
	switch (what) {
	case SELECT_SITE:
		*count = site_count(app->model);
		return site_index(app->model, s->site);
	case SELECT_LAYER:
		*count = app->model->depth;
		return s->layer;
	case SELECT_HEAD:
		*count = graph_maps(app->model).heads;
		return s->head;
	case SELECT_Q:
	case SELECT_PATCH:
		*count = graph_maps(app->model).tokens;
		return s->q;
	case SELECT_K:
		*count = graph_maps(app->model).tokens;
		return s->k;
	case SELECT_NEURON:
		*count = (int)site_size(app->model, s->site);
		return s->neuron;
	case SELECT_UNIT:
		*count = hidden_units(app);
		return s->unit;
	default:
		*count = SIDE_DIFFERENCE + 1;
		return (int)app->side;
	}
}

static void
go_to(struct app *app, enum selected what, int value)
{
	struct selection *s = &app->selection;

	switch (what) {
	case SELECT_SITE:
		go_to_site(app, value);
		break;
	case SELECT_LAYER:
		go_to_layer(app, value);
		break;
	case SELECT_SIDE:
		app->side = (enum side)value;
		break;
	default:
		*(what == SELECT_HEAD     ? &s->head
		  : what == SELECT_K      ? &s->k
		  : what == SELECT_NEURON ? &s->neuron
		  : what == SELECT_UNIT   ? &s->unit
					  : &s->q) = value;
	}
	app_clamp_selection(app);
}

static bool
select_move(struct app *app, enum selected what, const char *text, struct status *st)
{
	int first, count, at = current(app, what, &first, &count);
	int side = graph_patches(app->model).side, row = side > 0 ? side : 1;
	bool relative = true;
	long n;

	if (count == 0 && what != SELECT_UNIT)
		return status_fail(st, STATUS_USAGE, "select: a residual network has no %s",
				   what == SELECT_HEAD ? "heads" : "tokens");
	if (strcmp(text, "first") == 0 || strcmp(text, "last") == 0)
		n = text[0] == 'f' ? -count - 1 : count + 1;
	else if (strcmp(text, "+row") == 0 || strcmp(text, "-row") == 0)
		n = text[0] == '+' ? row : -row;
	else if (!parse_move(text, &relative, &n))
		return status_fail(st, STATUS_USAGE, "select: \"%s\" is not a number; as 3, +1, -1, first or last", text);
	if (!relative && (n < first || n >= count))
		return status_fail(st, STATUS_USAGE, "select: %s must be from %d to %d", select_names[what], first, count - 1);
	if (relative && what == SELECT_NEURON)
		n *= neuron_stride(app);
	n += relative ? at : 0;
	/* The sides go round. */
	go_to(app, what, what == SELECT_SIDE ? (int)((n % count + count) % count) : within(n, first, count - 1));
	return true;
}

bool
cmd_select(struct app *app, const struct call *call, struct status *st)
{
	int what = value_choice(call->arg[0], select_names);
	struct site site;
	char names[120] = "";

	if (!need_model(app, st))
		return false;
	for (int i = 0; what < 0 && select_names[i]; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i ? ", " : "", select_names[i]);
	if (what < 0)
		return status_fail(st, STATUS_USAGE, "select: \"%s\" is none of %s", call->arg[0], names);
	if (what == SELECT_SITE && site_parse(app->model, call->arg[1], &site)) {
		go_to(app, SELECT_SITE, site_index(app->model, site));
		return true;
	}
	/* select q 5 9: both tokens. */
	if (call->args > 2 && what != SELECT_Q)
		return status_fail(st, STATUS_USAGE, "select: only q takes a second number, for k");
	return select_move(app, (enum selected)what, call->arg[1], st) &&
	       (call->args < 3 || select_move(app, SELECT_K, call->arg[2], st));
}

/* --- find ----------------------------------------------------------------- */

static int
worst_site(const struct app *app)
{
	int worst = -1;

	for (int i = 0; app->walk && i < site_count(app->model); i++) {
		const struct walk_site *s = walk_site_now(app->walk, i);

		if (s && (worst < 0 || s->relative > walk_site_now(app->walk, worst)->relative))
			worst = i;
	}
	return worst;
}

/* The next site after the selected one whose name matches the glob or holds the text. */
static int
next_match(const struct app *app, const char *text)
{
	int n = site_count(app->model), from = site_index(app->model, app->selection.site);
	char name[SITE_NAME_MAX];

	for (int i = 1; i <= n; i++) {
		struct site site = site_at(app->model, (from + i) % n);

		if (site_matches(site, text) || strstr(site_name(site, name), text))
			return (from + i) % n;
	}
	return -1;
}

bool
cmd_find(struct app *app, const struct call *call, struct status *st)
{
	char name[SITE_NAME_MAX], shown[80];
	bool worst = call_has(call, "worst");
	struct output o;
	int found;

	if (!need_model(app, st))
		return false;
	if (!worst && call->args == 0)
		return status_fail(st, STATUS_USAGE, "find what? type a part of a site's name, or find --worst");
	found = worst ? worst_site(app) : next_match(app, call->arg[0]);
	if (found < 0 && worst)
		return status_fail(st, STATUS_FAILED, "nothing has been sent yet; type: step");
	if (found < 0)
		return status_fail(st, STATUS_FAILED, "no site's name holds \"%s\"; type: model",
				   text_escape(call->arg[0], shown, sizeof(shown)));
	go_to(app, SELECT_SITE, found);
	output_init(&o);
	output_text(&o, "site", site_name(site_at(app->model, found), name));
	if (app->walk && walk_site_now(app->walk, found))
		output_real(&o, "relative", (double)walk_site_now(app->walk, found)->relative);
	return output_print(&o, app->options.format, app->out, st);
}

/* --- layouts -------------------------------------------------------------- */

static void
output_layout(struct output *o, const struct named_layout *l, const struct panes *panes)
{
	output_row(o);
	output_text(o, "layout", l->name);
	output_bool(o, "shown", strcmp(panes->layout_name, l->name) == 0);
	output_text(o, "text", l->text[0] ? l->text : "(made to measure)");
}

bool
cmd_layout_list(struct app *app, const struct call *call, struct status *st)
{
	struct output o;

	(void)call;
	output_init(&o);
	output_table(&o, "layouts");
	for (int i = 0; i < app->panes->owns; i++)
		output_layout(&o, &app->panes->own[i], app->panes);
	for (const struct named_layout *l = layout_defaults; *l->name; l++)
		output_layout(&o, l, app->panes);
	output_end(&o);
	return output_print(&o, app->options.format, app->out, st);
}

bool
cmd_layout(struct app *app, const struct call *call, struct status *st)
{
	return panes_set_layout(app->panes, call->arg[0], st);
}

bool
cmd_layout_save(struct app *app, const struct call *call, struct status *st)
{
	return panes_name_layout(app->panes, call->arg[0], call->arg[1], st) && panes_set_layout(app->panes, call->arg[0], st);
}

bool
cmd_layout_delete(struct app *app, const struct call *call, struct status *st)
{
	if (!panes_forget_layout(app->panes, call->arg[0]))
		return status_fail(st, STATUS_USAGE, "there is no layout of yours \"%s\"; type: layout list", call->arg[0]);
	return strcmp(app->panes->layout_name, call->arg[0]) != 0 || panes_set_layout(app->panes, "default", st);
}

/* --- bindings ------------------------------------------------------------- */

static bool
list_bindings(struct app *app, struct status *st)
{
	struct output o;
	char name[16];

	output_init(&o);
	output_table(&o, "keys");
	for (int i = 0; i < app->panes->keys.count; i++) {
		const struct user_binding *b = &app->panes->keys.own[i];

		output_row(&o);
		output_text(&o, "key", key_text(b->key, name));
		output_text(&o, "pane", b->view ? b->view : "all");
		output_text(&o, "command", b->command);
		output_bool(&o, "own", true);
	}
	for (const struct binding *b = key_defaults; b->command; b++) {
		output_row(&o);
		output_text(&o, "key", key_text(b->key, name));
		output_text(&o, "pane", b->view ? b->view : "all");
		output_text(&o, "command", b->command);
		output_bool(&o, "own", false);
	}
	output_end(&o);
	return output_print(&o, app->options.format, app->out, st);
}

static bool
key_of_call(const struct call *call, int *key, const char **view, struct status *st)
{
	const char *pane = call_text(call, "pane");
	const struct view *v = pane ? find_pane(pane, st) : NULL;

	*view = v ? v->name : NULL;
	if (pane && !v)
		return false;
	return key_parse(call->arg[0], key) ||
	       status_fail(st, STATUS_USAGE, "\"%s\" is no key; a character, Up, PageUp, Enter, F1 or C-x are", call->arg[0]);
}

/* A command that does not parse is refused now, not when the key is pressed. */
static bool
check_command(const char *line, struct status *st)
{
	struct fault fault;
	struct call call;
	bool ok = call_parse(&call, line, &fault, st);

	call_done(&call);
	return ok;
}

bool
cmd_bind(struct app *app, const struct call *call, struct status *st)
{
	const char *view;
	int key;

	if (call->args == 0)
		return list_bindings(app, st);
	if (!key_of_call(call, &key, &view, st))
		return false;
	if (call->args < 2)
		return status_fail(st, STATUS_USAGE, "bind: a command is missing; as bind %s step 5", call->arg[0]);
	return check_command(call->arg[1], st) && keys_bind(&app->panes->keys, view, key, call->arg[1], st);
}

bool
cmd_unbind(struct app *app, const struct call *call, struct status *st)
{
	const char *view;
	int key;

	if (!key_of_call(call, &key, &view, st))
		return false;
	return keys_forget(&app->panes->keys, view, key) || keys_bind(&app->panes->keys, view, key, "", st);
}
