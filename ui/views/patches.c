/* Where the selected token looks, and who looks at it: a row and a column of the
 * attention map over the picture's patches. */
#include "model/graph.h"
#include "model/image/image.h"
#include "ui/views/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAPS = 3 };

static void
patches_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	if (!scene->model)
		snprintf(out, size, "patches");
	else
		snprintf(out, size, "patches blocks.%d head %d, token %d", view_layer(scene, args), view_head(scene, args),
			 view_q(scene, args));
}

/* Attention weights of the patches [side, side] for one direction, and of the class token. */
struct weights {
	float *snn, *ann, *difference; /* [patches]; ann NULL: none */
	double class_snn, class_ann;
	double hi, fine;
};

static size_t
at(const struct scene *scene, const struct view_args *args, bool to, int other)
{
	size_t n = (size_t)graph_maps(scene->model).tokens, q = (size_t)view_q(scene, args), o = (size_t)other;

	return ((size_t)view_head(scene, args) * n + (to ? o : q)) * n + (to ? q : o);
}

static bool
weights_make(struct weights *w, const struct scene *scene, const struct view_args *args, const float *snn, const float *ann,
	     bool to)
{
	struct patch_grid grid = graph_patches(scene->model);
	int n = grid.side * grid.side, prefix = grid.prefix;

	*w = (struct weights){.hi = 1e-9, .fine = 1e-9};
	w->snn = malloc(3 * (size_t)n * sizeof(float));
	if (!w->snn)
		return false;
	w->difference = w->snn + n;
	w->ann = ann ? w->snn + 2 * n : NULL;
	w->class_snn = (double)snn[at(scene, args, to, 0)];
	w->class_ann = ann ? (double)ann[at(scene, args, to, 0)] : NAN;
	for (int i = 0; i < n; i++) {
		size_t j = at(scene, args, to, prefix + i);

		w->snn[i] = snn[j];
		w->difference[i] = ann ? snn[j] - ann[j] : 0;
		if (ann)
			w->ann[i] = ann[j];
		w->hi = fmax(w->hi, fmax((double)fabsf(snn[j]), ann ? (double)ann[j] : 0));
		w->fine = fmax(w->fine, (double)fabsf(w->difference[i]));
	}
	return true;
}

static void
draw_map(const struct scene *scene, const char *name, const float *data, double hi, bool is_signed, struct canvas *canvas,
	 struct rect area)
{
	int side = graph_patches(scene->model).side;
	struct heat heat = {
	    .data = data, .rows = side, .cols = side, .hi = hi, .is_signed = is_signed, .mark_row = -1, .mark_col = -1};
	struct rect in = {area.x, area.y + 1, area.w, area.h - 2};
	struct heat_fit fit = canvas_heat_fit(canvas, in, side, side);

	canvas_put(canvas, area, area.x, area.y, (struct pen){.attr = ATTR_BOLD}, name);
	canvas_heat(canvas, in, &heat);
	if (area.h >= 4)
		canvas_heat_scale(canvas, (struct rect){area.x, in.y + fit.h, area.w, 1}, &heat, fit.factor);
}

/* The maps of one direction, side by side, each with what the class token has. */
static void
draw_direction(const struct scene *scene, const struct view_args *args, const float *snn, const float *ann, bool to,
	       struct canvas *canvas, struct rect area)
{
	struct weights w;
	char name[2][48], number[2][16];
	int each = area.w / MAPS;

	if (!weights_make(&w, scene, args, snn, ann, to))
		return;
	snprintf(name[0], sizeof(name[0]), to ? "looks at %d" : "%d looks at", view_q(scene, args));
	if (!ann) {
		draw_map(scene, name[0], w.snn, w.hi, true, canvas, area);
		free(w.snn);
		return;
	}
	snprintf(name[0] + strlen(name[0]), sizeof(name[0]) - strlen(name[0]), each >= 24 ? ": class %s" : "",
		 short_number(w.class_snn, number[0], sizeof(number[0])));
	snprintf(name[1], sizeof(name[1]), each >= 14 ? "ANN: class %s" : "ANN",
		 short_number(w.class_ann, number[1], sizeof(number[1])));
	draw_map(scene, name[0], w.snn, w.hi, false, canvas, (struct rect){area.x, area.y, each - 1, area.h});
	draw_map(scene, name[1], w.ann, w.hi, false, canvas, (struct rect){area.x + each, area.y, each - 1, area.h});
	draw_map(scene, "SNN−ANN", w.difference, w.fine, true, canvas,
		 (struct rect){area.x + 2 * each, area.y, each - 1, area.h});
	free(w.snn);
}

/* The picture beside the maps, when there is room; returns the columns it takes. */
static int
draw_picture(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	int w = area.w / 4;

	if (area.w < 72 || area.h < 6)
		return 0;
	image_view.draw(scene, args, canvas, (struct rect){area.x, area.y, w, area.h});
	return w + 1;
}

static void
patches_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct tensor hold = {0};
	struct site site;
	const float *snn;
	int x;

	site = site_in(SITE_SOFTMAX, view_layer(scene, args));
	snn = scene_probe(scene, site, SNN_VALUE, &hold);
	if (!snn)
		return;
	x = scene->minus ? 0 : draw_picture(scene, args, canvas, area);
	area.x += x;
	area.w -= x;
	if (area.h >= 10) {
		int half = area.h / 2;

		draw_direction(scene, args, snn, scene_reference(scene, site), true, canvas,
			       (struct rect){area.x, area.y + half, area.w, area.h - half});
		area.h = half;
	}
	draw_direction(scene, args, snn, scene_reference(scene, site), false, canvas, area);
	tensor_done(&hold);
}

const struct view patches_view = {
    .name = "patches",
    .help = "attention from and to the selected token, over the picture's patches",
    .needs = NEEDS_STEP,
    .of = VIEW_OF_EACH,
    .takes_site = true,
    .inside = "attention",
    .unfit = view_needs_attention,
    .title = patches_title,
    .draw = patches_draw,
};
