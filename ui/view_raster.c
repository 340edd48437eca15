/* Spikes of a site: neurons down, time across. */
#include "ui/view_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
view_raster_title(struct app *app, const struct view_args *args, char *out, size_t size)
{
	char name[SITE_NAME_MAX];

	if (!app->vit)
		snprintf(out, size, "raster");
	else
		snprintf(out, size, "raster %s, neurons by t", site_name(view_site(app, args), name));
}

/* The part of the record that is shown. */
struct window {
	const struct record *record;
	int site, stride;
	int first_neuron, neurons; /* of those recorded */
	int first, last;           /* t */
};

static bool
window_make(const struct app *app, const struct view_args *args, struct window *w)
{
	int all;

	*w = (struct window){.record = app->record, .site = site_index(app->vit, view_site(app, args))};
	all = app->record ? record_neurons(app->record, w->site, &w->stride) : 0;
	if (all == 0 || !record_span(app->record, &w->first, &w->last))
		return false;
	w->neurons = all >> (args->zoom < 8 ? args->zoom : 8);
	if (w->neurons < 4)
		w->neurons = all < 4 ? all : 4;
	w->first_neuron = args->scroll;
	if (w->first_neuron > all - w->neurons)
		w->first_neuron = all - w->neurons;
	if (w->first_neuron < 0)
		w->first_neuron = 0;
	return true;
}

/* Spikes that fall on one dot: several neurons or steps when there are more than dots.
 * Sign of the largest in *sign. */
static bool
spikes_at(const struct window *w, int row, int rows, int col, int cols, int *sign)
{
	int steps = w->last - w->first + 1, t, i, best = 0;
	int t0 = w->first + (int)((long)col * steps / cols), t1 = w->first + (int)((long)(col + 1) * steps / cols);
	int n0 = (int)((long)row * w->neurons / rows), n1 = (int)((long)(row + 1) * w->neurons / rows);

	for (t = t0; t < (t1 > t0 ? t1 : t0 + 1); t++) {
		const int8_t *counts = record_counts(w->record, w->site, t);

		for (i = n0; counts && i < (n1 > n0 ? n1 : n0 + 1); i++)
			if (abs(counts[w->first_neuron + i]) > abs(best))
				best = counts[w->first_neuron + i];
	}
	*sign = best;
	return best != 0;
}

static int
least(int a, int b)
{
	return a < b ? a : b;
}

static void
draw_dots(const struct window *w, struct canvas *canvas, struct rect area)
{
	int steps = w->last - w->first + 1, dots = 2 * area.w, sign, x, y, each;
	int cols = least(steps, dots), rows = least(w->neurons, 4 * area.h);

	/* Few steps and neurons are spread over the pane, each a dash of dots. */
	each = dots / cols > 8 ? 8 : dots / cols;
	for (y = 0; y < rows; y++)
		for (x = 0; x < cols; x++)
			if (spikes_at(w, y, rows, x, cols, &sign)) {
				int i, wide = each > 2 ? each - 1 : 1;

				for (i = 0; i < wide; i++)
					canvas_dot(canvas, area, x * each + i, y, sign > 0 ? ROLE_SNN : ROLE_ANN);
			}
}

static void
draw_legend(const struct window *w, struct canvas *canvas, struct rect area)
{
	struct pen dim = {.fg = ROLE_DIM};
	int y = area.y + area.h - 1, x = area.x, rows = least(w->neurons, 4 * (area.h - 1));
	int cols = least(w->last - w->first + 1, 2 * area.w);

	x += canvas_printf(canvas, area, x, y, dim, "t %d..%d", w->first, w->last) + 2;
	x += canvas_printf(canvas, area, x, y, dim, "neurons %d..%d", w->first_neuron * w->stride,
			   (w->first_neuron + w->neurons - 1) * w->stride) +
	     2;
	if (w->stride > 1)
		x += canvas_printf(canvas, area, x, y, dim, "each %dth", w->stride) + 2;
	if (w->neurons > rows)
		x += canvas_printf(canvas, area, x, y, dim, "×%d in a dot", (w->neurons + rows - 1) / rows) + 2;
	if (w->last - w->first + 1 > cols)
		x += canvas_printf(canvas, area, x, y, dim, "×%d steps", (w->last - w->first + cols) / cols) + 2;
	x += canvas_put(canvas, area, x, y, (struct pen){.fg = ROLE_SNN}, "+") + 1;
	canvas_put(canvas, area, x, y, (struct pen){.fg = ROLE_ANN}, "−");
}

void
view_raster_draw(struct app *app, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct window w;

	if (view_lacking(app, NEED_STEP, canvas, area))
		return;
	if (!window_make(app, args, &w)) {
		char name[SITE_NAME_MAX];

		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, site_name(view_site(app, args), name));
		if (area.h > 1)
			canvas_wrap(canvas, (struct rect){area.x, area.y + 1, area.w, area.h - 1}, (struct pen){.fg = ROLE_DIM},
				    "sends no spikes under this plan; select another site");
		return;
	}
	if (area.h >= 3)
		draw_legend(&w, canvas, area);
	area.h -= area.h >= 3;
	draw_dots(&w, canvas, area);
}
