/* One product of the attention scores, step by step: docs/methods.md#products-of-two-trains for one query and key. */
#include "model/graph.h"
#include "ui/views/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
product_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	if (!scene->model)
		snprintf(out, size, "product");
	else
		snprintf(out, size, "product blocks.%d head %d: q %d · k %d", view_layer(scene, args), view_head(scene, args),
			 view_q(scene, args), view_k(scene, args));
}

struct inspector {
	const struct scene *scene;
	struct neuron_logs logs;
	int t;      /* the last step known */
	double ann; /* the reference's score; NAN: none */
	bool mean;
};

static double
dot(const float *a, const float *b, int n)
{
	double sum = 0;

	for (int i = 0; i < n; i++)
		sum += (double)a[i] * (double)b[i];
	return sum;
}

static int
nonzero(const float *x, int n)
{
	int count = 0;

	for (int i = 0; i < n; i++)
		count += x[i] != 0;
	return count;
}

/* A_t B_t of both plans or their difference, scaled as the score is. */
static double
outer(const struct inspector *in, int t)
{
	int d = graph_maps(in->scene->model).head_dim;
	const struct history_point *a = &in->logs.first.point[t - 1];
	const struct history_point *b = in->logs.both ? &in->logs.second.point[t - 1] : NULL;

	return (dot(a->A, a->B, d) - (b ? dot(b->A, b->B, d) : 0)) / sqrt(d);
}

/* The columns, most important first; those that do not fit are left out. */
enum column { COLUMN_T, COLUMN_VALUE, COLUMN_CORRECTION, COLUMN_SUM, COLUMN_PRODUCT, COLUMN_Q, COLUMN_K, COLUMNS };

static const struct {
	const char *name;
	int place, w; /* from left to right */
	color fg;
} columns[COLUMNS] = {
    [COLUMN_T] = {"t", 0, 4, ROLE_DIM},
    [COLUMN_Q] = {"q spikes", 1, 10, ROLE_DEFAULT},
    [COLUMN_K] = {"k spikes", 2, 10, ROLE_DEFAULT},
    [COLUMN_PRODUCT] = {"A·B", 3, 9, ROLE_DEFAULT},
    [COLUMN_CORRECTION] = {"correct.", 4, 10, ROLE_SERIES_C},
    [COLUMN_SUM] = {"sum sent", 5, 10, ROLE_DEFAULT},
    [COLUMN_VALUE] = {"estimate", 6, 10, ROLE_SNN},
};

static const char *
cell_text(const struct inspector *in, enum column c, int t, char *out, size_t size)
{
	int d = graph_maps(in->scene->model).head_dim;
	const struct history_point *first = &in->logs.first.point[t - 1];
	struct history_point p = neuron_logs_at(&in->logs, t);

	switch (c) {
	case COLUMN_T:
		snprintf(out, size, "%d", t);
		return out;
	case COLUMN_Q:
	case COLUMN_K:
		snprintf(out, size, "%d of %d", nonzero(c == COLUMN_Q ? first->a : first->b, d), d);
		return in->logs.both ? "" : out;
	case COLUMN_PRODUCT:
		return short_number(outer(in, t), out, size);
	case COLUMN_CORRECTION:
		snprintf(out, size, "%s", p.score_sent > 0 ? "+" : "");
		short_number((double)p.score_sent, out + strlen(out), size - strlen(out));
		return out;
	case COLUMN_SUM:
		return short_number((double)p.score_sum, out, size);
	default:
		return short_number((double)p.score_sum / (in->mean ? t : 1), out, size);
	}
}

/* How many of the columns, in order of importance, fit. */
static int
columns_that_fit(int w)
{
	int n = 0, used = 0;

	while (n < COLUMNS && used + columns[n].w <= w)
		used += columns[n++].w;
	return n;
}

static int
column_end(int fitting, enum column c)
{
	int end = 0;

	for (int i = 0; i < fitting; i++)
		if (columns[i].place <= columns[c].place)
			end += columns[i].w;
	return end;
}

static void
draw_table(const struct inspector *in, struct canvas *canvas, struct rect area)
{
	int n = columns_that_fit(area.w), rows = area.h - 1, first = in->t - rows + 1;
	char text[32];

	for (int c = 0; c < n; c++) {
		int end = area.x + column_end(n, (enum column)c);

		canvas_put_right(canvas, area, end - 1, area.y, (struct pen){.fg = ROLE_DIM}, columns[c].name);
		for (int i = 0; i < rows; i++) {
			int t = (first < 1 ? 1 : first) + i;
			struct pen pen = {.fg = columns[c].fg, .attr = t == in->t ? ATTR_BOLD : 0};

			if (t > in->t)
				break;
			canvas_put_right(canvas, area, end - 1, area.y + 1 + i, pen,
					 cell_text(in, (enum column)c, t, text, sizeof(text)));
		}
	}
}

/* The trains' values and what arrived in the last step, by dimension of the head. */
static void
draw_strip(const struct inspector *in, const char *name, const float *x, double divisor, struct canvas *canvas, struct rect line)
{
	int d = graph_maps(in->scene->model).head_dim;
	float *data = malloc((size_t)d * sizeof(*data));
	struct heat heat = {.data = data, .rows = 1, .cols = d, .is_signed = true, .hi = 1e-9, .mark_row = -1, .mark_col = -1};

	for (int i = 0; data && i < d; i++) {
		data[i] = x[i] / (float)divisor;
		heat.hi = fmax(heat.hi, (double)fabsf(data[i]));
	}
	canvas_put(canvas, line, line.x, line.y, (struct pen){.fg = ROLE_DIM}, name);
	if (data)
		canvas_heat(canvas, (struct rect){line.x + 7, line.y, line.w - 7, 1}, &heat);
	free(data);
}

static int
draw_trains(const struct inspector *in, struct canvas *canvas, struct rect area)
{
	const struct history_point *p = &in->logs.first.point[in->t - 1];
	double divisor = in->mean ? in->t : 1;
	struct rect line = {area.x, area.y, area.w, 1};

	draw_strip(in, "q a_t", p->a, 1, canvas, line);
	line.y++;
	draw_strip(in, in->mean ? "  A/t" : "  A_t", p->A, divisor, canvas, line);
	line.y++;
	draw_strip(in, "k b_t", p->b, 1, canvas, line);
	line.y++;
	draw_strip(in, in->mean ? "  B/t" : "  B_t", p->B, divisor, canvas, line);
	return 4;
}

static void
draw_curve(const struct inspector *in, struct canvas *canvas, struct rect area)
{
	int n = in->t;
	float *y = malloc((size_t)n * sizeof(*y));
	struct series series = {.y = y, .count = n, .letter = 's', .name = "estimate", .fg = ROLE_SNN};
	struct chart chart = {.series = &series, .count = 1, .first_x = 1, .x_name = "t", .x_whole = true, .mark_x = NAN};

	for (int t = 1; y && t <= n; t++)
		y[t - 1] = neuron_logs_at(&in->logs, t).score_sum / (in->mean ? (float)t : 1);
	if (isfinite(in->ann)) {
		chart.rule = &in->ann;
		chart.rule_name = "ANN";
	}
	if (y)
		canvas_chart(canvas, area, &chart);
	free(y);
}

static int
draw_heading(const struct inspector *in, struct canvas *canvas, struct rect area)
{
	char number[16];
	int x = area.x;

	x += canvas_put(canvas, area, x, area.y, (struct pen){.fg = ROLE_DIM},
			in->mean ? "y = A·B/t − (A·B/t) before" : "y = A·B − (A·B) before");
	if (isfinite(in->ann))
		canvas_printf(canvas, area, x + 2, area.y, (struct pen){.fg = ROLE_ANN, .attr = ATTR_BOLD}, "ANN %s",
			      short_number(in->ann, number, sizeof(number)));
	return 1;
}

static void
product_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct inspector in = {
	    .scene = scene, .logs = view_neuron_logs(scene, args), .mean = scene->plan && scene->plan->mean_decoded};
	size_t n;
	int rows = 0, curve;

	in.t = in.logs.count;
	if (in.t < 1) {
		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, "reading the steps again ...");
		return;
	}
	n = (size_t)graph_maps(scene->model).tokens;
	in.ann = scene_reference_element(scene, site_in(SITE_QK, view_layer(scene, args)),
					 ((size_t)view_head(scene, args) * n + (size_t)view_q(scene, args)) * n +
					     (size_t)view_k(scene, args));
	if (area.h >= 6)
		rows += draw_heading(&in, canvas, area);
	if (area.h >= 14 && !in.logs.both)
		rows += draw_trains(&in, canvas, (struct rect){area.x, area.y + rows, area.w, area.h - rows});
	curve = area.h - rows >= 14 ? (area.h - rows) / 2 : 0;
	draw_table(&in, canvas, (struct rect){area.x, area.y + rows, area.w, area.h - rows - curve});
	if (curve)
		draw_curve(&in, canvas, (struct rect){area.x, area.y + area.h - curve, area.w, curve});
}

const struct view product_view = {
    .name = "product",
    .help = "the product of a query and a key by t: what arrived, estimate, correction, sum sent",
    .needs = NEEDS_STEP,
    .of = VIEW_OF_EACH,
    .takes_site = true,
    .inside = "patches",
    .unfit = view_needs_attention,
    .title = product_title,
    .draw = product_draw,
};
