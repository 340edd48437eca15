#include "tests/support/scene.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void *
made(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size);

	assert_non_null(p);
	return p;
}

static const struct made_values *
find(const struct made_scene *m, struct site site, enum snn_quantity q)
{
	for (int i = 0; i < m->count; i++)
		if (m->values[i].site.kind == site.kind && m->values[i].site.block == site.block && m->values[i].q == q)
			return &m->values[i];
	return NULL;
}

static bool
probe(const void *from, struct site site, enum snn_quantity q, struct tensor *out)
{
	const struct made_scene *m = from;
	const struct made_values *v = find(m, site, q);
	int dim[TENSOR_DIMS], dims = site_shape(m->scene.model, site, dim);

	if (!v)
		return false;
	assert_true(tensor_shape(out, dims, dim));
	memcpy(out->data, v->data, tensor_size(out) * sizeof(*v->data));
	return true;
}

static double
element(const void *from, struct site site, enum snn_quantity q, size_t index)
{
	const struct made_values *v = find(from, site, q);

	return v ? (double)v->data[index] : NAN;
}

static bool
read_points(void *from, const struct history_request *request, struct neuron_log *out)
{
	struct made_scene *m = from;

	*out = (struct neuron_log){m->point, m->points, request->unit >= 0 ? request->unit : m->unit};
	return true;
}

static void
make_steps(struct made_scene *m, const struct model *model, int t)
{
	size_t d = (size_t)model->head_dim, classes = (size_t)model->classes, sites = (size_t)site_count(model);

	m->step = made((size_t)t, sizeof(*m->step));
	m->point = made((size_t)t, sizeof(*m->point));
	for (int i = 0; i < t; i++) {
		float *a = made(4 * d, sizeof(*a));

		m->step[i].logits = made(classes, sizeof(float));
		m->step[i].site = made(sites, sizeof(*m->step[i].site));
		m->point[i].a = a;
		m->point[i].b = a + d;
		m->point[i].A = a + 2 * d;
		m->point[i].B = a + 3 * d;
	}
	m->points = t;
	m->unit = -1;
}

static void
make_plan(struct made_scene *m, const struct model *model)
{
	m->plan = (struct plan){.model = model, .recipe = "made", .T = 16, .mean_decoded = true, .sites = site_count(model)};
	m->plan.site = made((size_t)m->plan.sites, sizeof(*m->plan.site));
	memset(m->plan.hash, 'c', sizeof(m->plan.hash) - 1);
	memcpy(m->plan.hash, "cafe", 4);
}

static void
make_spikes(struct made_scene *m, const struct model *model)
{
	struct status st = {0};
	bool *spiking = made((size_t)site_count(model), sizeof(*spiking));

	memset(spiking, true, (size_t)site_count(model));
	m->spikes = spike_log_of(model, spiking, &st);
	assert_non_null(m->spikes);
	free(spiking);
}

void
made_scene_init(struct made_scene *m, const struct model *model, int t)
{
	*m = (struct made_scene){0};
	m->pixels = made((size_t)model->channels * (size_t)model->image_size * (size_t)model->image_size, sizeof(float));
	m->logits = made((size_t)model->classes, sizeof(float));
	m->reference = made((size_t)site_count(model), sizeof(*m->reference));
	make_plan(m, model);
	make_steps(m, model, t);
	make_spikes(m, model);
	m->scene = (struct scene){.model = model,
				  .pixels = m->pixels,
				  .title = "a made picture",
				  .label = -1,
				  .logits = m->logits,
				  .plan = &m->plan,
				  .shown = true,
				  .t = t,
				  .step = m->step,
				  .reference = m->reference,
				  .network = {probe, element, m},
				  .spikes = m->spikes,
				  .neurons = {read_points, m},
				  .selection = {.unit = -1, .site = site_of_block(model, 0)}};
}

void
made_scene_done(struct made_scene *m)
{
	for (int i = 0; i < m->scene.t; i++) {
		free(m->step[i].logits);
		free(m->step[i].site);
		free(m->point[i].a);
	}
	for (int i = 0; i < m->plan.sites; i++)
		free(m->reference[i]);
	for (int i = 0; i < m->count; i++)
		free(m->values[i].data);
	free(m->step);
	free(m->point);
	free(m->reference);
	free(m->pixels);
	free(m->logits);
	free(m->plan.site);
	spike_log_free(m->spikes);
}

float *
made_values(struct made_scene *m, struct site site, enum snn_quantity q)
{
	const struct made_values *v = find(m, site, q);

	if (v)
		return v->data;
	assert_true(m->count < MADE_VALUES);
	m->values[m->count] = (struct made_values){site, q, made(site_size(m->scene.model, site), sizeof(float))};
	return m->values[m->count++].data;
}

float *
made_reference(struct made_scene *m, struct site site)
{
	float **data = &m->reference[site_index(m->scene.model, site)];

	if (!*data)
		*data = made(site_size(m->scene.model, site), sizeof(**data));
	return *data;
}
