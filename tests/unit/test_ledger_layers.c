/* The ledger of residual networks against counts made by brute force: every emitted value is
 * taken through plain convolution loops, weight by weight. */
#include "spikescope.h"

#include "model/files/safetensors.h"
#include "model/graph.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 32, PICTURE = 3 * SIDE * SIDE, PICTURES = 3, STEPS = 4, TENSORS = 80 };

/* Strided stem and max pooling, groups, a block without and one with a shortcut's convolution... */
static const char bottlenecks[] =
    "{\"architecture\": \"resnet\", \"block\": \"bottleneck\", \"layers\": [1, 1], \"widths\": [8, 12], "
    "\"width_per_group\": 32, \"groups\": 2, \"num_classes\": 5}";
/* ...and no pooling, with identity shortcuts. */
static const char basic[] = "{\"architecture\": \"resnet\", \"block\": \"basic\", \"layers\": [2, 1], \"widths\": [4, 6], "
			    "\"stem\": \"conv3x3\", \"num_classes\": 5}";

/* --- a network of random weights ------------------------------------------ */

struct weights {
	struct st_out tensor[TENSORS];
	char name[TENSORS][64];
	int count;
	uint64_t seed;
};

static float
uniform(struct weights *w)
{
	w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
	return (float)(w->seed >> 40) / (float)(1 << 24);
}

static void
add(struct weights *w, const char *module, const char *part, int dims, const int64_t *dim, float lo, float hi)
{
	struct st_out *t = &w->tensor[w->count];
	size_t n = 1;
	float *data;

	snprintf(w->name[w->count], sizeof(w->name[0]), "%s.%s", module, part);
	*t = (struct st_out){.name = w->name[w->count++], .dims = dims};
	for (int i = 0; i < dims; i++)
		n *= (size_t)(t->dim[i] = dim[i]);
	data = malloc(n * sizeof(*data));
	for (size_t i = 0; i < n; i++)
		data[i] = lo + (hi - lo) * uniform(w);
	t->data = data;
}

static void
convolution(struct weights *w, const char *module, const char *norm, int64_t out, int64_t in, int64_t kernel)
{
	int64_t shape[] = {out, in, kernel, kernel};
	float reach = sqrtf(6 / (float)(in * kernel * kernel));

	add(w, module, "weight", 4, shape, -reach, reach);
	add(w, norm, "weight", 1, shape, 0.8f, 1.2f);
	add(w, norm, "bias", 1, shape, -0.1f, 0.3f);
	add(w, norm, "running_mean", 1, shape, -0.1f, 0.1f);
	add(w, norm, "running_var", 1, shape, 0.5f, 1.5f);
}

static void
head(struct weights *w, int64_t in)
{
	int64_t shape[] = {5, in};

	add(w, "fc", "weight", 2, shape, -0.3f, 0.3f);
	add(w, "fc", "bias", 1, shape, -0.1f, 0.1f);
}

static void
bottleneck_weights(struct weights *w)
{
	convolution(w, "conv1", "bn1", 64, 3, 7);
	convolution(w, "layer1.0.conv1", "layer1.0.bn1", 8, 64, 1);
	convolution(w, "layer1.0.conv2", "layer1.0.bn2", 8, 4, 3);
	convolution(w, "layer1.0.conv3", "layer1.0.bn3", 32, 8, 1);
	convolution(w, "layer1.0.downsample.0", "layer1.0.downsample.1", 32, 64, 1);
	convolution(w, "layer2.0.conv1", "layer2.0.bn1", 12, 32, 1);
	convolution(w, "layer2.0.conv2", "layer2.0.bn2", 12, 6, 3);
	convolution(w, "layer2.0.conv3", "layer2.0.bn3", 48, 12, 1);
	convolution(w, "layer2.0.downsample.0", "layer2.0.downsample.1", 48, 32, 1);
	head(w, 48);
}

static void
basic_weights(struct weights *w)
{
	convolution(w, "conv1", "bn1", 4, 3, 3);
	convolution(w, "layer1.0.conv1", "layer1.0.bn1", 4, 4, 3);
	convolution(w, "layer1.0.conv2", "layer1.0.bn2", 4, 4, 3);
	convolution(w, "layer1.1.conv1", "layer1.1.bn1", 4, 4, 3);
	convolution(w, "layer1.1.conv2", "layer1.1.bn2", 4, 4, 3);
	convolution(w, "layer2.0.conv1", "layer2.0.bn1", 6, 4, 3);
	convolution(w, "layer2.0.conv2", "layer2.0.bn2", 6, 6, 3);
	convolution(w, "layer2.0.downsample.0", "layer2.0.downsample.1", 6, 4, 1);
	head(w, 6);
}

static struct model *
network(const char *config, void (*fill)(struct weights *))
{
	static struct weights w;
	struct status st = {0};
	struct model *model;

	w = (struct weights){.seed = 7};
	fill(&w);
	scratch_write("config.json", config, strlen(config));
	if (!safetensors_write(scratch_path("model.safetensors"), w.tensor, w.count, true, &st))
		fail_msg("%s", st.message);
	for (int i = 0; i < w.count; i++)
		free((void *)(uintptr_t)w.tensor[i].data);
	model = model_load_at(scratch_folder(), SIDE, &st);
	if (!model)
		fail_msg("%s", st.message);
	return model;
}

/* --- brute force ---------------------------------------------------------- */

struct worth {
	uint64_t events, units, powers;
};

struct count {
	const struct plan *plan;
	const struct graph *net;
	struct snn *snn;
	struct worth **sent;    /* [layers][size]: what each value that was emitted is worth */
	long **all;             /* [layers][size]: quanta so far, pooled likewise */
	float **m;              /* [layers][size]: of burst neurons what they have sent */
	bool *graded;           /* [layers] */
	struct ledger_row *row; /* [layers] */
};

static struct worth
worth_of(unsigned n, bool levels)
{
	unsigned bits = (unsigned)__builtin_popcount(n);

	return (struct worth){n > 0, levels ? bits : n, bits};
}

/* One step of the released burst neuron (docs/methods.md#neurons, B = 2): spikes of a whole threshold or half. */
static unsigned
burst(float x, float v, float *m)
{
	float u = x - *m, first = u >= v ? v : u <= -v && *m > 0 ? -v : 0, half = v / 2, r, k;

	u -= first;
	*m += first;
	r = fmaxf(-*m, u);
	k = copysignf(fminf(floorf(fabsf(r) / (half + 1e-5f)), 2), r);
	*m += k * half;
	return (first != 0) + (unsigned)fabsf(k);
}

static void
read_burst(struct count *c, int i, float threshold, size_t k, float membrane, float sent)
{
	unsigned spikes = threshold > 0 ? burst(membrane + c->m[i][k] + sent, threshold, &c->m[i][k]) : 0;

	c->sent[i][k] = (struct worth){sent != 0, sent != 0 ? spikes : 0, sent != 0 ? spikes : 0};
}

static void
read_relu(struct count *c, int i)
{
	const struct site_plan *p = &c->plan->site[i];
	struct tensor sent = {0}, quanta = {0}, membrane = {0};
	struct status st = {0};
	bool levels = p->neuron == NEURON_MT || p->neuron == NEURON_ECMT || p->neuron == NEURON_DIFFERENTIAL;

	c->graded[i] = p->neuron == NEURON_NONE;
	if (!c->graded[i]) {
		assert_true(snn_probe(c->snn, p->site, SNN_COUNT, &quanta, &st));
		assert_true(snn_probe(c->snn, p->site, SNN_SENT, &sent, &st));
		assert_true(snn_probe(c->snn, p->site, SNN_MEMBRANE, &membrane, &st));
	}
	for (size_t k = 0; k < layer_size(&c->net->layer[i]); k++) {
		unsigned n = c->graded[i] ? 1 : (unsigned)labs(lrintf(quanta.data[k]));

		c->sent[i][k] = worth_of(n, false);
		if (levels) /* a spike a step, worth any power of two */
			c->sent[i][k] = (struct worth){n > 0, n > 0, n > 0};
		if (p->neuron == NEURON_BURST)
			read_burst(c, i, p->threshold[p->channels > 1 ? k % (size_t)p->channels : 0], k, membrane.data[k],
				   sent.data[k]);
		c->all[i][k] += c->graded[i] ? 0 : lrintf(quanta.data[k]);
	}
	tensor_done(&sent);
	tensor_done(&quanta);
	tensor_done(&membrane);
}

/* What a maximum passes on: of whole quanta the difference, of others whether it changed. */
static void
read_pool(struct count *c, int i)
{
	const struct layer *pool = &c->net->layer[i], *relu = &c->net->layer[pool->from[0]];
	enum neuron_kind neuron = c->plan->site[pool->from[0]].neuron;
	struct tensor sent = {0};
	struct status st = {0};

	c->graded[i] = neuron == NEURON_NONE || neuron == NEURON_BURST || neuron == NEURON_DIFFERENTIAL || neuron == NEURON_LIF;
	assert_true(snn_probe(c->snn, pool->site, SNN_SENT, &sent, &st));
	for (int y = 0; y < pool->height; y++)
		for (int x = 0; x < pool->width; x++)
			for (int ch = 0; ch < pool->channels; ch++) {
				size_t k = ((size_t)y * (size_t)pool->width + (size_t)x) * (size_t)pool->channels + (size_t)ch;
				long most = 0;

				for (int dy = 0; dy < pool->kernel; dy++)
					for (int dx = 0; dx < pool->kernel; dx++) {
						int sy = y * pool->stride - pool->padding + dy,
						    sx = x * pool->stride - pool->padding + dx;
						size_t at =
						    ((size_t)sy * (size_t)relu->width + (size_t)sx) * (size_t)relu->channels +
						    (size_t)ch;

						if (sy >= 0 && sy < relu->height && sx >= 0 && sx < relu->width &&
						    c->all[pool->from[0]][at] > most)
							most = c->all[pool->from[0]][at];
					}
				if (c->graded[i])
					c->sent[i][k] = worth_of(sent.data[k] != 0, false);
				else
					c->sent[i][k] = worth_of((unsigned)labs(most - c->all[i][k]),
								 neuron == NEURON_MT || neuron == NEURON_ECMT);
				c->all[i][k] = most;
			}
	tensor_done(&sent);
}

/* A value meets one weight. */
static void
meet(struct count *c, int source, size_t k)
{
	uint64_t *n = c->row[source].n;
	const struct worth *w = &c->sent[source][k];

	if (c->graded[source]) {
		n[LEDGER_SYNAPSE_GRADED] += w->events;
		return;
	}
	n[LEDGER_SLOTS]++;
	n[LEDGER_SYNAPSE_EVENTS] += w->events;
	n[LEDGER_SYNAPSE_UNITS] += w->units;
	n[LEDGER_SYNAPSE_POWERS] += w->powers;
}

static void
walk_convolution(struct count *c, const struct layer *conv)
{
	const struct layer *from = &c->net->layer[conv->from[0]];
	int in = from->channels / conv->groups, out = conv->channels / conv->groups;

	for (int y = 0; y < conv->height; y++)
		for (int x = 0; x < conv->width; x++)
			for (int o = 0; o < conv->channels; o++)
				for (int dy = 0; dy < conv->kernel; dy++)
					for (int dx = 0; dx < conv->kernel; dx++)
						for (int i = 0; i < in; i++) {
							int sy = y * conv->stride - conv->padding + dy,
							    sx = x * conv->stride - conv->padding + dx;

							if (sy < 0 || sy >= from->height || sx < 0 || sx >= from->width)
								continue;
							meet(c, conv->from[0],
							     ((size_t)sy * (size_t)from->width + (size_t)sx) *
								     (size_t)from->channels +
								 (size_t)(o / out * in + i));
						}
}

static void
walk(struct count *c)
{
	for (int i = 0; i < c->net->layers; i++) {
		const struct layer *layer = &c->net->layer[i];

		if (layer->op == LAYER_RELU)
			read_relu(c, i);
		else if (layer->op == LAYER_MAX_POOL)
			read_pool(c, i);
		for (size_t k = 0; layer->op == LAYER_RELU && !c->graded[i] && k < layer_size(layer); k++) {
			c->row[i].n[LEDGER_NEURONS]++;
			c->row[i].n[LEDGER_EVENTS] += c->sent[i][k].events;
			c->row[i].n[LEDGER_UNITS] += c->sent[i][k].units;
			c->row[i].n[LEDGER_POWERS] += c->sent[i][k].powers;
		}
	}
	for (int i = 0; i < c->net->layers; i++)
		if (c->net->layer[i].op == LAYER_CONVOLUTION && c->net->layer[i].from[0] >= 0)
			walk_convolution(c, &c->net->layer[i]);
}

static const enum ledger_quantity walked[] = {
    LEDGER_NEURONS,       LEDGER_EVENTS,         LEDGER_UNITS,          LEDGER_POWERS, LEDGER_SYNAPSE_EVENTS,
    LEDGER_SYNAPSE_UNITS, LEDGER_SYNAPSE_POWERS, LEDGER_SYNAPSE_GRADED, LEDGER_SLOTS,
};

static void
compare(const struct count *c, const struct ledger *ledger, int t)
{
	for (int i = 0; i < ledger->sites; i++) {
		struct ledger_row row = ledger_sum(ledger, i, t, t + 1);

		for (size_t k = 0; k < sizeof(walked) / sizeof(*walked); k++) {
			char name[SITE_NAME_MAX];

			if (row.n[walked[k]] != c->row[i].n[walked[k]])
				fail_msg("%s, t = %d, %s: the ledger has %llu %s, by brute force there are %llu", c->plan->recipe,
					 t + 1, site_name(site_at(ledger->model, i), name), (unsigned long long)row.n[walked[k]],
					 ledger_names[walked[k]], (unsigned long long)c->row[i].n[walked[k]]);
		}
	}
}

static void *
zeros(int n, size_t size)
{
	void *p = calloc((size_t)n, size);

	assert_non_null(p);
	return p;
}

/* Of the synapses alone, 0.9 pJ an event and unit and 4.6 pJ what is graded. */
static void
check_energy(const struct snn *snn, const struct ledger *ledger)
{
	struct ledger_row all = ledger_sum(ledger, -1, 0, STEPS);
	struct energy e = energy_of(snn, NULL);
	double graded = 4.6 * (double)all.n[LEDGER_SYNAPSE_GRADED];

	assert_true(fabs(e.per_event - 0.9 * (double)all.n[LEDGER_SYNAPSE_EVENTS] - graded) < 1e-9 * e.per_event);
	assert_true(fabs(e.per_unit - 0.9 * (double)all.n[LEDGER_SYNAPSE_UNITS] - graded) < 1e-9 * e.per_unit);
	assert_true(e.per_event > 0);
}

static void
check(const struct plan *plan, const float *pixels)
{
	struct status st = {0};
	int layers = plan->model->graph->layers;
	struct ledger *ledger = ledger_new(plan, STEPS, &st);
	struct count c = {.plan = plan,
			  .net = plan->model->graph,
			  .snn = snn_new(plan, &st),
			  .sent = zeros(layers, sizeof(*c.sent)),
			  .all = zeros(layers, sizeof(*c.all)),
			  .m = zeros(layers, sizeof(*c.m)),
			  .graded = zeros(layers, sizeof(*c.graded)),
			  .row = zeros(layers, sizeof(*c.row))};

	assert_true(ledger && c.snn);
	for (int i = 0; i < layers; i++) {
		int size = (int)layer_size(&c.net->layer[i]);

		c.sent[i] = zeros(size, sizeof(**c.sent));
		c.all[i] = zeros(size, sizeof(**c.all));
		c.m[i] = zeros(size, sizeof(**c.m));
	}
	snn_show(c.snn, pixels);
	for (int t = 0; t < STEPS; t++) {
		snn_step(c.snn);
		ledger_step(ledger, c.snn);
		memset(c.row, 0, (size_t)layers * sizeof(*c.row));
		walk(&c);
		compare(&c, ledger, t);
	}
	check_energy(c.snn, ledger);
	for (int i = 0; i < layers; i++) {
		free(c.sent[i]);
		free(c.all[i]);
		free(c.m[i]);
	}
	free(c.sent);
	free(c.all);
	free(c.m);
	free(c.graded);
	free(c.row);
	snn_free(c.snn);
	ledger_free(ledger);
}

static struct plan *
build(const struct model *model, const char *recipe, const char *sites, const float *pixels)
{
	struct status st = {0};
	struct plan_options options = {
	    .recipe = recipe, .T = STEPS, .rule = -1, .pixels = pixels, .pictures = PICTURES, .sites = sites};
	struct plan *plan = plan_build(model, &options, NULL, &st);

	if (!plan)
		fail_msg("%s", st.message);
	return plan;
}

static void
paint(float *pixels)
{
	for (int i = 0; i < PICTURES * PICTURE; i++)
		pixels[i] = 1.5f * sinf(0.31f * (float)(i % SIDE) + (float)(i / PICTURE)) * cosf(0.11f * (float)(i / SIDE));
}

static void
check_recipes(const char *config, void (*fill)(struct weights *))
{
	static float pixels[PICTURES * PICTURE];
	struct model *model = network(config, fill);
	struct plan *graded;

	paint(pixels);
	for (const struct recipe_info *recipe = recipe_table; recipe->name; recipe++) {
		struct plan *plan = build(model, recipe->name, NULL, pixels);

		check(plan, pixels);
		plan_free(plan);
	}
	graded = build(model, "delta", "layer1.*:neuron=graded relu:neuron=graded", pixels);
	check(graded, pixels);
	plan_free(graded);
	model_free(model);
}

static void
bottlenecks_count_as_brute_force_does(void **state)
{
	(void)state;
	check_recipes(bottlenecks, bottleneck_weights);
}

static void
basic_blocks_count_as_brute_force_does(void **state)
{
	(void)state;
	check_recipes(basic, basic_weights);
}

/* --- the reference -------------------------------------------------------- */

/* Counted by hand of the basic network. A 3x3 convolution of n x n places meets (3 n - 2)^2
 * values within the border; with stride 2 there are n / 2 outputs, whose rows read 3 n / 2 - 1. */
static void
the_reference_is_counted(void **state)
{
	struct model *model = network(basic, basic_weights);
	struct status st = {0};
	struct ledger *ledger = ledger_reference(model, false, &st);
	struct ledger_row row;
	uint64_t full = 94 * 94, half = 46 * 46, strided = 47 * 47;

	(void)state;
	assert_non_null(ledger);
	row = ledger_sum(ledger, -1, 0, 1);
	assert_int_equal(row.n[LEDGER_SYNAPSE_GRADED], 4 * full * 16 + strided * 24 + half * 36 + 256 * 24);
	assert_int_equal(row.n[LEDGER_EMBEDDING_MACS], full * 12 + 6 * 5);
	/* sums of three blocks; biases of eight convolutions; the mean */
	assert_int_equal(row.n[LEDGER_ADDITIONS], (2 * 1024 * 4 + 256 * 6) + (5 * 1024 * 4 + 3 * 256 * 6) + 256 * 6);
	assert_int_equal(row.n[LEDGER_SCALINGS], 6);
	assert_true(fabs(energy_ann(model) - 4.6 * (double)row.n[LEDGER_SYNAPSE_GRADED]) < 1e-6 * energy_ann(model));
	ledger_free(ledger);
	model_free(model);
}

static int
setup(void **state)
{
	(void)state;
	scratch_make();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	scratch_remove();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bottlenecks_count_as_brute_force_does),
	    cmocka_unit_test(basic_blocks_count_as_brute_force_does),
	    cmocka_unit_test(the_reference_is_counted),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
