/* Attention of one head side by side: estimate, its correction, the ANN's, the difference. */
#include "model/graph.h"
#include "ui/views/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAPS = 4 };

struct map {
	const char *name;
	struct heat heat;
};

/* Scores, exponentials and probabilities are all maps; probabilities by default. */
static struct site
map_site(const struct scene *scene, const struct view_args *args)
{
	struct site site = view_site(scene, args);

	if (args->site && (site.kind == SITE_QK || site.kind == SITE_EXP))
		return site;
	return site_in(SITE_SOFTMAX, view_layer(scene, args));
}

/* The tokens shown: all, or zoomed in a square around the selected query and key. */
struct token_window {
	int tokens; /* shown, along both sides */
	int row, column;
};

static struct token_window window_of(const struct scene *scene, const struct view_args *args);

static void
attention_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	char name[SITE_NAME_MAX];
	struct site site;

	if (!scene->model) {
		snprintf(out, size, "attention");
		return;
	}
	site = map_site(scene, args);
	if (site.kind == SITE_SOFTMAX)
		snprintf(out, size, "attention blocks.%d head %d", site.block, view_head(scene, args));
	else
		snprintf(out, size, "%s head %d", site_name(site, name), view_head(scene, args));
	if (scene->plan)
		snprintf(out + strlen(out), size - strlen(out), ", t %d/%d", scene->t, scene->plan->T);
	if (args->zoom > 0)
		snprintf(out + strlen(out), size - strlen(out), ", %d of %d tokens", window_of(scene, args).tokens,
			 graph_maps(scene->model).tokens);
	if (scene_is_split(scene))
		snprintf(out + strlen(out), size - strlen(out), ", %s and %s", scene->plan->recipe, scene->second->plan->recipe);
}

static void
draw_map(struct canvas *canvas, struct rect area, const struct map *map)
{
	bool scale = area.h >= 5;
	struct rect heat = {area.x, area.y, area.w, area.h - scale};
	struct rect in = {heat.x + 1, heat.y + 1, heat.w - 1, heat.h - 1};
	struct heat_fit fit = canvas_heat_fit(canvas, in, map->heat.rows, map->heat.cols);

	canvas_heat(canvas, heat, &map->heat);
	/* The name stands in the row of the column's mark, which it must not hide. */
	if (map->heat.mark_col * fit.magnify * fit.unit / fit.factor + 2 < text_columns(map->name))
		canvas_put(canvas, heat, heat.x + heat.w - 1 - text_columns(map->name), heat.y, (struct pen){.fg = ROLE_DEFAULT},
			   map->name);
	else
		canvas_put(canvas, heat, heat.x, heat.y, (struct pen){.fg = ROLE_DEFAULT}, map->name);
	if (scale)
		canvas_heat_scale(canvas, (struct rect){area.x + 1, heat.y + 1 + fit.h, area.w - 2, 1}, &map->heat, fit.factor);
}

static int
between(int value, int lo, int hi)
{
	return value < lo ? lo : value > hi ? hi : value;
}

static struct token_window
window_of(const struct scene *scene, const struct view_args *args)
{
	int n = graph_maps(scene->model).tokens, m = n >> between(args->zoom, 0, 8);

	m = between(m, n < 4 ? n : 4, n);
	return (struct token_window){m, between(view_q(scene, args) - m / 2, 0, n - m),
				     between(view_k(scene, args) - m / 2, 0, n - m)};
}

/* The part of a map [tokens, tokens] that the window shows. */
static const float *
part(const struct scene *scene, struct token_window window, const float *map)
{
	return map + (size_t)window.row * (size_t)graph_maps(scene->model).tokens + window.column;
}

/* How the maps stand: side by side, or two over two where that makes them larger. */
struct arrangement {
	int maps, across;
	int w, h; /* of one */
	struct heat_fit fit;
};

static struct arrangement
arranged(const struct canvas *canvas, struct rect area, int tokens, int maps, int across)
{
	struct arrangement a = {maps, across, area.w / across, area.h / ((maps + across - 1) / across), {0}};

	a.fit = canvas_heat_fit(canvas, (struct rect){area.x + 1, area.y + 1, a.w - 1, a.h - 1 - (a.h >= 5)}, tokens, tokens);
	return a;
}

/* Values of their own before shared ones, large before small; the ANN's map last. */
static bool
is_better(const struct arrangement *a, const struct arrangement *b)
{
	if (a->fit.w == 0 || b->fit.w == 0)
		return b->fit.w == 0 && a->fit.w > 0;
	if (a->fit.factor != b->fit.factor)
		return a->fit.factor < b->fit.factor;
	if (a->fit.magnify * a->fit.unit != b->fit.magnify * b->fit.unit)
		return a->fit.magnify * a->fit.unit > b->fit.magnify * b->fit.unit;
	return a->maps > b->maps && a->fit.factor == 1;
}

static struct arrangement
arrange(const struct canvas *canvas, struct rect area, int tokens)
{
	struct arrangement best = arranged(canvas, area, tokens, MAPS - 1, MAPS - 1);
	struct arrangement other[] = {arranged(canvas, area, tokens, MAPS, MAPS), arranged(canvas, area, tokens, MAPS, 2)};

	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		if (is_better(&other[i], &best))
			best = other[i];
	return best;
}

static void
draw_arranged(struct canvas *canvas, struct rect area, const struct arrangement *a, const struct map *map)
{
	for (int i = 0; i < a->maps; i++)
		draw_map(canvas, (struct rect){area.x + i % a->across * a->w, area.y + i / a->across * a->h, a->w, a->h},
			 &map[i]);
}

/* Estimate and reference share their ends of the ramp; so do, finer, correction and difference. */
static double
common_range(const float *value, const float *ann, size_t n, double *lo)
{
	double a, b, c, d;

	heat_range(value, n, &a, &b);
	heat_range(ann, n, &c, &d);
	*lo = fmin(fmin(a, c), 0);
	return fmax(b, d);
}

static void
draw_maps(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area, const float *value,
	  const float *change, const float *ann, float *difference)
{
	struct token_window window = window_of(scene, args);
	struct arrangement a = arrange(canvas, area, window.tokens);
	int n = graph_maps(scene->model).tokens, m = window.tokens, count = a.maps, i;
	size_t size = (size_t)n * (size_t)n, j;
	double lo, hi = common_range(value, ann, size, &lo), fine = 1e-9;
	struct heat plain = {.rows = m, .cols = m, .stride = n, .lo = lo, .hi = hi, .is_signed = lo < 0};
	struct map map[MAPS];

	plain.mark_row = view_q(scene, args) - window.row;
	plain.mark_col = view_k(scene, args) - window.column;
	if (plain.is_signed)
		plain.hi = fmax(hi, -lo);
	for (j = 0; j < size; j++) {
		difference[j] = fabsf(ann[j] - value[j]);
		fine = isfinite(difference[j]) ? fmax(fine, difference[j]) : fine;
		fine = isfinite(change[j]) ? fmax(fine, fabsf(change[j])) : fine;
	}
	for (i = 0; i < MAPS; i++)
		map[i].heat = plain;
	map[0].name = "estimate";
	map[0].heat.data = part(scene, window, value);
	map[1].name = "correction";
	map[1].heat.data = part(scene, window, change);
	map[1].heat.is_signed = true;
	map[1].heat.hi = fine;
	map[count - 1].name = "|ANN−SNN|";
	map[count - 1].heat.data = part(scene, window, difference);
	map[count - 1].heat.peak = true;
	map[count - 1].heat.is_signed = false;
	map[count - 1].heat.lo = 0;
	map[count - 1].heat.hi = fine;
	if (count == MAPS) {
		map[2].name = "ANN";
		map[2].heat.data = part(scene, window, ann);
	}
	draw_arranged(canvas, area, &a, map);
}

/* Of two plans: the estimates, their difference and, where there is room, the ANN's. */
static void
draw_both(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area, const float *first,
	  const float *second, const float *ann, float *difference)
{
	struct token_window window = window_of(scene, args);
	struct arrangement a = arrange(canvas, area, window.tokens);
	int n = graph_maps(scene->model).tokens, m = window.tokens;
	size_t size = (size_t)n * (size_t)n;
	double lo, hi = common_range(first, ann, size, &lo), fine = 1e-9;
	struct heat plain = {.rows = m, .cols = m, .stride = n, .lo = lo, .hi = hi, .is_signed = lo < 0};
	struct map map[MAPS];

	plain.mark_row = view_q(scene, args) - window.row;
	plain.mark_col = view_k(scene, args) - window.column;
	if (plain.is_signed)
		plain.hi = fmax(hi, -lo);
	for (size_t j = 0; j < size; j++) {
		difference[j] = first[j] - second[j];
		fine = isfinite(difference[j]) ? fmax(fine, fabsf(difference[j])) : fine;
	}
	for (int i = 0; i < MAPS; i++)
		map[i].heat = plain;
	map[0].name = scene->plan->recipe;
	map[0].heat.data = part(scene, window, first);
	map[1].name = scene->second->plan->recipe;
	map[1].heat.data = part(scene, window, second);
	map[2].name = "difference";
	map[2].heat.data = part(scene, window, difference);
	map[2].heat.is_signed = true;
	map[2].heat.hi = fine;
	map[3].name = "ANN";
	map[3].heat.data = part(scene, window, ann);
	draw_arranged(canvas, area, &a, map);
}

static bool
attention_hit(const struct scene *scene, const struct view_args *args, const struct canvas *canvas, struct rect area, int x,
	      int y, char *command, size_t size)
{
	struct token_window window;
	struct arrangement a;
	int row, col;

	if (!scene->model)
		return false;
	window = window_of(scene, args);
	a = arrange(canvas, area, window.tokens);
	x -= area.x;
	y -= area.y;
	if (a.fit.w == 0 || x >= a.across * a.w || y >= (a.maps + a.across - 1) / a.across * a.h || x % a.w < 1 || y % a.h < 1)
		return false;
	col = (x % a.w - 1) / (a.fit.unit * a.fit.magnify) * a.fit.factor;
	row = (y % a.h - 1) * a.fit.per_row / a.fit.magnify * a.fit.factor;
	if (row >= window.tokens || col >= window.tokens)
		return false;
	snprintf(command, size, "select q %d %d", window.row + row, window.column + col);
	return true;
}

static void
attention_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct tensor value = {0}, change = {0}, other = {0};
	struct site site;
	const float *v, *c, *second = NULL, *ann;
	float *difference;
	size_t size, offset;

	site = map_site(scene, args);
	size = (size_t)graph_maps(scene->model).tokens * (size_t)graph_maps(scene->model).tokens;
	offset = size * (size_t)view_head(scene, args);
	v = scene_probe(scene, site, SNN_VALUE, &value);
	c = scene_probe(scene, site, SNN_CORRECTION, &change);
	ann = scene_reference(scene, site);
	if (scene_is_split(scene))
		second = scene_probe(scene->second, site, SNN_VALUE, &other);
	difference = malloc(size * sizeof(float));
	if (v && second && difference)
		draw_both(scene, args, canvas, area, v + offset, second + offset, ann + offset, difference);
	else if (v && c && ann && difference)
		draw_maps(scene, args, canvas, area, v + offset, c + offset, ann + offset, difference);
	else
		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, "This plan does not keep the map of this site.");
	free(difference);
	tensor_done(&value);
	tensor_done(&change);
	tensor_done(&other);
}

const struct view attention_view = {
    .name = "attention",
    .help = "attention of a layer and head: estimate, correction, ANN, difference",
    .needs = NEEDS_STEP,
    .of = VIEW_OF_BOTH,
    .takes_site = true,
    .inside = "product",
    .unfit = view_needs_attention,
    .title = attention_title,
    .draw = attention_draw,
    .hit = attention_hit,
};
