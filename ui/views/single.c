/* The neuron that `neuron` ran: input, membrane, spikes, and rate against current. */
#include "ui/views/parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void
single_title(const struct scene *scene, const struct view_args *args, char *out, size_t size)
{
	(void)args;
	if (scene->single)
		snprintf(out, size, "single neuron: %s", neuron_name(scene->single->settings.kind));
	else
		snprintf(out, size, "single neuron");
}

static void
draw_membrane(const struct single *single, struct canvas *canvas, struct rect area)
{
	const struct single_trace *trace = &single->trace;
	struct series series[2] = {
	    {.y = trace->membrane, .count = trace->steps, .letter = 'u', .name = "membrane", .fg = ROLE_SNN},
	    {.y = trace->input, .count = trace->steps, .letter = 'x', .name = "input", .fg = ROLE_SERIES_D}};
	double threshold = (double)single->settings.threshold;
	struct chart chart = {.series = series, .count = 2, .first_x = 1, .x_name = "step", .x_whole = true, .mark_x = NAN};

	chart.rule = &threshold;
	chart.rule_name = "threshold";
	chart.y_zero = true;
	canvas_chart(canvas, area, &chart);
}

static void
draw_sent(const struct single *single, struct canvas *canvas, struct rect line)
{
	const struct single_trace *trace = &single->trace;
	double hi = 1e-9;

	for (int i = 0; i < trace->steps; i++)
		hi = fmax(hi, (double)fabsf(trace->sent[i]));
	canvas_put(canvas, line, line.x, line.y, (struct pen){.fg = ROLE_DIM}, "sent");
	canvas_spark(canvas, line, line.x + 6, line.y, line.w - 6, trace->sent, trace->steps, hi, ROLE_SNN);
}

static bool
has_theory(const struct single *single)
{
	return isfinite(single->curve.theory[0]);
}

static void
draw_curve(const struct single *single, struct canvas *canvas, struct rect area)
{
	const struct single_curve *curve = &single->curve;
	bool leaky = neuron_type(single->settings.kind)->leaky;
	struct series series[2] = {
	    {.x = curve->current, .y = curve->theory, .count = SINGLE_CURVE, .letter = 't', .name = "formula", .fg = ROLE_ANN},
	    {.x = curve->current, .y = curve->rate, .count = SINGLE_CURVE, .letter = 'r', .fg = ROLE_SNN}};
	struct chart chart = {.series = series, .count = 2, .x_name = "current", .y_zero = true, .mark_x = NAN};

	series[1].name = leaky ? "spikes per unit of time" : single->settings.once ? "sent in all" : "sent per step";
	if (!has_theory(single)) {
		chart.series = &series[1];
		chart.count = 1;
	}
	if (!single->settings.train)
		chart.mark_x = (double)single->settings.current;
	canvas_chart(canvas, area, &chart);
}

static void
single_draw(const struct scene *scene, const struct view_args *args, struct canvas *canvas, struct rect area)
{
	const struct single *single = scene->single;
	struct rect left = area, right = area;

	(void)args;
	if (!single) {
		canvas_wrap(canvas, area, (struct pen){.fg = ROLE_DIM}, "no neuron yet: neuron lif --current 1.5");
		return;
	}
	if (area.w >= 60) {
		left.w = area.w * 3 / 5;
		right.x += left.w + 1;
		right.w -= left.w + 1;
		draw_curve(single, canvas, right);
	} else if (area.h >= 14) {
		left.h = area.h * 3 / 5;
		right.y += left.h;
		right.h -= left.h;
		draw_curve(single, canvas, right);
	}
	if (left.h >= 6)
		draw_sent(single, canvas, (struct rect){left.x, left.y + --left.h, left.w, 1});
	draw_membrane(single, canvas, left);
}

const struct view single_view = {
    .name = "single",
    .help = "the neuron that `neuron` ran: membrane, spikes, rate against current",
    .needs = NEEDS_NOTHING,
    .of = VIEW_OF_ONE,
    .title = single_title,
    .draw = single_draw,
};
