#include "ui/screen_panes.h"

#include "ui/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
panes_init(struct panes *panes)
{
	*panes = (struct panes){.on_line = true, .alone = PANES};
}

/* Drawing */

static bool
is_key_noise(const struct log_line *line)
{
	return line->kind == LOG_COMMAND && strncmp(line->text, "set ", 4) == 0;
}

/* Of the `set`s that arrow keys run one after the other only the last is shown. */
static bool
hidden(const struct log *log, int index)
{
	const struct log_line *line = log_at(log, index), *next = log_at(log, index + 1);

	return next && is_key_noise(line) && is_key_noise(next);
}

static struct pen
log_pen(enum log_kind kind)
{
	switch (kind) {
	case LOG_COMMAND:
		return (struct pen){.fg = ROLE_KEY, .attr = ATTR_BOLD};
	case LOG_ERROR:
		return (struct pen){.fg = ROLE_BAD};
	case LOG_NOTE:
		return (struct pen){.fg = ROLE_DIM};
	default:
		return (struct pen){0};
	}
}

static void
draw_log(const struct panes *panes, const struct app *app, struct canvas *canvas, struct rect area)
{
	int y = area.y + area.h - 1, index = app->log.count - 1 - panes->log_back;

	for (; index >= 0 && y >= area.y; index--) {
		const struct log_line *line = log_at(&app->log, index);
		int x = area.x;

		if (!line || hidden(&app->log, index))
			continue;
		if (line->kind == LOG_COMMAND)
			x += canvas_put(canvas, area, x, y, log_pen(line->kind), "> ");
		canvas_put(canvas, area, x, y--, log_pen(line->kind), line->text);
	}
}

static const char common_keys[] =
    "Tab next pane   : command line   s step   S 10 steps   b back   r run   o maximise   Esc out   "
    "q leave the panes";

static const char *const own_keys[PANES] = {
    [PANE_MODEL] = "up, down: site   left, right: layer   Enter: look at it",
    [PANE_ATTENTION] = "up, down: query   left, right: key   h, H: head   l, L: layer   Enter: values of q and k",
    [PANE_RASTER] = "up, down: neurons   left, right: site   +, -: zoom   Enter: values of a neuron",
    [PANE_SELECTED] = "up, down: neuron   left, right: site",
    [PANE_READOUT] = "nothing of its own",
    [PANE_LOG] = "up, down, Page keys: older and newer lines",
};

static void
draw_keys(const struct panes *panes, struct canvas *canvas, struct rect area)
{
	int rows;

	canvas_clear(canvas, area);
	rows = canvas_wrap(canvas, area, (struct pen){.fg = ROLE_KEY}, own_keys[panes->focus]) + 1;
	area.y += rows;
	area.h -= rows;
	canvas_wrap(canvas, area, (struct pen){0}, common_keys);
}

static void
draw_pane(struct panes *panes, struct app *app, struct canvas *canvas, enum pane pane)
{
	struct view_args args = {.framed = true, .focused = !panes->on_line && panes->focus == pane};
	struct rect r = panes->layout.pane[pane];
	struct status st = {0};

	if (pane == PANE_RASTER) {
		args.zoom = panes->zoom;
		args.scroll = panes->scroll;
	}
	if (pane_views[pane]) {
		view_draw(app, view_find(pane_views[pane], &st), &args, canvas, r);
	} else {
		struct pen pen = {.fg = args.focused ? ROLE_FOCUS : ROLE_DIM, .attr = args.focused ? ATTR_BOLD : 0};

		draw_log(panes, app, canvas,
			 canvas_frame(canvas, r, "log", pen,
				      (struct pen){.fg = args.focused ? ROLE_FOCUS : ROLE_TITLE, .attr = ATTR_BOLD}));
	}
	if (args.focused && panes->keys_shown)
		draw_keys(panes, canvas, rect_inset(r, 1));
}

static void
draw_status(const struct panes *panes, struct app *app, struct canvas *canvas)
{
	struct rect r = panes->layout.status;
	struct pen pen = {.attr = ATTR_REVERSE};
	char text[400], hint[100];
	int x;

	view_status(app, r.w - 1, text, sizeof(text));
	for (x = 0; x < r.w; x++)
		canvas_put(canvas, canvas_all(canvas), x, r.y, pen, " ");
	if (panes->doing[0]) {
		snprintf(hint, sizeof(hint), " %s (Ctrl-C stops) ", panes->doing);
		canvas_put(canvas, r, r.x, r.y, (struct pen){.fg = ROLE_WARN, .attr = ATTR_REVERSE | ATTR_BOLD}, hint);
		return;
	}
	x = canvas_put(canvas, r, r.x, r.y, pen, text);
	snprintf(hint, sizeof(hint), "%s",
		 panes->on_line       ? "Tab: panes  ? in them: keys"
		 : panes->table_shown ? "s: sort  Enter: show run  q: close"
				      : "?: keys  :: command line  q: leave");
	if (x + text_columns(hint) + 3 <= r.w)
		canvas_put_right(canvas, r, r.x + r.w - 1, r.y, pen, hint);
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
draw_table(const struct panes *panes, struct app *app, struct canvas *canvas)
{
	struct view_args args = {.framed = true, .focused = !panes->on_line};
	struct status st = {0};

	view_draw(app, view_find("table", &st), &args, canvas, (struct rect){0, 0, canvas->w, panes->layout.status.y});
}

static void
draw_panes(struct panes *panes, struct app *app, struct canvas *canvas)
{
	for (enum pane pane = 0; pane < PANES; pane++)
		if (panes->layout.pane[pane].w && (panes->on_line || pane != panes->focus))
			draw_pane(panes, app, canvas, pane);
	/* The focused one comes last: its frame lies over the others'. */
	if (!panes->on_line && panes->layout.pane[panes->focus].w)
		draw_pane(panes, app, canvas, panes->focus);
}

void
panes_draw(struct panes *panes, struct app *app, struct canvas *canvas, const struct command_line *line, int *cursor_x,
	   int *cursor_y)
{
	*cursor_x = *cursor_y = -1;
	follow_table(panes, app, panes->layout.status.w == 0);
	layout_make(&panes->layout, canvas->w, canvas->h, line != NULL, panes->alone, view_maps(app, canvas->style));
	canvas_clear(canvas, canvas_all(canvas));
	if (panes->table_shown)
		draw_table(panes, app, canvas);
	else
		draw_panes(panes, app, canvas);
	draw_status(panes, app, canvas);
	if (line && panes->layout.command.w)
		draw_line(panes, canvas, line, cursor_x, cursor_y);
}

/* Keys */

static void run(struct app *app, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
run(struct app *app, const char *format, ...)
{
	char line[200];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	app_execute(app, line);
}

void
panes_next(struct panes *panes, int by)
{
	int at = panes->on_line ? (by > 0 ? -1 : PANES) : (int)panes->focus;

	for (at += by; at >= 0 && at < PANES; at += by)
		if (panes->layout.pane[at].w) {
			panes->focus = (enum pane)at;
			panes->on_line = false;
			return;
		}
	panes->on_line = true;
}

static void
focus_on(struct panes *panes, enum pane pane)
{
	if (panes->alone < PANES)
		panes->alone = pane;
	if (panes->alone < PANES || panes->layout.pane[pane].w)
		panes->focus = pane;
}

static void
select_site(struct app *app, int index)
{
	char name[SITE_NAME_MAX];
	int n = site_count(app->vit);
	struct site site = site_at(app->vit, index < 0 ? 0 : index >= n ? n - 1 : index);

	if (site.block >= 0 && site.block != app->selection.layer)
		run(app, "set layer %d", site.block);
	run(app, "set site %s", site_name(site, name));
}

static void
select_layer(struct app *app, int by)
{
	struct selection *s = &app->selection;
	struct site site = s->site;
	char name[SITE_NAME_MAX];
	int layer = s->layer + by;

	if (layer < 0 || layer >= app->vit->depth)
		return;
	run(app, "set layer %d", layer);
	site.block = layer;
	if (site_in_block(site.kind))
		run(app, "set site %s", site_name(site, name));
}

static void
select_number(struct app *app, const char *what, int value, int count)
{
	if (value >= 0 && value < count)
		run(app, "set %s %d", what, value);
}

static bool
model_key(struct panes *panes, struct app *app, int key)
{
	int index = site_index(app->vit, app->selection.site);

	switch (key) {
	case PANE_KEY_UP:
	case PANE_KEY_DOWN:
		select_site(app, index + (key == PANE_KEY_UP ? -1 : 1));
		return true;
	case PANE_KEY_LEFT:
	case PANE_KEY_RIGHT:
		select_layer(app, key == PANE_KEY_LEFT ? -1 : 1);
		return true;
	case PANE_KEY_HOME:
		select_site(app, 0);
		return true;
	case PANE_KEY_END:
		select_site(app, site_count(app->vit) - 1);
		return true;
	case PANE_KEY_ENTER:
		switch (app->selection.site.kind) {
		case SITE_QK:
		case SITE_EXP:
		case SITE_SOFTMAX:
			focus_on(panes, PANE_ATTENTION);
			break;
		default:
			focus_on(panes, PANE_RASTER);
		}
		return true;
	default:
		return false;
	}
}

static bool
attention_key(struct panes *panes, struct app *app, int key)
{
	const struct selection *s = &app->selection;

	switch (key) {
	case PANE_KEY_UP:
	case PANE_KEY_DOWN:
		select_number(app, "q", s->q + (key == PANE_KEY_UP ? -1 : 1), app->vit->tokens);
		return true;
	case PANE_KEY_LEFT:
	case PANE_KEY_RIGHT:
		select_number(app, "k", s->k + (key == PANE_KEY_LEFT ? -1 : 1), app->vit->tokens);
		return true;
	case 'h':
	case 'H':
		select_number(app, "head", s->head + (key == 'h' ? 1 : -1), app->vit->heads);
		return true;
	case 'l':
	case 'L':
		select_layer(app, key == 'l' ? 1 : -1);
		return true;
	case PANE_KEY_ENTER:
		focus_on(panes, PANE_SELECTED);
		return true;
	default:
		return false;
	}
}

static bool
site_keys(struct app *app, int key)
{
	if (key != PANE_KEY_LEFT && key != PANE_KEY_RIGHT)
		return false;
	select_site(app, site_index(app->vit, app->selection.site) + (key == PANE_KEY_LEFT ? -1 : 1));
	return true;
}

static bool
raster_key(struct panes *panes, struct app *app, int key)
{
	int page = panes->layout.pane[PANE_RASTER].h;

	switch (key) {
	case PANE_KEY_UP:
	case PANE_KEY_PAGE_UP:
		panes->scroll -= key == PANE_KEY_UP ? 1 : page;
		if (panes->scroll < 0)
			panes->scroll = 0;
		return true;
	case PANE_KEY_DOWN:
	case PANE_KEY_PAGE_DOWN:
		if (panes->scroll < RECORD_NEURONS)
			panes->scroll += key == PANE_KEY_DOWN ? 1 : page;
		return true;
	case '+':
	case '-':
		panes->zoom += key == '+' ? (panes->zoom < 6) : -(panes->zoom > 0);
		return true;
	case PANE_KEY_ENTER:
		focus_on(panes, PANE_SELECTED);
		return true;
	default:
		return site_keys(app, key);
	}
}

static bool
selected_key(struct app *app, int key)
{
	if (key != PANE_KEY_UP && key != PANE_KEY_DOWN)
		return site_keys(app, key);
	select_number(app, "neuron", app->selection.neuron + (key == PANE_KEY_UP ? -1 : 1),
		      (int)site_size(app->vit, app->selection.site));
	return true;
}

static bool
log_key(struct panes *panes, const struct app *app, int key)
{
	int page = panes->layout.pane[PANE_LOG].h - 2, by = 0;

	if (key == PANE_KEY_UP || key == PANE_KEY_DOWN)
		by = key == PANE_KEY_UP ? 1 : -1;
	else if (key == PANE_KEY_PAGE_UP || key == PANE_KEY_PAGE_DOWN)
		by = key == PANE_KEY_PAGE_UP ? page : -page;
	else
		return false;
	panes->log_back += by;
	if (panes->log_back > app->log.count - 1)
		panes->log_back = app->log.count - 1;
	if (panes->log_back < 0)
		panes->log_back = 0;
	return true;
}

static bool
own_key(struct panes *panes, struct app *app, int key)
{
	if (panes->focus == PANE_LOG)
		return log_key(panes, app, key);
	if (!app->vit)
		return false;
	switch (panes->focus) {
	case PANE_MODEL:
		return model_key(panes, app, key);
	case PANE_ATTENTION:
		return attention_key(panes, app, key);
	case PANE_RASTER:
		return raster_key(panes, app, key);
	case PANE_SELECTED:
		return selected_key(app, key);
	default:
		return false;
	}
}

/* Esc comes out of what is innermost: a maximised pane, a pane, the panes. */
static void
come_out(struct panes *panes)
{
	if (panes->alone < PANES)
		panes->alone = PANES;
	else if (panes->focus != PANE_MODEL && panes->layout.pane[PANE_MODEL].w)
		panes->focus = PANE_MODEL;
	else
		panes->on_line = true;
}

static bool
time_key(struct app *app, int key)
{
	switch (key) {
	case 's':
		run(app, "step");
		return true;
	case 'S':
		run(app, "step 10");
		return true;
	case 'b':
		if (app->walk && app->walk->t > 0)
			run(app, "goto %d", app->walk->t - 1);
		return true;
	case 'r':
		run(app, "run");
		return true;
	default:
		return false;
	}
}

bool
panes_key(struct panes *panes, struct app *app, int key)
{
	if (panes->keys_shown) {
		panes->keys_shown = false;
		return true;
	}
	if (panes->table_shown)
		return panes_table_key(panes, app, key);
	if (own_key(panes, app, key) || time_key(app, key))
		return true;
	switch (key) {
	case PANE_KEY_TAB:
		panes_next(panes, 1);
		return true;
	case PANE_KEY_BACK_TAB:
		panes_next(panes, -1);
		return true;
	case PANE_KEY_ESCAPE:
		come_out(panes);
		return true;
	case ':':
		panes->on_line = true;
		return true;
	case 'o':
		panes->alone = panes->alone < PANES ? PANES : panes->focus;
		return true;
	case '?':
		panes->keys_shown = true;
		return true;
	case 'q':
		panes->leave = true;
		return true;
	default:
		return false;
	}
}
