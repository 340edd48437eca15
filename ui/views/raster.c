/* Spikes of a site: neurons down, time across. */
#include "ui/views/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The site itself, or the next one in forward order that sends spikes (for an
 * activation: the encoder behind it). */
static struct site
raster_site(const struct scene *scene, const struct view_args *args)
{
	struct site site = view_site(scene, args);
	int i, stride, n = site_count(scene->model);

	for (i = site_index(scene->model, site); scene->spikes && i < n; i++)
		if (spike_log_neurons(scene->spikes, i, &stride) > 0)
			return site_at(scene->model, i);
	return site;
}

static void
raster_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	char name[SITE_NAME_MAX];

	if (!scene->model)
		snprintf(out, size, "raster");
	else
		snprintf(out, size, "raster %s", site_name(raster_site(scene, args), name));
}

/* The part of the record that is shown. */
struct window {
	const struct spike_log *spikes, *minus; /* minus: to be taken off, or NULL */
	int site, stride;
	int first_neuron, neurons; /* of those recorded */
	int first, last;           /* t */
};

static bool
window_make(const struct scene *scene, const struct view_args *args, struct window *w)
{
	int all;

	*w = (struct window){.spikes = scene->spikes,
			     .minus = scene->minus ? scene->minus->spikes : NULL,
			     .site = site_index(scene->model, raster_site(scene, args))};
	all = scene->spikes ? spike_log_neurons(scene->spikes, w->site, &w->stride) : 0;
	if (all == 0 || !spike_log_span(scene->spikes, &w->first, &w->last))
		return false;
	w->neurons = all >> (args->zoom < 8 ? args->zoom : 8);
	if (w->neurons < 4)
		w->neurons = all < 4 ? all : 4;
	/* Zoomed in, the selected neuron is in the middle. */
	w->first_neuron = view_neuron(scene, args) / w->stride - w->neurons / 2;
	if (w->first_neuron > all - w->neurons)
		w->first_neuron = all - w->neurons;
	if (w->first_neuron < 0)
		w->first_neuron = 0;
	return true;
}

static int
least(int a, int b)
{
	return a < b ? a : b;
}

/* What the neuron in one of `rows` rows sent in one of `cols` columns of time: the
 * largest count where several steps share a column. Rows show single neurons. */
static int
count_at(const struct window *w, int row, int rows, int col, int cols)
{
	int steps = w->last - w->first + 1, best = 0, t;
	int neuron = w->first_neuron + (int)((long)row * w->neurons / rows);
	int t0 = w->first + (int)((long)col * steps / cols), t1 = w->first + (int)((long)(col + 1) * steps / cols);

	for (t = t0; t < t1; t++) {
		const int8_t *counts = spike_log_counts(w->spikes, w->site, t);
		const int8_t *off = w->minus ? spike_log_counts(w->minus, w->site, t) : NULL;
		int count = (counts ? counts[neuron] : 0) - (off ? off[neuron] : 0);

		if (abs(count) > abs(best))
			best = count;
	}
	return best;
}

/* Dots: did it send. Few steps are spread over the pane, each a dash. */
static void
draw_dots(const struct window *w, struct canvas *canvas, struct rect area)
{
	int dots = 2 * area.w, cols = least(w->last - w->first + 1, dots), rows = least(w->neurons, 4 * area.h);
	int each = least(dots / cols, 8), wide = each > 2 ? each - 1 : 1, x, y, i;

	for (y = 0; y < rows; y++)
		for (x = 0; x < cols; x++) {
			int count = count_at(w, y, rows, x, cols);

			for (i = 0; count && i < wide; i++)
				canvas_dot(canvas, area, x * each + i, y, count > 0 ? ROLE_SNN : ROLE_ANN);
		}
}

/* With colours: how much it sent, by sign. */
static bool
draw_counts(const struct window *w, struct canvas *canvas, struct rect area, double *hi)
{
	int cols = least(w->last - w->first + 1, area.w), rows = least(w->neurons, 2 * area.h);
	int wide = area.w / cols < 4 ? area.w / cols : 4, high = 2 * area.h / rows, x, y;
	struct heat heat = {.rows = rows * high, .cols = cols * wide, .is_signed = true, .mark_row = -1, .mark_col = -1};
	float *data = malloc((size_t)heat.rows * (size_t)heat.cols * sizeof(*data));

	if (!data)
		return false;
	*hi = 1;
	for (y = 0; y < heat.rows; y++)
		for (x = 0; x < heat.cols; x++) {
			float v = (float)count_at(w, y / high, rows, x / wide, cols);

			data[(size_t)y * (size_t)heat.cols + (size_t)x] = v;
			*hi = v > *hi ? v : -v > *hi ? -v : *hi;
		}
	heat.data = data;
	heat.hi = *hi;
	canvas_heat(canvas, area, &heat);
	free(data);
	return true;
}

static void
draw_legend(const struct window *w, int rows, double hi, struct canvas *canvas, struct rect area)
{
	struct pen dim = {.fg = ROLE_DIM};
	int y = area.y, x = area.x, each = w->stride * (w->neurons > rows ? (w->neurons + rows - 1) / rows : 1);
	int cols = hi > 0 ? area.w : 2 * area.w, steps = w->last - w->first + 1;

	x += canvas_printf(canvas, area, x, y, dim, "t %d..%d", w->first, w->last) + 2;
	if (steps > cols)
		x += canvas_printf(canvas, area, x, y, dim, "×%d", (steps + cols - 1) / cols) + 2;
	x += canvas_printf(canvas, area, x, y, dim, "neurons %d..%d", w->first_neuron * w->stride,
			   (w->first_neuron + w->neurons - 1) * w->stride) +
	     1;
	if (each > 1)
		x += canvas_printf(canvas, area, x, y, dim, "by %d", each) + 1;
	if (hi > 0 && area.x + area.w - x >= 12) {
		struct heat scale = {.is_signed = true, .hi = hi};

		canvas_heat_scale(canvas, (struct rect){x + 1, y, least(area.x + area.w - x - 1, 22), 1}, &scale, 1);
	} else if (hi == 0 && canvas->style.palette != PALETTE_NONE) {
		x += canvas_put(canvas, area, x + 1, y, (struct pen){.fg = ROLE_SNN}, "+") + 1;
		canvas_put(canvas, area, x + 1, y, (struct pen){.fg = ROLE_ANN}, "−");
	}
}

/* Rows of neurons above each other that area has without its legend. */
static int
rows_of(const struct window *w, const struct canvas *canvas, struct rect area)
{
	bool colored = canvas->style.unicode && canvas->style.palette != PALETTE_NONE;

	return least(w->neurons, (colored ? 2 : 4) * (area.h >= 3 ? area.h - 1 : area.h));
}

static bool
raster_hit(const struct scene *scene, const struct view_args *args, const struct canvas *canvas, struct rect area, int x, int y,
	   char *command, size_t size)
{
	bool colored = canvas->style.unicode && canvas->style.palette != PALETTE_NONE;
	struct window w;
	int rows, row;

	(void)x;
	if (scene_lacks(scene, NEEDS_STEP) || !window_make(scene, args, &w))
		return false;
	rows = rows_of(&w, canvas, area);
	row = (y - area.y) * (colored ? 2 : 4);
	if (colored)
		row /= 2 * (area.h - (area.h >= 3)) / rows > 0 ? 2 * (area.h - (area.h >= 3)) / rows : 1;
	if (row < 0 || row >= rows)
		return false;
	snprintf(command, size, "select neuron %d", (w.first_neuron + (int)((long)row * w.neurons / rows)) * w.stride);
	return true;
}

static void
raster_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct rect legend = {0};
	struct window w;
	double hi = 0;
	bool colored;

	if (!window_make(scene, args, &w)) {
		char name[SITE_NAME_MAX];

		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, site_name(view_site(scene, args), name));
		if (area.h > 1)
			canvas_wrap(canvas, (struct rect){area.x, area.y + 1, area.w, area.h - 1}, (struct pen){.fg = ROLE_DIM},
				    "sends no spikes under this plan; select another site");
		return;
	}
	if (area.h >= 3) {
		legend = (struct rect){area.x, area.y + area.h - 1, area.w, 1};
		area.h--;
	}
	colored = canvas->style.unicode && canvas->style.palette != PALETTE_NONE && draw_counts(&w, canvas, area, &hi);
	if (!colored)
		draw_dots(&w, canvas, area);
	if (legend.w)
		draw_legend(&w, (colored ? 2 : 4) * area.h, hi, canvas, legend);
}

const struct view raster_view = {
    .name = "raster",
    .help = "spikes of a site: neurons by time",
    .needs = NEEDS_STEP,
    .of = VIEW_OF_EACH,
    .takes_site = true,
    .inside = "neuron",
    .title = raster_title,
    .draw = raster_draw,
    .hit = raster_hit,
};
