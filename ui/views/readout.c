/* What the network says, and how far it is from the reference: by class, by t, by layer. */
#include "ui/views/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { TOP = 5, CURVES = 5, PROFILES = 3 };

static void
readout_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	(void)scene;
	(void)args;
	snprintf(out, size, "readout: probability");
}

/* Probability of one class. */
static float
probability(const float *logits, int classes, int c)
{
	double sum = 0;
	int i;

	for (i = 0; i < classes; i++)
		sum += exp(logits[i] - logits[c]);
	return (float)(1 / sum);
}

static void
draw_class(const struct scene *scene, const float *snn, int c, struct canvas *canvas, struct rect line)
{
	int name_w = line.w < 36 ? line.w / 4 : 12, half = (line.w - name_w) / 2, side;
	const float *logits[2] = {snn, scene->logits};
	char label[16], number[16];

	canvas_put(canvas, (struct rect){line.x, line.y, name_w - 1, 1}, line.x, line.y,
		   (struct pen){.attr = c == scene->label ? ATTR_UNDERLINE : 0}, model_label(scene->model, c, label));
	for (side = 0; side < 2; side++) {
		int x = line.x + name_w + side * half;
		float p;

		if (!logits[side])
			continue;
		p = probability(logits[side], scene->model->classes, c);
		snprintf(number, sizeof(number), "%.2f", p);
		canvas_put(canvas, line, x, line.y, (struct pen){0}, p >= 0.995f ? "1.0" : number + 1);
		canvas_bar(canvas, line, x + 4, line.y, half - 5, p, side ? ROLE_ANN : ROLE_SNN);
	}
}

static int
draw_top(const struct scene *scene, const float *snn, struct canvas *canvas, struct rect area)
{
	const float *by = snn ? snn : scene->logits;
	int classes = scene->model->classes, k = classes < TOP ? classes : TOP, index[TOP], i;
	int name_w = area.w < 36 ? area.w / 4 : 12, half = (area.w - name_w) / 2;
	float p[TOP];

	walk_top(by, classes, k, index, p);
	if (snn)
		canvas_put(canvas, area, area.x + name_w, area.y, (struct pen){.fg = ROLE_SNN, .attr = ATTR_BOLD}, "SNN");
	canvas_put(canvas, area, area.x + name_w + half, area.y, (struct pen){.fg = ROLE_ANN, .attr = ATTR_BOLD}, "ANN");
	for (i = 0; i < k && i + 1 < area.h; i++)
		draw_class(scene, snn, index[i], canvas, (struct rect){area.x, area.y + 1 + i, area.w, 1});
	return i + 1;
}

/* How the ranks stand: the columns of a step, and the steps that share one. */
static int
step_columns(int w, int t, int *each)
{
	int columns = t > 0 ? w / t : 1;

	*each = w > 0 ? (t + w - 1) / w : 1;
	return columns < 1 ? 1 : columns > 6 ? 6 : columns;
}

/* The classes that stand at a rank by t, beside the reference's: grey where they are the same. */
static void
draw_rank(const struct scene *scene, int rank, const int *ann, struct canvas *canvas, struct rect line)
{
	int w = line.w - 12, each, columns = step_columns(w, scene->t, &each), k = rank + 1, index[TOP];
	struct rect left = {line.x, line.y, 7, 1};
	char label[16];
	float p[TOP];

	canvas_printf(canvas, left, line.x, line.y, (struct pen){.fg = ROLE_ANN}, "%s",
		      model_label(scene->model, ann[rank], label));
	canvas_printf(canvas, line, line.x + 8, line.y, (struct pen){.fg = ROLE_DIM}, "%d", rank + 1);
	for (int t = 0; w > 0 && t < scene->t; t += each) {
		int x = line.x + 10 + t / each * columns;
		struct pen pen = {.fg = ROLE_DIM};

		walk_top(scene->step[t].logits, scene->model->classes, k, index, p);
		if (index[rank] != ann[rank])
			pen = (struct pen){.fg = rank == 0 ? ROLE_BAD : ROLE_SNN, .attr = rank == 0 ? ATTR_BOLD : 0};
		model_label(scene->model, index[rank], label);
		canvas_printf(canvas, line, x, line.y, pen, "%.*s", columns > 1 ? columns - 1 : 1,
			      model_label(scene->model, index[rank], label));
	}
}

/* The best class by t, in larger views the five best; returns the rows. */
static int
draw_ranks(const struct scene *scene, struct canvas *canvas, struct rect area)
{
	int classes = scene->model->classes, most = classes < TOP ? classes : TOP, rows = area.h >= 16 ? most : 1, ann[TOP], i;
	float p[TOP];

	walk_top(scene->logits, classes, most, ann, p);
	canvas_put(canvas, area, area.x, area.y, (struct pen){.fg = ROLE_ANN, .attr = ATTR_BOLD}, "ANN");
	canvas_put(canvas, area, area.x + 6, area.y, (struct pen){.fg = ROLE_DIM},
		   rows > 1 ? "rank, classes by t" : "best class by t");
	for (i = 0; i < rows; i++)
		draw_rank(scene, i, ann, canvas, (struct rect){area.x, area.y + 1 + i, area.w, 1});
	return rows + 1;
}

/* Logits by t of the best classes now. */
static void
draw_logits(const struct scene *scene, struct canvas *canvas, struct rect area)
{
	static const color fg[CURVES] = {ROLE_SNN, ROLE_SERIES_C, ROLE_SERIES_D, ROLE_ANN, ROLE_WARN};
	int classes = scene->model->classes, most = area.w >= 60 ? CURVES : 3, k = classes < most ? classes : most, index[CURVES],
	    i;
	int t, n = scene->t;
	struct series series[CURVES];
	struct chart chart = {
	    .series = series, .count = k, .first_x = 1, .x_name = "t", .x_whole = true, .y_name = "logit", .mark_x = NAN};
	char label[CURVES][16];
	float p[CURVES], *y = malloc((size_t)k * (size_t)n * sizeof(*y));
	double ann;

	if (!y)
		return;
	walk_top(scene->minus ? scene->logits : scene_last(scene)->logits, classes, k, index, p);
	for (i = 0; i < k; i++) {
		series[i] = (struct series){.y = y + i * n, .count = n, .letter = (char)('a' + i), .fg = fg[i]};
		series[i].name = model_label(scene->model, index[i], label[i]);
		for (t = 0; t < n; t++)
			y[i * n + t] = scene->step[t].logits[index[i]];
	}
	ann = scene->minus ? 0 : scene->logits[index[0]];
	chart.rule = &ann;
	chart.rule_name = scene->minus ? "no difference" : "ANN a";
	canvas_chart(canvas, area, &chart);
	free(y);
}

static void
readout_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	const struct walk_step *last = scene->shown ? scene_last(scene) : NULL;
	int rows = 0;

	(void)args;
	if (!scene->minus)
		rows = draw_top(scene, last ? last->logits : NULL, canvas, area);
	if (last && !scene->minus && area.h - rows >= 9)
		rows += draw_ranks(scene, canvas, (struct rect){area.x, area.y + rows, area.w, area.h - rows});
	if (last && area.h - rows >= 6)
		draw_logits(scene, canvas, (struct rect){area.x, area.y + rows, area.w, area.h - rows});
}

/* Errors */

static void
error_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	char name[SITE_NAME_MAX];

	if (!scene->model)
		snprintf(out, size, "error");
	else
		snprintf(out, size, "error %s by t, residual stream by layer (relative rmse)",
			 site_name(view_site(scene, args), name));
}

static void
draw_by_t(const struct scene *scene, int site, struct canvas *canvas, struct rect area)
{
	int n = scene->t, last = site_index(scene->model, site_of_block(scene->model, scene->model->depth - 1)), t;
	float *y = malloc(2 * (size_t)n * sizeof(*y));
	struct series series[2] = {{.y = y, .count = n, .letter = 'S', .name = "site", .fg = ROLE_SNN},
				   {.y = y + n, .count = n, .letter = 'R', .name = "last block", .fg = ROLE_ANN}};
	struct chart chart = {
	    .series = series, .count = site == last ? 1 : 2, .first_x = 1, .y_zero = true, .x_name = "t", .x_whole = true};

	chart.y_name = "error";
	chart.mark_x = NAN;
	for (t = 0; y && t < n; t++) {
		y[t] = scene->step[t].site[site].relative;
		y[n + t] = scene->step[t].site[last].relative;
	}
	if (y)
		canvas_chart(canvas, area, &chart);
	free(y);
}

static void
draw_by_layer(const struct scene *scene, struct canvas *canvas, struct rect area)
{
	static const color fg[PROFILES] = {ROLE_SERIES_C, ROLE_SERIES_D, ROLE_SNN};
	int depth = scene->model->depth, t[PROFILES] = {1, (scene->t + 1) / 2, scene->t}, i, layer, n = 0;
	float *y = malloc(PROFILES * (size_t)depth * sizeof(*y));
	struct series series[PROFILES];
	struct chart chart = {
	    .series = series, .x_name = "block", .x_whole = true, .y_name = "residual", .y_zero = true, .mark_x = NAN};
	char name[PROFILES][24];

	for (i = 0; y && i < PROFILES; i++) {
		if (i > 0 && t[i] == t[i - 1])
			continue;
		for (layer = 0; layer < depth; layer++)
			y[n * depth + layer] =
			    scene->step[t[i] - 1].site[site_index(scene->model, site_of_block(scene->model, layer))].relative;
		snprintf(name[n], sizeof(name[n]), "t %d", t[i]);
		series[n] = (struct series){.y = y + n * depth, .count = depth, .letter = (char)('a' + n), .name = name[n]};
		series[n].fg = fg[n];
		n++;
	}
	chart.count = n;
	if (y)
		canvas_chart(canvas, area, &chart);
	free(y);
}

static void
error_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct rect top = area, bottom = area;

	if (area.h >= 10) {
		top.h = (area.h + 1) / 2;
		bottom.y += top.h;
		bottom.h -= top.h;
		draw_by_layer(scene, canvas, bottom);
	} else if (area.w >= 60) {
		top.w = area.w / 2;
		bottom.x += top.w;
		bottom.w -= top.w;
		draw_by_layer(scene, canvas, bottom);
	}
	draw_by_t(scene, site_index(scene->model, view_site(scene, args)), canvas, top);
}

const struct view readout_view = {
    .name = "readout",
    .help = "the five best classes of SNN and ANN, and their logits by t",
    .needs = NEEDS_PICTURE,
    .of = VIEW_OF_EACH,
    .inside = "error",
    .title = readout_title,
    .draw = readout_draw,
};

const struct view error_view = {
    .name = "error",
    .help = "error of a site by t, and of the residual stream by layer",
    .needs = NEEDS_STEP,
    .of = VIEW_OF_EACH,
    .takes_site = true,
    .inside = "residual",
    .title = error_title,
    .draw = error_draw,
};
