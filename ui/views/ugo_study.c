/* What the UGO laboratory measured: errors over sizes and steps, inputs, training. */
#include "base/text.h"
#include "model/graph.h"
#include "ui/scene/lab.h"
#include "ui/views/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- error against size --------------------------------------------------------------- */

static void
sizes_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	(void)args;
	snprintf(out, size, "error by size%s%s", scene->lab && scene->lab->sizes ? ": " : "",
		 scene->lab && scene->lab->sizes ? scene->lab->sizes_of : "");
}

struct size_curves {
	float x[LAB_SIZES], reached[LAB_SIZES], limit[LAB_SIZES], spiking[LAB_SIZES];
	float kept_x[LAB_UGOS], kept[LAB_UGOS];
	int count, keepers;
	bool spikes;
};

/* UGOs of the session that are of this function, by their errors on the sweep's range. */
static void
collect_kept(const struct scene *scene, const struct ugo_lab *lab, struct size_curves *c)
{
	for (int i = 0; i < scene->ugos; i++) {
		struct ugo u = {0};

		if (!lab->sizes_known || !scene->ugo[i]->known || scene->ugo[i]->function != lab->sizes_function ||
		    !ugo_copy(&u, scene->ugo[i], NULL))
			continue;
		if (ugo_aim(&u, lab->sizes_function, lab->sizes_lo, lab->sizes_hi, NULL)) {
			bool relative = u.weighting == UGO_RELATIVE;

			c->kept_x[c->keepers] = (float)log2(u.hidden);
			c->kept[c->keepers++] = (float)(lab->sizes_peak ? (relative ? u.rel_max_error : u.max_error)
									: (relative ? u.rel_rmse : u.rmse));
		}
		ugo_done(&u);
	}
}

/* The cell of the map; NULL when it was not measured. */
static const struct spike_cell *
map_cell(const struct spike_map *map, int hidden, int T)
{
	for (int i = 0; i < map->count; i++)
		if (map->cell[i].hidden == hidden && map->cell[i].T == T)
			return &map->cell[i];
	return NULL;
}

static void
collect_sizes(const struct scene *scene, const struct ugo_lab *lab, int T, struct size_curves *c)
{
	c->count = lab->sizes;
	for (int i = 0; i < lab->sizes; i++) {
		const struct lab_size *s = &lab->size[i];
		const struct spike_cell *cell = map_cell(&lab->map, s->hidden, T);

		c->x[i] = (float)log2(s->hidden);
		c->reached[i] = (float)(lab->sizes_peak ? s->max_error : s->rmse);
		c->limit[i] = (float)(lab->sizes_peak ? s->limit_max_error : s->limit_rmse);
		c->spiking[i] = cell ? (float)cell->result.rmse : 0;
		c->spikes |= cell != NULL;
	}
	collect_kept(scene, lab, c);
}

static void
sizes_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	const struct ugo_lab *lab = scene->lab;
	int T = args->steps ? args->steps : lab && lab->map.count ? lab->map.cell[lab->map.count - 1].T : 0;
	struct size_curves c = {0};
	char floor_name[40];
	struct series series[4] = {{.letter = 'e', .name = "fit", .fg = ROLE_SNN},
				   {.letter = 'l', .name = "limit", .fg = ROLE_GOOD},
				   {.letter = 's', .name = floor_name, .fg = ROLE_SERIES_C},
				   {.points = true, .name = "o kept UGOs", .fg = ROLE_SERIES_D}};
	struct chart chart = {
	    .series = series, .log_y = true, .x_log2 = true, .mark_x = NAN, .x_name = "neurons", .y_name = "error"};

	if (!lab || lab->sizes == 0) {
		view_say(canvas, area, "no sizes yet: ugo sweep gelu");
		return;
	}
	collect_sizes(scene, lab, T, &c);
	snprintf(floor_name, sizeof(floor_name), "after %d steps", T);
	series[0].x = series[1].x = series[2].x = c.x;
	series[0].y = c.reached;
	series[1].y = c.limit;
	series[2].y = c.spiking;
	series[0].count = series[1].count = c.count;
	series[2].count = c.spikes ? c.count : 0;
	if (!c.spikes)
		series[2].name = NULL;
	series[3].x = c.kept_x;
	series[3].y = c.kept;
	series[3].count = c.keepers;
	if (c.keepers == 0)
		series[3].name = NULL;
	chart.count = 4;
	canvas_chart(canvas, area, &chart);
}

/* --- error over sizes and steps --------------------------------------------------------- */

static void
pareto_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	(void)args;
	snprintf(out, size, "error by neurons and steps%s%s", scene->lab && scene->lab->map.count ? ": " : "",
		 scene->lab && scene->lab->map.count ? scene->lab->map_of : "");
}

struct error_range {
	double least, most; /* of the errors above 0 */
};

static struct error_range
map_range(const struct spike_map *map)
{
	struct error_range r = {INFINITY, 0};

	for (int i = 0; i < map->count; i++)
		if (map->cell[i].result.rmse > 0) {
			r.least = fmin(r.least, map->cell[i].result.rmse);
			r.most = fmax(r.most, map->cell[i].result.rmse);
		}
	return r;
}

/* Three digits of the error in units of 10^power. */
static void
cell_text(const struct spike_cell *cell, int power, char out[16])
{
	double v = cell->result.rmse * pow(10, -power);

	snprintf(out, 16, v >= 99.95 ? "%.0f%s" : v >= 9.995 ? "%.1f%s" : "%.2f%s", v, cell->front ? "*" : " ");
}

static struct pen
cell_pen(const struct canvas *canvas, const struct spike_cell *cell, struct error_range r)
{
	double share = r.most > r.least ? log(cell->result.rmse / r.least) / log(r.most / r.least) : 0;
	struct pen pen = {.attr = cell->front ? ATTR_BOLD : 0};

	if (canvas->style.palette == PALETTE_NONE)
		return pen;
	pen.bg = ramp_sequential(0.15 + 0.7 * share, canvas->style.light);
	pen.fg = COLOR_RGB(share > 0.55 ? 0x000000u : 0xffffffu);
	return pen;
}

/* Rows of steps, columns of sizes, each cell its error; returns the rows used. */
static int
draw_map(const struct spike_map *map, struct canvas *canvas, struct rect area)
{
	struct error_range range = map_range(map);
	int power = (int)floor(log10(range.least)), wide = 6, left = 6, steps = 0, sizes, shown, y;
	char text[16];

	while (steps < map->count && map->cell[steps].hidden == map->cell[0].hidden)
		steps++;
	for (int i = 0; i < map->count; i++) {
		cell_text(&map->cell[i], power, text);
		wide = text_columns(text) + 1 > wide ? text_columns(text) + 1 : wide;
	}
	sizes = map->count / steps;
	shown = (area.w - left) / wide < sizes ? (area.w - left) / wide : sizes;
	canvas_printf(canvas, area, area.x, area.y, (struct pen){.fg = ROLE_DIM},
		      "rmse in 1e%d; * on the front of spikes and error%s", power, shown < sizes ? "; no room for all" : "");
	canvas_put(canvas, area, area.x, area.y + 1, (struct pen){.fg = ROLE_DIM}, "T \\ H");
	for (int i = 0; i < shown * steps; i++) {
		const struct spike_cell *cell = &map->cell[i];
		int x = area.x + left + i / steps * wide;

		y = area.y + 2 + i % steps;
		if (i % steps == 0) {
			snprintf(text, sizeof(text), "%d ", cell->hidden);
			canvas_put_right(canvas, area, x + wide, area.y + 1, (struct pen){.fg = ROLE_DIM}, text);
		}
		if (i < steps)
			canvas_printf(canvas, area, area.x, y, (struct pen){.fg = ROLE_DIM}, "%4d", cell->T);
		cell_text(cell, power, text);
		for (int k = 0; k < wide; k++)
			canvas_put(canvas, area, x + k, y, cell_pen(canvas, cell, range), " ");
		canvas_put_right(canvas, area, x + wide, y, cell_pen(canvas, cell, range), text);
	}
	return steps + 3;
}

static int
by_spikes(const void *one, const void *two)
{
	const struct spike_cell *const *a = one, *const *b = two;

	return ((*a)->result.spikes > (*b)->result.spikes) - ((*a)->result.spikes < (*b)->result.spikes);
}

static void
draw_front(const struct spike_map *map, struct canvas *canvas, struct rect area)
{
	enum { CELLS = SPIKE_SIZES * SPIKE_STEPS };
	const struct spike_cell *order[CELLS];
	float x[CELLS], y[CELLS], front_x[CELLS], front_y[CELLS];
	struct series series[2] = {{.x = x, .y = y, .points = true, .name = "o all", .fg = ROLE_DIM},
				   {.x = front_x, .y = front_y, .letter = 'p', .name = "front", .fg = ROLE_SNN}};
	struct chart chart = {.series = series,
			      .count = 2,
			      .log_y = true,
			      .x_log2 = true,
			      .mark_x = NAN,
			      .x_name = "spikes per evaluation",
			      .y_name = "rmse"};

	for (int i = 0; i < map->count; i++)
		order[i] = &map->cell[i];
	qsort(order, (size_t)map->count, sizeof(*order), by_spikes);
	for (int i = 0; i < map->count; i++) {
		if (!(order[i]->result.spikes > 0))
			continue;
		x[series[0].count] = (float)log2(order[i]->result.spikes);
		y[series[0].count++] = (float)order[i]->result.rmse;
		if (!order[i]->front)
			continue;
		front_x[series[1].count] = (float)log2(order[i]->result.spikes);
		front_y[series[1].count++] = (float)order[i]->result.rmse;
	}
	canvas_chart(canvas, area, &chart);
}

static void
pareto_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	const struct ugo_lab *lab = scene->lab;
	int rows;

	(void)args;
	if (!lab || lab->map.count == 0) {
		view_say(canvas, area, "no steps yet: ugo sweep gelu --T 4,8,16,32");
		return;
	}
	rows = draw_map(&lab->map, canvas, area);
	area.y += rows;
	area.h -= rows;
	if (area.h >= 6)
		draw_front(&lab->map, canvas, area);
}

/* --- inputs ------------------------------------------------------------------------------ */

static struct site
inputs_site(const struct scene *scene, const struct view_args *args)
{
	struct site site = view_site(scene, args);

	if (args->site || plan_has_function(site.kind) || !graph_has(scene->model->graph, LAYER_ACTIVATION))
		return site;
	return site_in(SITE_ACT, site.block < 0 ? 0 : site.block);
}

static void
inputs_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	char name[SITE_NAME_MAX];

	if (scene->model)
		snprintf(out, size, "inputs of %s in calibration", site_name(inputs_site(scene, args), name));
	else
		snprintf(out, size, "inputs");
}

/* The UGO whose range is looked at: the one named, the site's, or the last one of its function. */
static const struct ugo *
inputs_ugo(const struct scene *scene, const struct view_args *args, struct site site)
{
	enum function function = plan_function(scene->model, site.kind);

	if (args->function)
		return scene->ugo_asked;
	if (scene_site_ugo(scene, site))
		return scene_site_ugo(scene, site);
	for (int i = 0; scene->lab && i < scene->ugos; i++)
		if (strcmp(scene->ugo[i]->name, scene->lab->name) == 0)
			return scene->ugo[i]->known && scene->ugo[i]->function == function ? scene->ugo[i] : NULL;
	return NULL;
}

/* What the site was seen to receive; NULL: it was not observed, or received nothing. */
static const struct observed *
seen_inputs(const struct scene *scene, struct site site)
{
	const struct observed *seen = NULL;

	if (scene->lab && scene->model && scene->lab->observed.model == scene->model)
		seen = &scene->lab->observed.site[site_index(scene->model, site)];
	return seen && seen->lo <= seen->hi ? seen : NULL;
}

/* A comb of lines from half a count up: dense enough to be a filled shape. A 0 after each
 * breaks the curve on the logarithmic axis. */
enum { TOOTH = 3 };
struct comb {
	float x[TOOTH * OBSERVE_BINS], y[TOOTH * OBSERVE_BINS];
	int count;
};

static void
comb_add(struct comb *comb, double x, double count)
{
	const float heights[TOOTH] = {0.5f, (float)count, 0};

	for (int i = 0; i < TOOTH; i++) {
		comb->x[comb->count] = (float)x;
		comb->y[comb->count++] = heights[i];
	}
}

static double
split_inputs(const struct observed *seen, const struct ugo *u, struct comb *inside, struct comb *outside)
{
	double width = (seen->hi - seen->lo) / OBSERVE_BINS, beyond = 0;

	for (int i = 0; i < OBSERVE_BINS; i++) {
		double x = seen->lo + width * (i + 0.5);
		bool out = u && (x < u->lo || x > u->hi);

		if (seen->histogram[i] == 0)
			continue;
		comb_add(out ? outside : inside, x, seen->histogram[i]);
		beyond += out ? seen->histogram[i] : 0;
	}
	return beyond / seen->count;
}

static int
draw_inputs_facts(const struct scene *scene, const struct observed *seen, const struct ugo *u, double beyond,
		  struct canvas *canvas, struct rect area)
{
	char text[300], count[16];
	int used = snprintf(text, sizeof(text), "%s inputs of %d pictures, %.4g..%.4g",
			    text_count(seen->count, count, sizeof(count)), scene->lab->observed.pictures, seen->lo, seen->hi);

	if (!u) {
		snprintf(text + used, sizeof(text) - (size_t)used, "; no UGO to compare with: convert, or give --function NAME");
		return canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, text);
	}
	used += snprintf(text + used, sizeof(text) - (size_t)used, "; %.40s is fitted to %.4g..%.4g", u->name, u->lo, u->hi);
	if (beyond > 0)
		snprintf(text + used, sizeof(text) - (size_t)used, ": %.3g%% are outside!", 100 * beyond);
	else
		snprintf(text + used, sizeof(text) - (size_t)used, ": all are inside");
	return canvas_wrap(canvas, area, (struct pen){.fg = beyond > 0 ? ROLE_BAD : ROLE_DEFAULT}, text);
}

static void
draw_inputs(const struct observed *seen, const struct ugo *u, const struct comb *inside, const struct comb *outside,
	    struct canvas *canvas, struct rect area)
{
	float most = 1, lo[2], hi[2], tall[2];
	struct series series[4] = {{.x = inside->x, .y = inside->y, .count = inside->count, .name = "inputs", .fg = ROLE_SNN},
				   {.x = outside->x, .y = outside->y, .count = outside->count, .fg = ROLE_BAD},
				   {.x = lo, .y = tall, .fg = ROLE_WARN},
				   {.x = hi, .y = tall, .fg = ROLE_WARN}};
	struct chart chart = {.series = series, .count = 4, .log_y = true, .mark_x = NAN, .x_name = "x", .y_name = "count"};

	for (int i = 0; i < OBSERVE_BINS; i++)
		most = fmaxf(most, (float)seen->histogram[i]);
	if (outside->count > 0) {
		series[1].letter = '!';
		series[1].name = "outside the fitted range";
	}
	if (u) {
		lo[0] = lo[1] = (float)u->lo;
		hi[0] = hi[1] = (float)u->hi;
		series[2].count = series[3].count = 2;
		series[2].name = "fitted range";
	}
	tall[0] = 0.5f;
	tall[1] = most;
	chart.x_lo = fmin(seen->lo, u ? u->lo : seen->lo);
	chart.x_hi = fmax(seen->hi, u ? u->hi : seen->hi);
	chart.y_lo = 0.5;
	chart.y_hi = 2 * (double)most;
	canvas_chart(canvas, area, &chart);
}

static void
inputs_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct comb inside = {.count = 0}, outside = {.count = 0};
	const struct observed *seen;
	const struct ugo *u;
	double beyond;
	int rows;

	if (scene_lacks(scene, NEEDS_MODEL)) {
		view_say(canvas, area, scene_lacks(scene, NEEDS_MODEL));
		return;
	}
	seen = seen_inputs(scene, inputs_site(scene, args));
	if (!seen) {
		view_say(canvas, area, "not observed yet: ugo observe");
		return;
	}
	u = inputs_ugo(scene, args, inputs_site(scene, args));
	beyond = split_inputs(seen, u, &inside, &outside);
	rows = draw_inputs_facts(scene, seen, u, beyond, canvas, area);
	area.y += rows;
	area.h -= rows;
	draw_inputs(seen, u, &inside, &outside, canvas, area);
}

/* --- training ---------------------------------------------------------------------------- */

static void
loss_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	(void)args;
	snprintf(out, size, "training%s%s", scene->lab && scene->lab->loss.count ? ": " : "",
		 scene->lab && scene->lab->loss.count ? scene->lab->loss_of : "");
}

static void
loss_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	float x[TRAIN_POINTS], loss[TRAIN_POINTS], rmse[TRAIN_POINTS];
	struct series series[2] = {{.x = x, .y = loss, .letter = 'l', .name = "loss", .fg = ROLE_ANN},
				   {.x = x, .y = rmse, .letter = 'e', .name = "rmse", .fg = ROLE_SNN}};
	struct chart chart = {.series = series, .count = 2, .log_y = true, .x_log2 = true, .mark_x = NAN, .x_name = "step"};
	const struct ugo_lab *lab = scene->lab;

	(void)args;
	if (!lab || lab->loss.count == 0) {
		view_say(canvas, area, "nothing was trained: ugo fit gelu --method adam");
		return;
	}
	for (int i = 0; i < lab->loss.count; i++) {
		x[i] = (float)log2(lab->loss.point[i].step);
		loss[i] = (float)lab->loss.point[i].loss;
		rmse[i] = (float)lab->loss.point[i].rmse;
	}
	series[0].count = series[1].count = lab->loss.count;
	canvas_chart(canvas, area, &chart);
}

const struct view sizes_view = {
    .name = "sizes",
    .help = "error of a function's fits by size, against the limit and after steps of spikes",
    .needs = NEEDS_NOTHING,
    .of = VIEW_OF_ONE,
    .title = sizes_title,
    .draw = sizes_draw,
};

const struct view pareto_view = {
    .name = "pareto",
    .help = "error by neurons and steps, and the front of error and spikes",
    .needs = NEEDS_NOTHING,
    .of = VIEW_OF_ONE,
    .title = pareto_title,
    .draw = pareto_draw,
};

const struct view inputs_view = {
    .name = "inputs",
    .help = "what a function received in calibration, over the range of its UGO",
    .needs = NEEDS_NOTHING,
    .of = VIEW_OF_ONE,
    .takes_site = true,
    .observes = true,
    .title = inputs_title,
    .draw = inputs_draw,
};

const struct view loss_view = {
    .name = "loss",
    .help = "loss of the last training by Adam",
    .needs = NEEDS_NOTHING,
    .of = VIEW_OF_ONE,
    .title = loss_title,
    .draw = loss_draw,
};
