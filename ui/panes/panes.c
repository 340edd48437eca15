#include "ui/panes/panes.h"

#include "base/text.h"
#include "ui/commands/commands.h"
#include "ui/views/view.h"
#include "ui/workbench/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct named_layout layout_defaults[] = {
    {"default", ""},
    {"attention", "1 model | 3 attention:3/patches:2 | 2 product"},
    {"features", "1 model | 3 features:3/raster:1 | 2 neuron/readout"},
    {"neurons", "1 model | 2 raster:3/neuron:2 | 2 selected:2/histogram:1"},
    {"errors", "1 model | 2 residual/error | 2 readout:3/selected:2"},
    {"ugo", "1 model | 3 ugo:3/histogram:2"},
    {"laboratory", "3 ugo:3/inputs:2 | 2 sizes/pareto"},
    {"picture", "2 image | 3 patches:3/attention:2 | 2 readout"},
    {"tutorial", "2 tutorial | 4 attention/raster | 2 selected/readout"},
    {"", ""},
};

struct panes *
panes_new(struct status *st)
{
	struct panes *panes = calloc(1, sizeof(*panes));

	if (!panes) {
		status_nomem(st, "the panes");
		return NULL;
	}
	panes->on_line = true;
	panes->focus = "model";
	panes->mouse = true;
	snprintf(panes->layout_name, sizeof(panes->layout_name), "default");
	return panes;
}

void
panes_free(struct panes *panes)
{
	if (!panes)
		return;
	keys_done(&panes->keys);
	free(panes->line);
	free(panes);
}

/* --- layouts -------------------------------------------------------------- */

static const struct named_layout *
find_layout(const struct panes *panes, const char *name)
{
	for (int i = 0; i < panes->owns; i++)
		if (strcmp(panes->own[i].name, name) == 0)
			return &panes->own[i];
	for (const struct named_layout *l = layout_defaults; *l->name; l++)
		if (strcmp(l->name, name) == 0)
			return l;
	return NULL;
}

bool
panes_set_layout(struct panes *panes, const char *name, struct status *st)
{
	const struct named_layout *found = find_layout(panes, name);
	struct layout_plan plan = {0};
	char shown[60];

	if (!found)
		return status_fail(st, STATUS_USAGE, "there is no layout \"%s\"; type: layout list",
				   text_escape(name, shown, sizeof(shown)));
	if (found->text[0] && !layout_parse(&plan, found->text, st))
		return false;
	panes->plan = plan;
	panes->alone = NULL;
	panes->looks = 0;
	snprintf(panes->layout_name, sizeof(panes->layout_name), "%s", found->name);
	if (plan.columns > 0)
		panes->focus = plan.column[0].pane[0].view;
	return true;
}

bool
panes_name_layout(struct panes *panes, const char *name, const char *text, struct status *st)
{
	struct layout_plan plan;

	if (strlen(name) >= sizeof(panes->own[0].name) || !*name)
		return status_fail(st, STATUS_USAGE, "layout: a name has 1 to %zu characters", sizeof(panes->own[0].name) - 1);
	if (strlen(text) >= LAYOUT_TEXT)
		return status_fail(st, STATUS_USAGE, "layout: the text has at most %d characters", LAYOUT_TEXT - 1);
	if (!layout_parse(&plan, text, st))
		return false;
	panes_forget_layout(panes, name);
	if (panes->owns == LAYOUTS_MAX)
		return status_fail(st, STATUS_USAGE, "there are %d layouts; type: layout delete NAME", LAYOUTS_MAX);
	snprintf(panes->own[panes->owns].name, sizeof(panes->own[0].name), "%s", name);
	snprintf(panes->own[panes->owns++].text, sizeof(panes->own[0].text), "%s", text);
	return true;
}

bool
panes_forget_layout(struct panes *panes, const char *name)
{
	for (int i = 0; i < panes->owns; i++)
		if (strcmp(panes->own[i].name, name) == 0) {
			panes->own[i] = panes->own[--panes->owns];
			return true;
		}
	return false;
}

void
panes_place(struct panes *panes, const struct scene *scene, const struct canvas *canvas, bool with_command)
{
	layout_make(&panes->layout, canvas->w, canvas->h, with_command, panes->plan.columns ? &panes->plan : NULL,
		    panes->reading ? "log" : panes->alone, view_maps(scene, canvas->style));
}

/* --- long answers --------------------------------------------------------- */

/* Commands whose answer is the picture: it must not be covered. */
static bool
answers_in_picture(const struct command_info *info)
{
	static command_fn *const pictured[] = {cmd_load,         cmd_data,           cmd_image, cmd_ann,      cmd_step,
					       cmd_run,          cmd_until,          cmd_reset, cmd_back,     cmd_goto,
					       cmd_session_open, cmd_session_resume, cmd_undo,  cmd_tutorial, cmd_split};

	for (size_t i = 0; i < sizeof(pictured) / sizeof(*pictured); i++)
		if (info->run == pictured[i])
			return true;
	return info->class == CLASS_MOVEMENT;
}

void
panes_answered(struct panes *panes, const struct app *app, const char *line, long before)
{
	const struct placed *log = layout_find(&panes->layout, "log");
	struct status st = {0};
	struct fault fault;
	struct call call;
	int lines = (int)(app->log.added - before);

	if (lines > app->log.count)
		lines = app->log.count;
	if (call_parse(&call, line, &fault, &st) && call.info && log && lines > log->at.h - 2 && !answers_in_picture(call.info)) {
		panes->reading = true;
		panes->answer = lines;
	}
	call_done(&call);
}

bool
panes_read_end(struct panes *panes)
{
	bool was = panes->reading;

	panes->reading = false;
	panes->log_right = 0;
	if (was)
		panes->log_back = 0;
	return was;
}

/* A new answer is read from its first line. */
static void
show_answer(struct panes *panes)
{
	const struct placed *log = panes->answer > 0 ? layout_find(&panes->layout, "log") : NULL;

	if (log)
		panes->log_back = panes->answer > log->at.h - 2 ? panes->answer - (log->at.h - 2) : 0;
	panes->answer = 0;
}

/* --- focus ---------------------------------------------------------------- */

static int
focus_index(const struct panes *panes)
{
	for (int i = 0; i < panes->layout.panes; i++)
		if (strcmp(panes->layout.pane[i].view, panes->focus) == 0)
			return i;
	return -1;
}

void
panes_next(struct panes *panes, int by)
{
	int n = panes->layout.panes, at = panes->on_line ? (by > 0 ? -1 : n) : focus_index(panes);

	at += by;
	panes->on_line = at < 0 || at >= n;
	if (!panes->on_line)
		panes->focus = panes->layout.pane[at].view;
}

void
panes_look(struct panes *panes, const char *view)
{
	if (panes->looks < LOOKS_MAX)
		panes->looked[panes->looks++] = (struct looked){panes->on_line ? NULL : panes->focus, panes->alone};
	if (panes->alone || !layout_find(&panes->layout, view))
		panes->alone = view;
	panes->focus = view;
	panes->on_line = false;
}

void
panes_out(struct panes *panes)
{
	if (panes_read_end(panes)) {
		panes->on_line = true;
	} else if (panes->looks > 0) {
		const struct looked *back = &panes->looked[--panes->looks];

		panes->alone = back->alone;
		panes->on_line = back->focus == NULL;
		if (back->focus)
			panes->focus = back->focus;
	} else if (panes->alone) {
		panes->alone = NULL;
	} else {
		panes->on_line = true;
	}
}

/* From a site: its attention maps, what its function receives, or its spikes. */
static const char *
inside_site(const struct app *app)
{
	switch (app->selection.site.kind) {
	case SITE_QK:
	case SITE_SOFTMAX:
		return "attention";
	case SITE_EXP:
	case SITE_RECIPROCAL:
	case SITE_ACT:
	case SITE_NORM1_RSQRT:
	case SITE_NORM2_RSQRT:
		return "histogram";
	case SITE_BLOCK:
		return "residual";
	case SITE_CONV1:
	case SITE_CONV2:
	case SITE_CONV3:
	case SITE_SHORTCUT:
	case SITE_RESIDUAL:
	case SITE_AVERAGE:
	case SITE_SHORTCUT_AVERAGE:
	case SITE_STEM_CONV:
	case SITE_STEM_POOL:
	case SITE_STEM_CONV1:
	case SITE_STEM_CONV2:
	case SITE_STEM_CONV3:
	case SITE_STEM_AVERAGE:
		return "features";
	case SITE_HEAD:
		return "readout";
	case SITE_PATCH_EMBED:
		return "image";
	default:
		return "raster";
	}
}

const char *
panes_inside(const struct panes *panes, const struct app *app)
{
	const struct view *view = view_find(panes->focus, NULL);

	return strcmp(panes->focus, "model") == 0 ? inside_site(app) : view ? view->inside : NULL;
}

/* --- drawing -------------------------------------------------------------- */

/* "Up select" for those of the view and of all, as many as fit in the lines of area. */
static int
draw_bindings(const struct panes *panes, const char *view, struct canvas *canvas, struct rect area)
{
	int x = area.x, y = area.y;
	char name[16], text[80];

	for (const struct binding *b = key_defaults; b->command && y < area.y + area.h; b++) {
		const char *command = b->view == view || (b->view && view && strcmp(b->view, view) == 0)
					  ? keys_command(&panes->keys, view ? view : panes->focus, b->key)
					  : NULL;

		if (!command || !b->help)
			continue;
		snprintf(text, sizeof(text), "%s", strcmp(command, b->command) == 0 ? b->help : command);
		if (x > area.x && x + text_columns(key_text(b->key, name)) + text_columns(text) + 1 > area.x + area.w) {
			x = area.x;
			y++;
		}
		x += canvas_put(canvas, area, x, y, (struct pen){.fg = ROLE_KEY, .attr = ATTR_BOLD}, key_text(b->key, name)) + 1;
		x += canvas_put(canvas, area, x, y, (struct pen){0}, text) + 3;
	}
	return y - area.y + (x > area.x);
}

/* Keys that were bound to something new. */
static void
draw_own_bindings(const struct panes *panes, struct canvas *canvas, struct rect area)
{
	char name[16];
	int y = area.y;

	for (int i = 0; i < panes->keys.count && y < area.y + area.h; i++) {
		const struct user_binding *b = &panes->keys.own[i];

		if (!b->view || strcmp(b->view, panes->focus) == 0)
			canvas_printf(canvas, area, area.x, y++, (struct pen){.fg = ROLE_KEY}, "%s %s", key_text(b->key, name),
				      b->command);
	}
}

static void
draw_keys(const struct panes *panes, struct canvas *canvas, struct rect area)
{
	int rows;

	canvas_clear(canvas, area);
	rows = draw_bindings(panes, panes->focus, canvas, area);
	rows += rows > 0;
	rows += draw_bindings(panes, NULL, canvas, (struct rect){area.x, area.y + rows, area.w, area.h - rows});
	draw_own_bindings(panes, canvas, (struct rect){area.x, area.y + rows, area.w, area.h - rows});
}

static void
draw_pane(struct panes *panes, const struct scene *scene, struct canvas *canvas, const struct placed *pane)
{
	struct view_args args = {.framed = true, .focused = !panes->on_line && strcmp(panes->focus, pane->view) == 0};
	struct status st = {0};
	const struct view *view = view_find(pane->view, &st);

	args.zoom = panes->zoom[view_index(view)];
	args.scroll = panes->log_back;
	args.right = panes->log_right;
	view_draw(scene, view, &args, canvas, pane->at);
	if (args.focused && panes->keys_shown)
		draw_keys(panes, canvas, rect_inset(pane->at, 1));
}

static void
draw_status(const struct panes *panes, const struct scene *scene, struct canvas *canvas)
{
	struct rect r = panes->layout.status;
	struct pen pen = {.attr = ATTR_REVERSE};
	char text[400], hint[100]; /* hint: of what runs */
	int x;

	view_status(scene, r.w - 1, text, sizeof(text));
	for (x = 0; x < r.w; x++)
		canvas_put(canvas, canvas_all(canvas), x, r.y, pen, " ");
	if (panes->doing[0]) {
		snprintf(hint, sizeof(hint), " %s (Ctrl-C stops) ", panes->doing);
		canvas_put(canvas, r, r.x, r.y, (struct pen){.fg = ROLE_WARN, .attr = ATTR_REVERSE | ATTR_BOLD}, hint);
		return;
	}
	x = canvas_put(canvas, r, r.x, r.y, pen, text);
	if (panes->layout.keys.w == 0 && x + text_columns("Tab: panes  ?: help") + 3 <= r.w)
		canvas_put_right(canvas, r, r.x + r.w - 1, r.y, pen, "Tab: panes  ?: help");
}

/* What the keys do where one is, the most important first: "key meaning" pairs. */
static const char *const *
hints(const struct panes *panes, const struct scene *scene)
{
	static const char *const line[] = {"Tab", "panes", "?",    "help",   "tutorial", "ten scenes", "Enter", "same step again",
					   "q",   "quit",  "PgUp", "scroll", NULL};
	static const char *const lesson[] = {"Tab",    "panes", "tutorial", "next scene", "tutorial off",
					     "end it", "q",     "leave",    NULL};
	static const char *const read[] = {
	    "Esc", "back to the panes", "PgUp PgDn", "scroll", "Tab Left Right", "sideways", "q", "leave", NULL};
	static const char *const table[] = {"arrows", "move",     ":", "command", "s", "sort",
					    "Enter",  "show run", "q", "close",   NULL};
	static const char *const pane[] = {"s", "step", "b", "back", "Enter", "look", "Esc", "out",   "Tab", "next",
					   "/", "find", ":", "type", "?",     "keys", "q",   "leave", NULL};

	if (panes->table_shown)
		return table;
	if (panes->reading)
		return read;
	if (!panes->on_line)
		return pane;
	return scene->lesson ? lesson : line;
}

/* A line of keys, as many as fit. */
static void
draw_hints(const struct panes *panes, const struct scene *scene, struct canvas *canvas)
{
	struct rect r = panes->layout.keys;
	int x = r.x + 1;

	for (const char *const *h = hints(panes, scene); *h && r.w; h += 2) {
		if (x + text_columns(h[0]) + 1 + text_columns(h[1]) > r.x + r.w)
			return;
		x += canvas_put(canvas, r, x, r.y, (struct pen){.fg = ROLE_KEY, .attr = ATTR_BOLD}, h[0]) + 1;
		x += canvas_put(canvas, r, x, r.y, (struct pen){.fg = ROLE_DIM}, h[1]) + 2;
	}
}

/* The line is moved left as far as the cursor needs. */
static void
draw_line(const struct panes *panes, struct canvas *canvas, const struct command_line *line, int *cursor_x, int *cursor_y)
{
	struct rect r = panes->layout.command;
	char before[4096];
	const char *text = line->text;
	size_t point = line->point < sizeof(before) ? line->point : sizeof(before) - 1;
	int x = canvas_put(canvas, r, r.x, r.y, (struct pen){.fg = panes->on_line ? ROLE_KEY : ROLE_DIM}, line->prompt);

	if (x > r.w / 2)
		x = 0;
	memcpy(before, text, point);
	before[point] = '\0';
	while (before[0] && x + text_columns(before) >= r.w) {
		size_t n = 1;

		while (((unsigned char)before[n] & 0xc0) == 0x80)
			n++;
		memmove(before, before + n, strlen(before + n) + 1);
		text += n;
	}
	canvas_put(canvas, r, r.x + x, r.y, (struct pen){0}, text);
	if (panes->on_line) {
		*cursor_x = r.x + x + text_columns(before);
		*cursor_y = r.y;
	}
}

/* A table that has just been opened gets the keys. */
static void
follow_table(struct panes *panes, const struct app *app, bool first)
{
	bool open = app->table_open && app->answer;

	if (open && !panes->table_shown) {
		panes->on_line = false;
		panes->table_alone = first;
	}
	panes->table_shown = open;
}

static void
draw_table(const struct panes *panes, const struct scene *scene, struct canvas *canvas)
{
	struct view_args args = {.framed = true, .focused = !panes->on_line};
	struct status st = {0};

	view_draw(scene, view_find("table", &st), &args, canvas, (struct rect){0, 0, canvas->w, panes->layout.status.y});
}

static void
draw_panes(struct panes *panes, const struct scene *scene, struct canvas *canvas)
{
	const struct placed *focused = layout_find(&panes->layout, panes->focus);

	if (!focused && panes->layout.panes > 0) {
		focused = &panes->layout.pane[0];
		panes->focus = focused->view;
	}
	for (int i = 0; i < panes->layout.panes; i++)
		if (panes->on_line || &panes->layout.pane[i] != focused)
			draw_pane(panes, scene, canvas, &panes->layout.pane[i]);
	/* The focused one comes last: its frame lies over the others'. */
	if (!panes->on_line && focused)
		draw_pane(panes, scene, canvas, focused);
}

void
panes_draw(struct panes *panes, struct app *app, struct canvas *canvas, const struct command_line *line, int *cursor_x,
	   int *cursor_y)
{
	struct showing s;

	*cursor_x = *cursor_y = -1;
	follow_table(panes, app, panes->layout.status.w == 0);
	show_scene(app, &s);
	panes_place(panes, &s.scene, canvas, line != NULL);
	show_answer(panes);
	canvas_clear(canvas, canvas_all(canvas));
	if (panes->table_shown)
		draw_table(panes, &s.scene, canvas);
	else
		draw_panes(panes, &s.scene, canvas);
	draw_status(panes, &s.scene, canvas);
	draw_hints(panes, &s.scene, canvas);
	if (line && panes->layout.command.w)
		draw_line(panes, canvas, line, cursor_x, cursor_y);
}

/* --- keys and mouse ------------------------------------------------------- */

bool
panes_key(struct panes *panes, struct app *app, int key)
{
	const char *command;

	if (panes->keys_shown) {
		panes->keys_shown = false;
		return true;
	}
	if (panes->table_shown)
		return panes_table_key(panes, app, key);
	command = keys_command(&panes->keys, panes->focus, key);
	if (command)
		app_key(app, command);
	return command != NULL;
}

static const struct placed *
pane_at(const struct panes *panes, int x, int y)
{
	for (int i = 0; i < panes->layout.panes; i++)
		if (rect_has(panes->layout.pane[i].at, x, y))
			return &panes->layout.pane[i];
	return NULL;
}

void
panes_click(struct panes *panes, struct app *app, const struct canvas *canvas, int x, int y)
{
	const struct placed *pane = pane_at(panes, x, y);
	struct status st = {0};
	struct view_args args = {0};
	struct showing s;
	char command[80];
	const struct view *view;

	if (!pane) {
		panes->on_line = true;
		return;
	}
	snprintf(command, sizeof(command), "focus %s", pane->view);
	app_key(app, command);
	view = view_find(pane->view, &st);
	args.zoom = panes->zoom[view_index(view)];
	show_scene(app, &s);
	if (view->hit && view->hit(&s.scene, &args, canvas, rect_inset(pane->at, 1), x, y, command, sizeof(command)))
		app_key(app, command);
}

void
panes_wheel(struct panes *panes, struct app *app, int x, int y, int by)
{
	const struct placed *pane = pane_at(panes, x, y);
	const char *command;

	if (!pane)
		return;
	panes->focus = pane->view;
	panes->on_line = false;
	command = keys_command(&panes->keys, pane->view, by < 0 ? PANE_KEY_UP : PANE_KEY_DOWN);
	if (command)
		app_key(app, command);
}
