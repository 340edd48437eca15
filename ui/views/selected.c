/* What is selected: one query and key of an attention map, one neuron of a site. */
#include "model/graph.h"
#include "ui/views/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
selected_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	if (!scene->model)
		snprintf(out, size, "selected");
	else if (graph_maps(scene->model).heads == 0)
		snprintf(out, size, "selected: neuron %d", view_neuron(scene, args));
	else
		snprintf(out, size, "selected: q %d, k %d", view_q(scene, args), view_k(scene, args));
}

static int
line_pair(struct canvas *canvas, struct rect area, int y, const char *name, double snn, double ann, double change)
{
	char a[16], b[16], c[16];
	int x = area.x;

	if (y >= area.y + area.h)
		return y;
	canvas_put(canvas, area, x, y, (struct pen){0}, name);
	canvas_put(canvas, area, x + 8, y, (struct pen){.fg = ROLE_SNN}, short_number(snn, a, sizeof(a)));
	canvas_put(canvas, area, x + 15, y, (struct pen){.fg = ROLE_ANN}, isfinite(ann) ? short_number(ann, b, sizeof(b)) : "");
	snprintf(c, sizeof(c), "%s", change < 0 ? "" : "+");
	short_number(change, c + strlen(c), sizeof(c) - strlen(c));
	canvas_put(canvas, area, x + 22, y, (struct pen){.fg = ROLE_DIM}, isfinite(change) ? c : "");
	return y + 1;
}

static int
draw_pair(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	static const struct {
		const char *name;
		enum site_kind kind;
	} part[] = {{"score", SITE_QK}, {"weight", SITE_SOFTMAX}};
	size_t n = (size_t)graph_maps(scene->model).tokens, i;
	size_t at = ((size_t)view_head(scene, args) * n + (size_t)view_q(scene, args)) * n + (size_t)view_k(scene, args);
	struct pen dim = {.fg = ROLE_DIM};
	int y = area.y;

	if (graph_maps(scene->model).heads == 0)
		return y;
	canvas_put(canvas, area, area.x, y, dim, "q·k");
	canvas_put(canvas, area, area.x + 8, y, (struct pen){.fg = ROLE_SNN, .attr = ATTR_BOLD}, "SNN");
	canvas_put(canvas, area, area.x + 15, y, (struct pen){.fg = ROLE_ANN, .attr = ATTR_BOLD}, "ANN");
	canvas_put(canvas, area, area.x + 22, y++, dim, "step");
	for (i = 0; i < sizeof(part) / sizeof(*part); i++) {
		struct site site = site_in(part[i].kind, view_layer(scene, args));

		y = line_pair(canvas, area, y, part[i].name, scene_element(scene, site, SNN_VALUE, at),
			      scene_reference_element(scene, site, at), scene_element(scene, site, SNN_CORRECTION, at));
	}
	return y;
}

/* Spikes of the recorded neuron nearest to the selected one, by t. */
static void
draw_spikes(const struct scene *scene, struct site site, size_t at, struct canvas *canvas, struct rect area, int y)
{
	int first, last, stride, n, t, index = site_index(scene->model, site), neuron;
	float *size;
	double hi = 1;

	n = scene->spikes ? spike_log_neurons(scene->spikes, index, &stride) : 0;
	if (n == 0 || !spike_log_span(scene->spikes, &first, &last) ||
	    !(size = calloc((size_t)(last - first + 1), sizeof(*size))))
		return;
	neuron = (int)at / stride;
	for (t = first; t <= last; t++) {
		const int8_t *counts = spike_log_counts(scene->spikes, index, t);

		size[t - first] = counts && neuron < n ? fabsf((float)counts[neuron]) : 0;
		hi = fmax(hi, size[t - first]);
	}
	canvas_put(canvas, area, area.x, y, (struct pen){.fg = ROLE_DIM}, "spikes");
	canvas_spark(canvas, area, area.x + 8, y, area.w - 8, size, last - first + 1, hi, ROLE_SNN);
	free(size);
}

static int
draw_neuron(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area, int y)
{
	struct site site = view_site(scene, args);
	size_t at = (size_t)view_neuron(scene, args);
	char name[SITE_NAME_MAX], a[16], b[16];
	double membrane, theta;

	if (at >= site_size(scene->model, site))
		at = 0;
	membrane = scene_element(scene, site, SNN_MEMBRANE, at);
	theta = scene_element(scene, site, SNN_THRESHOLD, at);
	canvas_printf(canvas, area, area.x, y++, (struct pen){.attr = ATTR_BOLD}, "%s[%zu]", site_name(site, name), at);
	y = line_pair(canvas, area, y, "value", scene_element(scene, site, SNN_VALUE, at),
		      scene_reference_element(scene, site, at), scene_element(scene, site, SNN_CORRECTION, at));
	if (isfinite(membrane) && y < area.y + area.h)
		canvas_printf(canvas, area, area.x, y++, (struct pen){0}, "memb.   %s of θ %s",
			      short_number(membrane, a, sizeof(a)), short_number(theta, b, sizeof(b)));
	if (y < area.y + area.h)
		draw_spikes(scene, site, at, canvas, area, y++);
	return y;
}

/* Error of the selected site by t. */
static void
draw_error(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	int index = site_index(scene->model, view_site(scene, args)), i, n = scene->t;
	float *y = malloc((size_t)n * sizeof(*y));
	struct series s = {.y = y, .count = n, .letter = 'e', .fg = ROLE_SNN};
	struct chart chart = {
	    .series = &s, .count = 1, .first_x = 1, .y_zero = true, .x_name = "t", .x_whole = true, .mark_x = NAN};

	chart.y_name = "error, relative";
	for (i = 0; y && i < n; i++)
		y[i] = scene->step[i].site[index].relative;
	if (y)
		canvas_chart(canvas, area, &chart);
	free(y);
}

static void
selected_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	int y;

	y = draw_pair(scene, args, canvas, area);
	if (area.h >= 8)
		y = draw_neuron(scene, args, canvas, area, y);
	if (area.y + area.h - y >= 4)
		draw_error(scene, args, canvas, (struct rect){area.x, y, area.w, area.y + area.h - y});
}

const struct view selected_view = {
    .name = "selected",
    .help = "the selected query and key, and the selected site: values, spikes and error by t",
    .needs = NEEDS_STEP,
    .of = VIEW_OF_EACH,
    .takes_site = true,
    .inside = "neuron",
    .title = selected_title,
    .draw = selected_draw,
};
