/* Feature maps: the channels of a residual network's layer side by side, as decoded so
 * far, as the reference has them, and the difference. */
#include "model/graph.h"
#include "ui/views/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PART_WIDTH = 22, PARTS = 3 };

/* How tiles of one part lie: a channel's map under its number. */
struct grid {
	int height, width, channels; /* of the site */
	struct heat_fit fit;         /* of one tile */
	int across, down, first;     /* tiles shown, from this channel on */
};

static void
features_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	char name[SITE_NAME_MAX];

	if (scene->model)
		snprintf(out, size, "features %s", site_name(view_site(scene, args), name));
	else
		snprintf(out, size, "features");
	if (scene->plan)
		snprintf(out + strlen(out), size - strlen(out), ", t %d/%d", scene->t, scene->plan->T);
}

static const char *
features_unfit(const struct scene *scene)
{
	return graph_has(scene->model->graph, LAYER_CONVOLUTION) ? NULL
								 : "a transformer has no feature maps; type: view attention";
}

static int
parts_of(const struct scene *scene, struct rect area)
{
	return scene->minus || area.w < PARTS * PART_WIDTH ? 1 : PARTS;
}

static struct rect
part_area(struct rect area, int parts, int part)
{
	int w = area.w / parts;

	return (struct rect){area.x + part * w, area.y + 1, w - (parts > 1), area.h - 2};
}

/* The largest tiles of which there is room for as many as the zoom asks for, else the smallest. */
static struct grid
grid_of(const struct scene *scene, const struct view_args *args, const struct canvas *canvas, struct rect part)
{
	int dim[3], wanted, selected;
	struct grid g = {0};

	site_shape(scene->model, view_site(scene, args), dim);
	g.height = dim[0];
	g.width = dim[1];
	g.channels = dim[2];
	wanted = g.channels >> (args->zoom > 0 && args->zoom < 16 ? args->zoom : 0);
	wanted = wanted > 0 ? wanted : 1;
	for (int w = part.w; w > 0; w--) {
		g.fit = canvas_heat_fit(canvas, (struct rect){0, 0, w, part.h - 1}, g.height, g.width);
		g.across = part.w / (g.fit.w + 1) > 0 ? part.w / (g.fit.w + 1) : 1;
		g.down = part.h / (g.fit.h + 1) > 0 ? part.h / (g.fit.h + 1) : 1;
		if (g.across * g.down >= wanted || g.fit.w <= 4)
			break;
	}
	selected = view_neuron(scene, args) % g.channels;
	g.first = selected / (g.across * g.down) * (g.across * g.down);
	return g;
}

/* Where a channel's tile is, its number's row on top; w 0: it is not shown. */
static struct rect
tile_of(const struct grid *g, struct rect part, int channel)
{
	int i = channel - g->first;

	if (i < 0 || i >= g->across * g->down || channel >= g->channels)
		return (struct rect){0};
	return (struct rect){part.x + i % g->across * (g->fit.w + 1), part.y + i / g->across * (g->fit.h + 1), g->fit.w,
			     g->fit.h + 1};
}

/* One channel of values [height, width, channels], made into a map. */
static void
cut_channel(const struct grid *g, const float *values, int channel, float *map)
{
	for (int i = 0; i < g->height * g->width; i++)
		map[i] = values[(size_t)i * (size_t)g->channels + (size_t)channel];
}

static void
draw_tiles(const struct scene *scene, const struct view_args *args, const struct grid *g, const float *values, struct heat heat,
	   struct canvas *canvas, struct rect part)
{
	float *map = malloc((size_t)g->height * (size_t)g->width * sizeof(*map));
	int selected = view_neuron(scene, args) % g->channels;

	heat.data = map;
	heat.rows = g->height;
	heat.cols = g->width;
	for (int c = g->first; map && tile_of(g, part, c).w > 0; c++) {
		struct rect tile = tile_of(g, part, c);
		struct pen pen = {.fg = c == selected ? ROLE_FOCUS : ROLE_DIM, .attr = c == selected ? ATTR_BOLD : 0};

		canvas_printf(canvas, tile, tile.x, tile.y, pen, "%d", c);
		cut_channel(g, values, c, map);
		canvas_heat(canvas, (struct rect){tile.x, tile.y + 1, tile.w, tile.h - 1}, &heat);
	}
	free(map);
}

/* values [size]; part 2 is a difference, with a scale of its own. */
static void
draw_part(const struct scene *scene, const struct view_args *args, const float *values, size_t size, double most,
	  const char *name, struct canvas *canvas, struct rect part)
{
	struct grid g = grid_of(scene, args, canvas, part);
	struct heat heat = {.peak = true, .mark_row = -1, .mark_col = -1};
	double lo, hi;

	heat_range(values, size, &lo, &hi);
	heat.is_signed = lo < 0;
	heat.hi = most > 0 ? most : fmax(fmax(hi, -lo), 1e-9);
	heat.lo = heat.is_signed ? -heat.hi : 0;
	canvas_put(canvas, (struct rect){part.x, part.y - 1, part.w, 1}, part.x, part.y - 1, (struct pen){.attr = ATTR_BOLD},
		   name);
	draw_tiles(scene, args, &g, values, heat, canvas, part);
	canvas_heat_scale(canvas, (struct rect){part.x, part.y + part.h, part.w < 30 ? part.w : 30, 1}, &heat, g.fit.factor);
}

static void
draw_parts(const struct scene *scene, const struct view_args *args, const float *value, struct canvas *canvas, struct rect area)
{
	struct site site = view_site(scene, args);
	const float *reference = scene_reference(scene, site);
	int parts = reference ? parts_of(scene, area) : 1;
	size_t size = site_size(scene->model, site);
	float *difference = parts > 1 ? malloc(size * sizeof(*difference)) : NULL;
	double lo, hi;

	if (!difference) {
		draw_part(scene, args, value, size, 0, scene->minus ? "difference" : "estimate", canvas, part_area(area, 1, 0));
		return;
	}
	for (size_t i = 0; i < size; i++)
		difference[i] = value[i] - reference[i];
	heat_range(reference, size, &lo, &hi);
	hi = fmax(fmax(hi, -lo), 1e-9);
	draw_part(scene, args, value, size, hi, "estimate", canvas, part_area(area, parts, 0));
	draw_part(scene, args, reference, size, hi, "ANN", canvas, part_area(area, parts, 1));
	draw_part(scene, args, difference, size, 0, "difference", canvas, part_area(area, parts, 2));
	free(difference);
}

/* Is the site one of maps? Rows of attention pooling are one map. */
static bool
has_maps(const struct scene *scene, const struct view_args *args)
{
	int dim[3];

	return site_shape(scene->model, view_site(scene, args), dim) >= 2;
}

static void
features_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct tensor hold = {0};
	const float *value;

	if (area.h < 4 || area.w < 6)
		return;
	if (!has_maps(scene, args)) {
		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, "this site has one value a channel; type: view readout");
		return;
	}
	value = scene_probe(scene, view_site(scene, args), SNN_VALUE, &hold);
	if (value)
		draw_parts(scene, args, value, canvas, area);
	tensor_done(&hold);
}

/* The channel and place under the cell. */
static bool
features_hit(const struct scene *scene, const struct view_args *args, const struct canvas *canvas, struct rect area, int x, int y,
	     char *command, size_t size)
{
	int parts = parts_of(scene, area), part = (x - area.x) / (area.w / parts > 0 ? area.w / parts : 1);
	struct rect at = part_area(area, parts, part < parts ? part : parts - 1);
	struct grid g;

	if (scene_lacks(scene, NEEDS_STEP) || area.h < 4 || area.w < 6 || !has_maps(scene, args))
		return false;
	g = grid_of(scene, args, canvas, at);
	for (int c = g.first; tile_of(&g, at, c).w > 0; c++) {
		struct rect tile = tile_of(&g, at, c);
		int column = (x - tile.x) / (g.fit.unit * g.fit.magnify) * g.fit.factor;
		int row = (y - tile.y - 1) * g.fit.per_row / g.fit.magnify * g.fit.factor;

		if (!rect_has(tile, x, y) || y == tile.y || column >= g.width || row >= g.height)
			continue;
		snprintf(command, size, "select neuron %d", (row * g.width + column) * g.channels + c);
		return true;
	}
	return false;
}

const struct view features_view = {
    .name = "features",
    .help = "feature maps of a residual network's layer: channels side by side, estimate, ANN and difference",
    .needs = NEEDS_STEP,
    .of = VIEW_OF_EACH,
    .takes_site = true,
    .inside = "neuron",
    .unfit = features_unfit,
    .title = features_title,
    .draw = features_draw,
    .hit = features_hit,
};
