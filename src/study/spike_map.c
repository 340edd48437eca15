/* Error and spikes over sizes and steps. */
#include "study/spike.h"

#include <math.h>

/* Levels that a ramp has after T steps: of one spike a step, or as many as the neuron's. */
static double
ramp_levels(const struct spike_options *options, int T)
{
	const struct neuron_type *type = neuron_type(options->neuron);
	int burst = options->burst > 0 ? options->burst : neuron_defaults(options->neuron).burst;

	return type->ramp_levels ? type->ramp_levels(burst, T) : T;
}

static bool
make_relu(struct ugo *to, const struct ugo_request *request, enum ugo_facing facing, struct status *st)
{
	struct ugo fitted = {0};
	bool ok;

	if (facing == UGO_FACING_BEST)
		return ugo_fit(to, request, st);
	ok = ugo_fit(&fitted, request, st) && ugo_face(to, &fitted, facing, st);
	ugo_done(&fitted);
	return ok;
}

/* Of two ramp fits the one whose spikes err less on the training points; takes both. */
static bool
better_ramps(struct ugo *to, struct ugo *one, struct ugo *two, const struct spike_options *options, struct status *st)
{
	struct spike_result a, b;
	struct spike_inputs train = {0};
	bool ok = spike_inputs_constant(&train, one, 0.25, SPIKE_POINTS, st) && spike_run(one, options, &train, &train, &a, st) &&
		  spike_run(two, options, &train, &train, &b, st);

	spike_inputs_done(&train);
	if (ok && b.rmse < a.rmse) {
		struct ugo swap = *one;

		*one = *two;
		*two = swap;
	}
	ugo_done(two);
	if (!ok)
		ugo_done(one);
	*to = *one;
	return ok;
}

static bool
make_ramps(struct ugo *to, const struct ugo_request *request, const struct spike_options *options, struct status *st)
{
	struct ugo balanced = {0}, fitted = {0}, square = {0};
	bool ok = ugo_fit_ramps(&balanced, request, ramp_levels(options, options->T), st) && ugo_fit(&fitted, request, st) &&
		  ugo_ramps(&square, &fitted, st);

	ugo_done(&fitted);
	if (ok)
		return better_ramps(to, &balanced, &square, options, st);
	ugo_done(&balanced);
	ugo_done(&square);
	return false;
}

bool
spike_make(struct ugo *to, const struct spike_plan *plan, int hidden, int T, struct status *st)
{
	struct ugo_request request = plan->request;
	struct spike_options options = plan->options;
	struct curve *curve = NULL;
	bool ok = !plan->reduce || spike_reduce(&request, &curve, st);

	request.hidden = hidden;
	options.T = T;
	ok = ok && (plan->ramps ? make_ramps(to, &request, &options, st) : make_relu(to, &request, plan->facing, st));
	curve_free(curve);
	return ok;
}

/* The points that errors are measured at: those of the whole function, reduced or not. */
static bool
map_inputs(struct spike_inputs *in, const struct spike_plan *plan, double place, struct status *st)
{
	struct ugo whole = {.name = "map",
			    .known = plan->request.curve == NULL,
			    .function = plan->request.function,
			    .curve = plan->request.curve,
			    .lo = plan->request.lo,
			    .hi = plan->request.hi,
			    .weighting = plan->request.weighting,
			    .normal = plan->request.normal,
			    .bins = plan->request.bins};

	/* Borrowed for as long as the call: nothing frees it. */
	whole.density = (double *)(uintptr_t)plan->request.density;
	if (!spike_inputs_constant(in, &whole, place, SPIKE_POINTS, st))
		return false;
	if (plan->reduce)
		spike_inputs_reduce(in, plan->request.function);
	return true;
}

static bool
map_size(struct spike_map *map, const struct spike_plan *plan, int hidden, const struct spike_inputs in[2], struct status *st)
{
	struct ugo u = {0};
	bool ok = true;

	for (int k = 0; ok && k < plan->steps; k++) {
		struct spike_cell *cell = &map->cell[map->count + k];
		struct spike_options options = plan->options;

		options.T = plan->T[k];
		*cell = (struct spike_cell){.hidden = hidden, .T = plan->T[k]};
		if (k == 0 || plan->ramps) { /* ramps depend on T */
			ugo_done(&u);
			ok = spike_make(&u, plan, hidden, plan->T[k], st);
		}
		ok = ok && spike_run(&u, &options, &in[0], &in[1], &cell->result, st);
	}
	ugo_done(&u);
	if (ok)
		map->count += plan->steps;
	return ok;
}

static void
map_front(struct spike_map *map)
{
	for (int i = 0; i < map->count; i++) {
		struct spike_result *a = &map->cell[i].result;

		map->cell[i].front = true;
		for (int j = 0; j < map->count; j++) {
			const struct spike_result *b = &map->cell[j].result;

			if (b->spikes <= a->spikes && b->rmse <= a->rmse && (b->spikes < a->spikes || b->rmse < a->rmse))
				map->cell[i].front = false;
		}
	}
}

bool
spike_map_make(struct spike_map *map, const struct spike_plan *plan, const struct progress *progress, struct status *st)
{
	struct spike_inputs in[2] = {{0}, {0}};
	bool ok = map_inputs(&in[0], plan, 0.25, st) && map_inputs(&in[1], plan, 0.75, st);

	map->count = 0;
	for (int i = 0; ok && i < plan->sizes; i++) {
		ok = progress_report(progress, "sizes", i, plan->sizes) ||
		     status_fail(st, STATUS_CANCELLED, "stopped after %d of %d sizes", i, plan->sizes);
		ok = ok && map_size(map, plan, plan->hidden[i], in, st);
	}
	map_front(map);
	spike_inputs_done(&in[0]);
	spike_inputs_done(&in[1]);
	return ok;
}
