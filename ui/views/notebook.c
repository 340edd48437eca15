/* Views of the notebook: the last answer as a table, the last plot. */
#include "ui/output/answer.h"
#include "ui/output/chart_data.h"
#include "ui/views/parts.h"

#include <math.h>
#include <string.h>

enum { CELL_WIDTH = 40, CELL_TEXT = 200, GAP = 2 };

/* --- table ---------------------------------------------------------------- */

static void
table_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	const struct answer *a = scene->answer;

	(void)args;
	if (!a)
		snprintf(out, size, "table");
	else
		snprintf(out, size, "table: %d row%s%s", a->rows, a->rows == 1 ? "" : "s", a->more ? ", and more" : "");
}

static int
at_most(int value, int most)
{
	return value < most ? value : most;
}

/* Width of a column over the rows that are shown. */
static int
column_width(const struct answer *a, int column, int rows)
{
	int width = at_most(text_columns(a->name[column]) + (a->sorted_by == column ? 2 : 0), CELL_WIDTH);
	char text[CELL_TEXT];

	for (int row = a->top; row < a->rows && row < a->top + rows; row++) {
		int w = text_columns(answer_text(a, answer_at(a, row, column), column, text, sizeof(text)));

		width = w > width ? at_most(w, CELL_WIDTH) : width;
	}
	return width;
}

static void
draw_heading(const struct answer *a, int column, int width, struct canvas *canvas, struct rect area, int x)
{
	const char *arrow = a->sorted_by != column  ? ""
			    : canvas->style.unicode ? (a->descending ? " ↓" : " ↑")
						    : (a->descending ? " v" : " ^");
	struct pen pen = {.fg = ROLE_TITLE, .attr = ATTR_BOLD | (column == a->column ? ATTR_UNDERLINE : 0)};
	struct rect part = {x, area.y, at_most(width, area.x + area.w - x), 1};

	canvas_printf(canvas, part, x, area.y, pen, "%s%s", a->name[column], arrow);
}

static void
draw_column(const struct answer *a, int column, int width, bool cursor, struct canvas *canvas, struct rect area, int x)
{
	struct rect part = {x, area.y, at_most(width, area.x + area.w - x), area.h};
	char text[CELL_TEXT];

	draw_heading(a, column, width, canvas, area, x);
	for (int row = a->top, y = area.y + 1; row < a->rows && y < area.y + area.h; row++, y++) {
		const struct answer_cell *cell = answer_at(a, row, column);
		struct pen pen = {.fg = cursor && row == a->row ? ROLE_MARK : ROLE_DEFAULT,
				  .attr = cursor && row == a->row ? ATTR_BOLD : 0};

		answer_text(a, cell, column, text, sizeof(text));
		if (cell->text || cell->type == QUERY_NULL)
			canvas_put(canvas, part, x, y, pen, text);
		else
			canvas_put_right(canvas, part, x + width, y, pen, text);
	}
}

/* Brings the cursor into what is shown. */
static void
scroll(struct answer *a, int rows)
{
	if (a->row < a->top)
		a->top = a->row;
	if (a->row >= a->top + rows)
		a->top = a->row - rows + 1;
	if (a->column < a->left)
		a->left = a->column;
}

/* The first column to be shown so that the cursor's fits in. */
static void
scroll_columns(struct answer *a, int rows, int width)
{
	int used = 0;

	for (int column = a->column; column >= a->left; column--) {
		used += column_width(a, column, rows) + GAP;
		if (used - GAP > width && column < a->column) {
			a->left = column + 1;
			return;
		}
	}
}

static void
table_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct answer *a = scene->answer;
	int rows = area.h - 1, x = area.x;

	if (!a || a->columns == 0 || rows < 1) {
		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, "no table yet: query SELECT * FROM v_runs");
		return;
	}
	scroll(a, rows);
	scroll_columns(a, rows, area.w);
	for (int column = a->left; column < a->columns && x < area.x + area.w; column++) {
		int width = column_width(a, column, rows);

		draw_column(a, column, width, args->focused, canvas, area, x);
		x += width + GAP;
	}
}

/* --- plot ----------------------------------------------------------------- */

static void
plot_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	const struct chart_data *c = scene->chart;

	(void)args;
	if (c)
		snprintf(out, size, "%s by %s", c->y_name, c->x_name);
	else
		snprintf(out, size, "plot");
}

static void
plot_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	static const enum role roles[CHART_SERIES] = {ROLE_SNN,  ROLE_ANN,  ROLE_SERIES_C, ROLE_SERIES_D,
						      ROLE_GOOD, ROLE_WARN, ROLE_BAD,      ROLE_KEY};
	const struct chart_data *c = scene->chart;
	struct series series[CHART_SERIES];
	struct chart chart = {.series = series, .mark_x = NAN};

	(void)args;
	if (!c) {
		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM},
			    "nothing is plotted yet: plot SELECT t, accuracy, recipe FROM v_accuracy_vs_t");
		return;
	}
	for (int i = 0; i < c->count; i++)
		series[i] = (struct series){.x = c->series[i].x,
					    .y = c->series[i].y,
					    .count = c->series[i].count,
					    .letter = c->count > 1 ? (char)('a' + i) : '\0',
					    .name = c->count > 1 ? c->series[i].name : NULL,
					    .fg = (color)roles[i],
					    .points = c->points || c->series[i].count == 1};
	chart.count = c->count;
	chart.log_y = c->log_y;
	chart.x_name = c->x_name;
	chart.y_name = c->y_name;
	chart.x_whole = c->x_whole;
	canvas_chart(canvas, area, &chart);
}

const struct view table_view = {
    .name = "table",
    .help = "the last answer of the notebook as a table",
    .needs = NEEDS_NOTHING,
    .of = VIEW_OF_ONE,
    .title = table_title,
    .draw = table_draw,
};

const struct view plot_view = {
    .name = "plot",
    .help = "the curves of the last plot or compare",
    .needs = NEEDS_NOTHING,
    .of = VIEW_OF_ONE,
    .title = plot_title,
    .draw = plot_draw,
};
