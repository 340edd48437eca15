#include "ui/views/layout.h"

#include "base/text.h"
#include "ui/views/view.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PANE_MIN_W = 20, PANE_MIN_H = 5, SHARE_MAX = 100, KEYS_MIN_H = 16 };

static int
between(int value, int lo, int hi)
{
	return value < lo ? lo : value > hi ? hi : value;
}

/* Splits r by a border that both parts share, w columns for the left one. */
static struct rect
cut_left(struct rect *r, int w)
{
	struct rect left = *r;

	left.w = w;
	r->x += w - 1;
	r->w -= w - 1;
	return left;
}

static struct rect
cut_top(struct rect *r, int h)
{
	struct rect top = *r;

	top.h = h;
	r->y += h - 1;
	r->h -= h - 1;
	return top;
}

/* Rows of the attention pane with its three maps side by side: name, scale and frame included. */
static int
attention_rows(int w, int h, struct layout_maps maps)
{
	int room = (w - 2) / 3 - 2, per_row = maps.per_row > 1 ? 2 : 1, most = h * 3 / 5 > 13 ? h * 3 / 5 : 13, rows;

	if (maps.tokens < 1 || room < 1)
		return between(most, 13, 40);
	if (maps.tokens > room)
		rows = (maps.tokens + (maps.tokens + room - 1) / room - 1) / ((maps.tokens + room - 1) / room);
	else
		rows = maps.tokens * (per_row == 2 ? room / maps.tokens : 1);
	return between((rows + per_row - 1) / per_row + 4, 8, most);
}

static void
place(struct layout *l, const char *view, struct rect at)
{
	if (l->panes < LAYOUT_PANES && at.w > 0 && at.h > 0)
		l->pane[l->panes++] = (struct placed){view, at};
}

/* --- the default ---------------------------------------------------------- */

/* The side column: what is selected over the readout. */
static void
place_side(struct layout *l, struct rect side)
{
	if (side.h < 12) {
		place(l, "selected", side);
		return;
	}
	place(l, "selected", cut_top(&side, side.h - between(side.h / 2, 6, 14) + 1));
	place(l, "readout", side);
}

/* Attention over the raster, which shares its row with the readout when there is no side column. */
static void
place_middle(struct layout *l, struct rect r, bool has_side, struct layout_maps maps)
{
	const char *maps_view = maps.tokens < 0 ? "features" : "attention";
	bool attention = r.h >= 12;

	if (attention)
		place(l, maps_view, cut_top(&r, r.h >= 17 ? attention_rows(r.w, r.h, maps) : r.h - between(r.h / 3, 5, 7) + 1));
	if (r.h < 4)
		return;
	if (!attention) {
		place(l, maps_view, r);
		return;
	}
	if (has_side || r.w < 50) {
		place(l, "raster", r);
		return;
	}
	place(l, "raster", cut_left(&r, r.w - 27));
	place(l, "readout", r);
}

/* A narrow screen has no room for the middle's right; a low one none for its bottom. */
static void
place_default(struct layout *l, struct rect r, struct layout_maps maps)
{
	int tree = between(r.w / 5, 22, 32);
	struct rect side = {0};

	if (r.w >= 44)
		place(l, "model", cut_left(&r, tree));
	if (r.w >= 78) {
		side = r;
		r.w -= between(r.w / 3, 28, 46) - 1;
		side.x = r.x + r.w - 1;
		side.w -= r.w - 1;
	}
	place_middle(l, r, side.w > 0, maps);
	if (side.w)
		place_side(l, side);
}

/* --- layouts as text ------------------------------------------------------ */

static void
skip_blanks(const char **s)
{
	while (isspace((unsigned char)**s))
		++*s;
}

/* A share, when a number stands here; else 1. */
static bool
parse_share(const char **s, int *share, struct status *st)
{
	char *end;
	long n;

	*share = 1;
	if (!isdigit((unsigned char)**s))
		return true;
	n = strtol(*s, &end, 10);
	if (n < 1 || n > SHARE_MAX)
		return status_fail(st, STATUS_USAGE, "layout: a share is a number from 1 to %d", SHARE_MAX);
	*share = (int)n;
	*s = end;
	return true;
}

static bool
parse_pane(const char **s, struct layout_column *column, struct status *st)
{
	const struct view *view;
	char name[32];
	size_t n = 0;

	skip_blanks(s);
	while (isalpha((unsigned char)(*s)[n]))
		n++;
	if (n == 0)
		return status_fail(st, STATUS_USAGE, "layout: a view's name is missing before \"%.20s\"", *s);
	if (column->panes == LAYOUT_PANES)
		return status_fail(st, STATUS_USAGE, "layout: a column has at most %d panes", LAYOUT_PANES);
	snprintf(name, sizeof(name), "%.*s", (int)n, *s);
	view = view_find(name, st);
	if (!view)
		return false;
	if (view->whole_screen)
		return status_fail(st, STATUS_USAGE, "layout: the overview is the panes themselves; name other views");
	column->pane[column->panes].view = view->name;
	*s += n;
	if (**s == ':')
		++*s;
	if (!parse_share(s, &column->pane[column->panes++].share, st))
		return false;
	skip_blanks(s);
	return true;
}

static bool
parse_column(const char **s, struct layout_column *column, struct status *st)
{
	*column = (struct layout_column){0};
	skip_blanks(s);
	if (!parse_share(s, &column->share, st) || !parse_pane(s, column, st))
		return false;
	while (**s == '/') {
		++*s;
		if (!parse_pane(s, column, st))
			return false;
	}
	return true;
}

bool
layout_parse(struct layout_plan *plan, const char *text, struct status *st)
{
	char shown[40];

	plan->columns = 0;
	do {
		if (plan->columns == LAYOUT_PANES)
			return status_fail(st, STATUS_USAGE, "layout: there are at most %d columns", LAYOUT_PANES);
		text += plan->columns > 0;
		if (!parse_column(&text, &plan->column[plan->columns++], st))
			return false;
	} while (*text == '|');
	return !*text || status_fail(st, STATUS_USAGE, "layout: \"%s\" is neither / nor |; as model | attention/raster",
				     text_escape(text, shown, sizeof(shown)));
}

/* As many of the shares, from the first, as get at least `least` of `size` cells. */
static int
that_fit(const int *share, int n, int size, int least)
{
	for (; n > 1; n--) {
		int sum = 0, smallest = SHARE_MAX;

		for (int i = 0; i < n; i++) {
			sum += share[i];
			smallest = share[i] < smallest ? share[i] : smallest;
		}
		if (size * smallest / sum >= least)
			break;
	}
	return n;
}

/* The end of part i when size cells are shared out. */
static int
part_end(const int *share, int n, int i, int size)
{
	int sum = 0, upto = 0;

	for (int j = 0; j < n; j++) {
		sum += share[j];
		upto += j <= i ? share[j] : 0;
	}
	return size * upto / sum;
}

static void
place_column(struct layout *l, const struct layout_column *column, struct rect r)
{
	int share[LAYOUT_PANES], n;

	for (int i = 0; i < column->panes; i++)
		share[i] = column->pane[i].share;
	n = that_fit(share, column->panes, r.h, PANE_MIN_H);
	for (int i = 0; i < n; i++) {
		int top = i ? part_end(share, n, i - 1, r.h) - 1 : 0, bottom = part_end(share, n, i, r.h);

		place(l, column->pane[i].view, (struct rect){r.x, r.y + top, r.w, bottom - top});
	}
}

static void
place_plan(struct layout *l, const struct layout_plan *plan, struct rect r)
{
	int share[LAYOUT_PANES], n;

	for (int i = 0; i < plan->columns; i++)
		share[i] = plan->column[i].share;
	n = that_fit(share, plan->columns, r.w, PANE_MIN_W);
	for (int i = 0; i < n; i++) {
		int left = i ? part_end(share, n, i - 1, r.w) - 1 : 0, right = part_end(share, n, i, r.w);

		place_column(l, &plan->column[i], (struct rect){r.x + left, r.y, right - left, r.h});
	}
}

static bool
plan_has(const struct layout_plan *plan, const char *view)
{
	for (int i = 0; plan && i < plan->columns; i++)
		for (int j = 0; j < plan->column[i].panes; j++)
			if (strcmp(plan->column[i].pane[j].view, view) == 0)
				return true;
	return false;
}

/* --- all ------------------------------------------------------------------ */

/* Takes the rows at the bottom off r; returns the log's place. */
static struct rect
place_bottom(struct layout *l, struct rect *r, bool with_command)
{
	int log = r->h < 10 ? 0 : between(r->h / 6, 3, 10);

	if (with_command && r->h >= KEYS_MIN_H) {
		l->keys = (struct rect){0, r->h - 1, r->w, 1};
		r->h--;
	}
	if (with_command) {
		l->command = (struct rect){0, r->h - 1, r->w, 1};
		r->h--;
	}
	l->status = (struct rect){0, r->h - 1, r->w, 1};
	r->h--;
	if (!with_command || !log)
		return (struct rect){0};
	/* The views' lower border is the log's upper one. */
	return (struct rect){0, r->h - log - 1, r->w, log + 1};
}

void
layout_make(struct layout *layout, int w, int h, bool with_command, const struct layout_plan *plan, const char *alone,
	    struct layout_maps maps)
{
	struct rect r = {0, 0, w, h}, log;

	memset(layout, 0, sizeof(*layout));
	if (w < LAYOUT_MIN_W || h < LAYOUT_MIN_H) {
		layout->tiny = true;
		layout->status = (struct rect){0, 0, w, h > 0};
		if (with_command && h > 1)
			layout->command = (struct rect){0, h - 1, w, 1};
		return;
	}
	log = place_bottom(layout, &r, with_command);
	if (plan_has(plan, "log") || (alone && strcmp(alone, "log") == 0))
		log = (struct rect){0};
	if (log.h)
		r.h = log.y + 1;
	if (alone)
		place(layout, alone, r);
	else if (plan)
		place_plan(layout, plan, r);
	else
		place_default(layout, r, maps);
	place(layout, "log", log);
}

const struct placed *
layout_find(const struct layout *layout, const char *view)
{
	for (int i = 0; view && i < layout->panes; i++)
		if (strcmp(layout->pane[i].view, view) == 0)
			return &layout->pane[i];
	return NULL;
}
