/* Where in the network, and when, the residual stream leaves the reference's. */
#include "ui/views/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { LABEL = 5 };

void
view_residual_title(struct app *app, const struct view_args *args, char *out, size_t size)
{
	(void)app;
	(void)args;
	snprintf(out, size, "residual stream: relative error, blocks by t");
}

/* Steps that share a column when there are more than columns. */
static int
steps_per_column(int t, int w)
{
	return w > 0 ? (t + w - 1) / w : t;
}

/* [depth, columns]: the largest of a column's steps. */
static float *
errors_make(const struct app *app, int columns, int each)
{
	int depth = app->model->depth;
	float *data = calloc((size_t)depth * (size_t)columns, sizeof(*data));

	for (int layer = 0; data && layer < depth; layer++) {
		int site = site_index(app->model, site_of_block(app->model, layer));

		for (int t = 0; t < app->walk->t; t++) {
			float *cell = &data[layer * columns + t / each], v = app->walk->step[t].site[site].relative;

			*cell = fabsf(v) > fabsf(*cell) ? v : *cell;
		}
	}
	return data;
}

static void
draw_labels(const struct app *app, const struct heat_fit *fit, struct canvas *canvas, struct rect area)
{
	int shown = -1;

	for (int layer = 0; layer < app->model->depth; layer++) {
		int y = layer / fit->factor * fit->magnify / fit->per_row;

		if (y == shown || y >= area.h)
			continue;
		shown = y;
		canvas_printf(canvas, area, area.x, area.y + y,
			      (struct pen){.fg = layer == app->selection.layer ? ROLE_FOCUS : ROLE_DIM}, "%3d", layer);
	}
}

void
view_residual_draw(struct app *app, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct heat heat = {.is_signed = app->minus != NULL, .peak = true, .mark_row = -1, .mark_col = -1};
	struct rect inside = {area.x + LABEL, area.y, area.w - LABEL, area.h - 2};
	int each, columns;
	struct heat_fit fit;
	float *data;
	double lo;

	(void)args;
	if (view_lacking(app, NEED_STEP, canvas, area) || inside.w < 1 || inside.h < 1)
		return;
	each = steps_per_column(app->walk->t, inside.w);
	columns = (app->walk->t + each - 1) / each;
	data = errors_make(app, columns, each);
	if (!data)
		return;
	heat_range(data, (size_t)app->model->depth * (size_t)columns, &lo, &heat.hi);
	heat.hi = fmax(fmax(heat.hi, -lo), 1e-9);
	heat.data = data;
	heat.rows = app->model->depth;
	heat.cols = columns;
	fit = canvas_heat_fit(canvas, inside, heat.rows, heat.cols);
	canvas_heat(canvas, inside, &heat);
	draw_labels(app, &fit, canvas, (struct rect){area.x, area.y, LABEL, inside.h});
	canvas_printf(canvas, area, inside.x, area.y + fit.h, (struct pen){.fg = ROLE_DIM}, "t 1..%d", app->walk->t);
	canvas_heat_scale(canvas, (struct rect){inside.x, area.y + fit.h + 1, inside.w < 40 ? inside.w : 40, 1}, &heat, each);
	free(data);
}

bool
view_residual_hit(struct app *app, const struct view_args *args, const struct canvas *canvas, struct rect area, int x, int y,
		  char *command, size_t size)
{
	struct rect inside = {area.x + LABEL, area.y, area.w - LABEL, area.h - 2};
	struct heat_fit fit;
	int each, columns, layer;

	(void)args;
	if (view_lacks(app, NEED_STEP) || inside.w < 1 || inside.h < 1 || x < inside.x)
		return false;
	each = steps_per_column(app->walk->t, inside.w);
	columns = (app->walk->t + each - 1) / each;
	fit = canvas_heat_fit(canvas, inside, app->model->depth, columns);
	layer = (y - inside.y) * fit.per_row / fit.magnify * fit.factor;
	if (layer >= app->model->depth || y < inside.y || (x - inside.x) / (fit.unit * fit.magnify) >= columns)
		return false;
	snprintf(command, size, "select layer %d", layer);
	return true;
}
