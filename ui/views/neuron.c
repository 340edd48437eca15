/* One neuron by t: membrane against its threshold, and what it sent. */
#include "ui/views/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CURVES = 3 };

static void
neuron_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	char name[SITE_NAME_MAX];

	if (!scene->model)
		snprintf(out, size, "neuron");
	else
		snprintf(out, size, "neuron %s[%d]", site_name(view_site(scene, args), name), view_neuron(scene, args));
}

/* The numbers of all steps known, each [t]. */
struct trace {
	int t;
	float *membrane, *threshold, *below, *count, *value;
};

static bool
trace_make(struct trace *trace, const struct neuron_logs *logs, int t)
{
	trace->membrane = malloc(5 * (size_t)t * sizeof(float));
	if (!trace->membrane)
		return false;
	trace->t = t;
	trace->threshold = trace->membrane + t;
	trace->below = trace->threshold + t;
	trace->count = trace->below + t;
	trace->value = trace->count + t;
	for (int i = 0; i < t; i++) {
		struct history_point p = neuron_logs_at(logs, i + 1);

		trace->membrane[i] = p.membrane;
		trace->threshold[i] = p.threshold;
		trace->below[i] = -p.threshold;
		trace->count[i] = p.count;
		trace->value[i] = p.value;
	}
	return true;
}

static bool
has_membrane(const struct trace *trace)
{
	return isfinite(trace->membrane[trace->t - 1]);
}

static int
draw_numbers(const struct scene *scene, const struct view_args *args, const struct trace *trace, int unit, struct canvas *canvas,
	     struct rect area)
{
	struct site site = view_site(scene, args);
	double ann = scene_reference_element(scene, site, (size_t)view_neuron(scene, args));
	char a[16], b[16];
	int x = area.x;

	x += canvas_printf(canvas, area, x, area.y, (struct pen){.fg = ROLE_SNN, .attr = ATTR_BOLD}, "value %s",
			   short_number((double)trace->value[trace->t - 1], a, sizeof(a))) +
	     2;
	if (isfinite(ann))
		x += canvas_printf(canvas, area, x, area.y, (struct pen){.fg = ROLE_ANN, .attr = ATTR_BOLD}, "ANN %s",
				   short_number(ann, b, sizeof(b))) +
		     2;
	if (unit >= 0)
		x += canvas_printf(canvas, area, x, area.y, (struct pen){0}, "hidden neuron %d", unit) + 2;
	if (has_membrane(trace))
		canvas_printf(canvas, area, x, area.y, (struct pen){0}, "membrane %s of θ %s",
			      short_number((double)trace->membrane[trace->t - 1], a, sizeof(a)),
			      short_number((double)trace->threshold[trace->t - 1], b, sizeof(b)));
	return 1;
}

/* A graded site has a value and no membrane. */
static void
draw_curves(const struct scene *scene, const struct trace *trace, struct canvas *canvas, struct rect area)
{
	struct series series[CURVES] = {
	    {.y = trace->membrane, .count = trace->t, .letter = 'u', .name = "membrane", .fg = ROLE_SNN},
	    {.y = trace->threshold, .count = trace->t, .letter = '+', .name = "±threshold", .fg = ROLE_DIM},
	    {.y = trace->below, .count = trace->t, .letter = '-', .fg = ROLE_DIM},
	};
	struct series value = {.y = trace->value, .count = trace->t, .letter = 'v', .name = "value", .fg = ROLE_SNN};
	struct chart chart = {.first_x = 1, .x_name = "t", .x_whole = true, .mark_x = NAN};

	chart.series = has_membrane(trace) ? series : &value;
	chart.count = !has_membrane(trace) || scene->minus ? 1 : CURVES;
	canvas_chart(canvas, area, &chart);
}

/* Up for spikes, down for those that take back; one column a step, or the largest of several. */
static void
draw_spikes(const struct trace *trace, struct canvas *canvas, struct rect area)
{
	int x = area.x + 8, w = area.w - 8;
	float *size = malloc((size_t)trace->t * sizeof(*size));
	double hi = 1;

	if (!size || w < 1) {
		free(size);
		return;
	}
	for (int sign = 1; sign >= -1; sign -= 2) {
		for (int i = 0; i < trace->t; i++) {
			size[i] = fmaxf((float)sign * trace->count[i], 0);
			hi = fmax(hi, (double)size[i]);
		}
		canvas_put(canvas, area, area.x, area.y + (sign < 0), (struct pen){.fg = ROLE_DIM},
			   sign > 0 ? "sent +" : "     −");
		canvas_spark(canvas, area, x, area.y + (sign < 0), w, size, trace->t, hi, sign > 0 ? ROLE_SNN : ROLE_ANN);
	}
	free(size);
}

static void
neuron_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	struct trace trace = {0};
	struct neuron_logs logs = view_neuron_logs(scene, args);
	int t = logs.count, rows;

	if (t < 1 || !trace_make(&trace, &logs, t)) {
		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, "reading the steps again ...");
		return;
	}
	rows = draw_numbers(scene, args, &trace, logs.first.unit, canvas, area);
	area.y += rows;
	area.h -= rows;
	if (area.h >= 7 && isfinite(trace.count[t - 1])) {
		draw_spikes(&trace, canvas, (struct rect){area.x, area.y + area.h - 2, area.w, 2});
		area.h -= 2;
	}
	if (area.h > 0)
		draw_curves(scene, &trace, canvas, area);
	free(trace.membrane);
}

const struct view neuron_view = {
    .name = "neuron",
    .help = "membrane, threshold and spikes of a neuron by t",
    .needs = NEEDS_STEP,
    .of = VIEW_OF_EACH,
    .takes_site = true,
    .inside = "histogram",
    .title = neuron_title,
    .draw = neuron_draw,
};
