/* Every site of one picture, kept. */
#include "ann/ann.h"

#include "base/arena.h"

#include <string.h>

static bool
make_values(struct ann_trace *trace, const struct model *model)
{
	int count = site_count(model);

	trace->value = arena_alloc(trace->arena, (size_t)count * sizeof(*trace->value));
	trace->logits = arena_floats(trace->arena, (size_t)model->classes);
	if (!trace->value || !trace->logits)
		return false;
	for (int i = 0; i < count; i++)
		if (!(trace->value[i] = arena_floats(trace->arena, site_size(model, site_at(model, i)))))
			return false;
	return true;
}

bool
ann_trace_init(struct ann_trace *trace, const struct model *model, struct status *st)
{
	*trace = (struct ann_trace){.arena = arena_new()};
	if (trace->arena && make_values(trace, model))
		return true;
	ann_trace_done(trace);
	return status_nomem(st, "the reference's values");
}

void
ann_trace_done(struct ann_trace *trace)
{
	arena_free(trace->arena);
	memset(trace, 0, sizeof(*trace));
}

struct keeper {
	struct ann_trace *trace;
	const struct model *model;
};

static void
keep(void *ctx, struct site site, int pictures, const float *input, float *data)
{
	const struct keeper *keeper = ctx;

	(void)pictures;
	(void)input;
	memcpy(keeper->trace->value[site_index(keeper->model, site)], data, site_size(keeper->model, site) * sizeof(*data));
}

bool
ann_trace_record(struct ann_trace *trace, struct ann *ann, const float *pixels, struct status *st)
{
	struct keeper keeper = {trace, ann_model(ann)};
	struct ann_observer observer = {keep, &keeper};

	return ann_forward(ann, pixels, 1, trace->logits, &observer, st);
}
