/* Where in the network, and when, the residual stream leaves the reference's. */
#include "ui/views/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { LABEL = 5 };

static void
residual_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	(void)scene;
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
errors_make(const struct scene *scene, int columns, int each)
{
	int depth = scene->model->depth;
	float *data = calloc((size_t)depth * (size_t)columns, sizeof(*data));

	for (int layer = 0; data && layer < depth; layer++) {
		int site = site_index(scene->model, site_of_block(scene->model, layer));

		for (int t = 0; t < scene->t; t++) {
			float *cell = &data[layer * columns + t / each], v = scene->step[t].site[site].relative;

			*cell = fabsf(v) > fabsf(*cell) ? v : *cell;
		}
	}
	return data;
}

static void
draw_labels(const struct scene *scene, const struct heat_fit *fit, struct canvas *canvas, struct rect area)
{
	int shown = -1;

	for (int layer = 0; layer < scene->model->depth; layer++) {
		int y = layer / fit->factor * fit->magnify / fit->per_row;

		if (y == shown || y >= area.h)
			continue;
		shown = y;
		canvas_printf(canvas, area, area.x, area.y + y,
			      (struct pen){.fg = layer == scene->selection.layer ? ROLE_FOCUS : ROLE_DIM}, "%3d", layer);
	}
}

static void
residual_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct heat heat = {.is_signed = scene->minus != NULL, .peak = true, .mark_row = -1, .mark_col = -1};
	struct rect inside = {area.x + LABEL, area.y, area.w - LABEL, area.h - 2};
	int each, columns;
	struct heat_fit fit;
	float *data;
	double lo;

	(void)args;
	if (inside.w < 1 || inside.h < 1)
		return;
	each = steps_per_column(scene->t, inside.w);
	columns = (scene->t + each - 1) / each;
	data = errors_make(scene, columns, each);
	if (!data)
		return;
	heat_range(data, (size_t)scene->model->depth * (size_t)columns, &lo, &heat.hi);
	heat.hi = fmax(fmax(heat.hi, -lo), 1e-9);
	heat.data = data;
	heat.rows = scene->model->depth;
	heat.cols = columns;
	fit = canvas_heat_fit(canvas, inside, heat.rows, heat.cols);
	canvas_heat(canvas, inside, &heat);
	draw_labels(scene, &fit, canvas, (struct rect){area.x, area.y, LABEL, inside.h});
	canvas_printf(canvas, area, inside.x, area.y + fit.h, (struct pen){.fg = ROLE_DIM}, "t 1..%d", scene->t);
	canvas_heat_scale(canvas, (struct rect){inside.x, area.y + fit.h + 1, inside.w < 40 ? inside.w : 40, 1}, &heat, each);
	free(data);
}

static bool
residual_hit(const struct scene *scene, const struct view_args *args, const struct canvas *canvas, struct rect area, int x, int y,
	     char *command, size_t size)
{
	struct rect inside = {area.x + LABEL, area.y, area.w - LABEL, area.h - 2};
	struct heat_fit fit;
	int each, columns, layer;

	(void)args;
	if (scene_lacks(scene, NEEDS_STEP) || inside.w < 1 || inside.h < 1 || x < inside.x)
		return false;
	each = steps_per_column(scene->t, inside.w);
	columns = (scene->t + each - 1) / each;
	fit = canvas_heat_fit(canvas, inside, scene->model->depth, columns);
	layer = (y - inside.y) * fit.per_row / fit.magnify * fit.factor;
	if (layer >= scene->model->depth || y < inside.y || (x - inside.x) / (fit.unit * fit.magnify) >= columns)
		return false;
	snprintf(command, size, "select layer %d", layer);
	return true;
}

const struct view residual_view = {
    .name = "residual",
    .help = "error of the residual stream: layers by t",
    .needs = NEEDS_STEP,
    .of = VIEW_OF_EACH,
    .inside = "model",
    .title = residual_title,
    .draw = residual_draw,
    .hit = residual_hit,
};
