#include "study/walk/recording.h"

#include <stdlib.h>
#include <string.h>

int
recording_block(const struct model *model, struct site site)
{
	if (site.block >= 0 || !site_is_stepped(site.kind))
		return site.block;
	return site.kind == SITE_POOL ? model->depth - 1 : 0;
}

bool
recording_init(struct recording *r, const struct plan *plan, size_t budget, struct status *st)
{
	const struct model *model = plan->model;
	int sites = site_count(model);

	*r = (struct recording){.plan = plan, .budget = budget};
	r->held = calloc((size_t)model->depth, sizeof(*r->held));
	r->floats = calloc((size_t)model->depth, sizeof(*r->floats));
	r->offset = calloc((size_t)sites, sizeof(*r->offset));
	if (!r->held || !r->floats || !r->offset) {
		recording_done(r);
		return status_nomem(st, "a recording");
	}
	for (int i = 0; i < sites; i++) {
		int block = recording_block(model, site_at(model, i));

		if (block < 0)
			continue;
		r->offset[i] = r->floats[block];
		r->floats[block] += site_size(model, site_at(model, i));
	}
	return true;
}

static void
drop_block(struct recording *r, int block)
{
	for (int t = 0; t < r->count; t++) {
		float **at = &r->step[(size_t)t * (size_t)r->plan->model->depth + (size_t)block];

		if (*at)
			r->bytes -= r->floats[block] * sizeof(float);
		free(*at);
		*at = NULL;
	}
	r->held[block] = false;
}

void
recording_done(struct recording *r)
{
	for (int b = 0; r->held && r->floats && b < r->plan->model->depth; b++)
		drop_block(r, b);
	free(r->held);
	free(r->floats);
	free(r->offset);
	free(r->step);
	*r = (struct recording){0};
}

static size_t
bytes_of(const struct recording *r, const bool *blocks)
{
	size_t floats = 0;

	for (int b = 0; b < r->plan->model->depth; b++)
		floats += !blocks || blocks[b] ? r->floats[b] : 0;
	return floats * sizeof(float);
}

void
recording_start(struct recording *r, const bool *wanted, int steps)
{
	size_t n = (size_t)(steps > 0 ? steps : 1);

	for (int b = 0; b < r->plan->model->depth; b++)
		drop_block(r, b);
	r->count = 0;
	for (int b = 0; b < r->plan->model->depth; b++)
		r->held[b] = bytes_of(r, NULL) <= r->budget / n || (wanted[b] && bytes_of(r, wanted) <= r->budget / n);
}

/* Gives up blocks until one more step fits. */
static void
make_room(struct recording *r, const bool *wanted)
{
	for (int pass = 0; pass < 2; pass++)
		for (int b = 0; b < r->plan->model->depth && r->bytes + bytes_of(r, r->held) > r->budget; b++)
			if (r->held[b] && (pass == 1 || !wanted[b]))
				drop_block(r, b);
}

static bool
reserve(struct recording *r)
{
	size_t depth = (size_t)r->plan->model->depth;
	int capacity = r->capacity ? 2 * r->capacity : 32;
	float **grown;

	if (r->count < r->capacity)
		return true;
	grown = realloc(r->step, (size_t)capacity * depth * sizeof(*grown));
	if (!grown)
		return false;
	r->step = grown;
	r->capacity = capacity;
	return true;
}

static float *
copy_block(const struct recording *r, const struct snn *snn, int block)
{
	float *copy = malloc(r->floats[block] * sizeof(*copy));
	const struct model *model = r->plan->model;

	for (int i = 0; copy && i < site_count(model); i++) {
		struct site site = site_at(model, i);

		if (recording_block(model, site) == block)
			memcpy(copy + r->offset[i], snn_source(snn, site), site_size(model, site) * sizeof(*copy));
	}
	return copy;
}

bool
recording_add(struct recording *r, const struct snn *snn, const bool *wanted, struct status *st)
{
	size_t depth = (size_t)r->plan->model->depth;
	float **step;
	bool ok = true;

	make_room(r, wanted);
	if (!reserve(r))
		return status_nomem(st, "a recording");
	step = r->step + (size_t)r->count * depth;
	for (size_t b = 0; b < depth; b++) {
		step[b] = r->held[b] && ok ? copy_block(r, snn, (int)b) : NULL;
		ok = ok && (step[b] || !r->held[b]);
	}
	for (size_t b = 0; !ok && b < depth; b++)
		free(step[b]);
	if (!ok)
		return status_nomem(st, "a recording");
	r->bytes += bytes_of(r, r->held);
	r->count++;
	return true;
}

const float *
recording_source(const struct recording *r, struct site site, int t)
{
	const struct model *model = r->plan->model;
	int at = recording_block(model, site);
	const float *block;

	if (at < 0 || t < 1 || t > r->count)
		return NULL;
	block = r->step[(size_t)(t - 1) * (size_t)model->depth + (size_t)at];
	return block ? block + r->offset[site_index(model, site)] : NULL;
}
