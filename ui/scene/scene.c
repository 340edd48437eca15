#include "ui/scene/scene.h"

#include <math.h>
#include <stdlib.h>

const char *const side_names[] = {"all", "first", "second", "difference", NULL};

void
single_free(struct single *single)
{
	if (!single)
		return;
	single_done(&single->trace);
	free((void *)single->settings.train);
	free(single);
}

const struct walk_step *
scene_last(const struct scene *scene)
{
	return scene->t > 0 ? &scene->step[scene->t - 1] : NULL;
}

const struct walk_site *
scene_site_now(const struct scene *scene, int site_index)
{
	int done = scene->sites_done > site_index ? scene->t + 1 : scene->t;

	return done > 0 ? &scene->step[done - 1].site[site_index] : NULL;
}

bool
scene_is_split(const struct scene *scene)
{
	return scene->second && !scene->minus && scene->shown && scene->t > 0 && scene->second->t == scene->t;
}

/* --- numbers -------------------------------------------------------------- */

static bool
probe(const struct scene *scene, struct site site, enum snn_quantity q, struct tensor *hold)
{
	const struct scene_network *n = &scene->network;

	return n->probe && n->probe(n->from, site, q, hold);
}

const float *
scene_probe(const struct scene *scene, struct site site, enum snn_quantity q, struct tensor *hold)
{
	struct tensor other = {0};
	bool ok;

	if (!probe(scene, site, q, hold))
		return NULL;
	if (!scene->minus)
		return hold->data;
	ok = probe(scene->minus, site, q, &other);
	for (size_t i = 0; ok && i < tensor_size(hold); i++)
		hold->data[i] -= other.data[i];
	tensor_done(&other);
	return ok ? hold->data : NULL;
}

static double
element(const struct scene *scene, struct site site, enum snn_quantity q, size_t index)
{
	const struct scene_network *n = &scene->network;

	return n->element && index < site_size(scene->model, site) ? n->element(n->from, site, q, index) : NAN;
}

double
scene_element(const struct scene *scene, struct site site, enum snn_quantity q, size_t index)
{
	double value = element(scene, site, q, index);

	return scene->minus ? value - element(scene->minus, site, q, index) : value;
}

const float *
scene_reference(const struct scene *scene, struct site site)
{
	return scene->reference ? scene->reference[site_index(scene->model, site)] : NULL;
}

double
scene_reference_element(const struct scene *scene, struct site site, size_t index)
{
	const float *reference = scene_reference(scene, site);

	return reference && index < site_size(scene->model, site) ? (double)reference[index] : NAN;
}

const struct ugo *
scene_site_ugo(const struct scene *scene, struct site site)
{
	return scene->plan ? scene->plan->site[site_index(scene->model, site)].ugo : NULL;
}

/* --- neurons by t --------------------------------------------------------- */

struct neuron_logs
scene_neuron_logs(const struct scene *scene, const struct history_request *request)
{
	struct neuron_logs logs = {.both = scene->minus != NULL};
	struct history_request same = *request;

	if (!scene->neurons.read || !scene->neurons.read(scene->neurons.from, request, &logs.first))
		return logs;
	logs.count = logs.first.count < scene->t ? logs.first.count : scene->t;
	if (!logs.both)
		return logs;
	same.unit = logs.first.unit;
	if (!scene->minus->neurons.read || !scene->minus->neurons.read(scene->minus->neurons.from, &same, &logs.second))
		logs.second.count = 0;
	if (logs.second.count < logs.count)
		logs.count = logs.second.count;
	return logs;
}

struct history_point
neuron_logs_at(const struct neuron_logs *logs, int t)
{
	struct history_point p = logs->first.point[t - 1];
	const struct history_point *b;

	if (!logs->both)
		return p;
	b = &logs->second.point[t - 1];
	p.value -= b->value;
	p.input -= b->input;
	p.membrane -= b->membrane;
	p.threshold -= b->threshold;
	p.count -= b->count;
	p.score_sent -= b->score_sent;
	p.score_sum -= b->score_sum;
	return p;
}
