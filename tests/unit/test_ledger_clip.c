/* The ledger of CLIP's networks. Of its residual network every quantity, site and step, against
 * counts made by brute force from what can be probed: value by value, weight by weight,
 * attention pooling pair by pair. */
#include "spikescope.h"

#include "model/graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 64, PICTURE = 3 * SIDE * SIDE, PICTURES = 3, STEPS = 4, CLASSES = 5, PROJECTION = 24 };
/* Of the fixture's attention pooling. */
enum { TOKENS = 5, HEADS = 4, HEAD_DIM = 32, CHANNELS = HEADS * HEAD_DIM };

static void
set_classes(struct model *model)
{
	static const char *const labels[] = {"a", "b", "c", "d", "e"};
	float unit[CLASSES * PROJECTION] = {0};
	struct status st = {0};

	for (int i = 0; i < CLASSES; i++)
		unit[i * PROJECTION + i] = 1;
	assert_true(model_set_classes(model, CLASSES, labels, unit, "units", &st));
}

static struct model *
load(const char *path)
{
	struct status st = {0};
	struct model *model = model_load(path, &st);

	if (!model)
		fail_msg("%s", st.message);
	set_classes(model);
	return model;
}

static void
paint(float *pixels)
{
	for (int i = 0; i < PICTURES * PICTURE; i++)
		pixels[i] = 1.5f * sinf(0.31f * (float)(i % SIDE) + (float)(i / PICTURE)) * cosf(0.11f * (float)(i / SIDE));
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

/* --- brute force ---------------------------------------------------------- */

/* What a value that was sent is worth; of means only those that changed are. */
struct worth {
	uint64_t events, units, powers;
};

struct count {
	const struct plan *plan;
	const struct model *model;
	const struct graph *net;
	struct snn *snn;
	bool first;             /* step */
	struct worth **sent;    /* [layers][size]; of spiking functions [size, hidden] */
	float **hidden;         /* [layers][size, hidden]: quanta sent so far by hidden neurons */
	size_t *senders;        /* [layers]: how many sent[] there are */
	struct ledger_row *row; /* [layers] */
};

static bool
is_graded(const struct count *c, int i)
{
	return c->plan->site[i].neuron == NEURON_NONE;
}

static bool
is_mean(const struct count *c, int i)
{
	return c->net->layer[i].op == LAYER_AVERAGE_POOL || c->net->layer[i].op == LAYER_TOKENS;
}

static struct worth
worth_of(const struct site_plan *p, float quanta)
{
	uint64_t n = (uint64_t)labs(lrintf(quanta));

	if (p->neuron == NEURON_MT || p->neuron == NEURON_ECMT || p->neuron == NEURON_DIFFERENTIAL)
		return (struct worth){n > 0, n > 0, n > 0};
	return (struct worth){n > 0, n, (uint64_t)__builtin_popcountll(n)};
}

static void
read_hidden(struct count *c, int i)
{
	const struct site_plan *p = &c->plan->site[i];
	size_t size = layer_size(&c->net->layer[i]), hidden = (size_t)p->ugo->hidden;
	struct status st = {0};

	for (size_t k = 0; k < size; k++) {
		float all[UGO_HIDDEN_MAX];

		assert_true(snn_probe_hidden(c->snn, p->site, k, all, NULL, &st));
		for (size_t j = 0; j < hidden; j++) {
			c->sent[i][k * hidden + j] = worth_of(p, all[j] - c->hidden[i][k * hidden + j]);
			c->hidden[i][k * hidden + j] = all[j];
		}
	}
}

static void
read_layer(struct count *c, int i)
{
	const struct site_plan *p = &c->plan->site[i];
	enum snn_quantity quantity = is_graded(c, i) ? SNN_SENT : SNN_COUNT;
	struct tensor t = {0};
	struct status st = {0};

	if (p->mode == FUNCTION_MODE_SPIKING) {
		read_hidden(c, i);
		return;
	}
	assert_true(snn_probe(c->snn, p->site, quantity, &t, &st));
	for (size_t k = 0; k < tensor_size(&t); k++) {
		bool sends = is_mean(c, i) ? t.data[k] != 0 : true;

		c->sent[i][k] = is_graded(c, i) ? (struct worth){sends, sends, sends} : worth_of(p, t.data[k]);
	}
	tensor_done(&t);
}

static void
touch(uint64_t *n, uint64_t weights, uint64_t reads, uint64_t writes)
{
	n[LEDGER_WEIGHT_READS] += weights;
	n[LEDGER_STATE_READS] += reads;
	n[LEDGER_STATE_WRITES] += writes;
}

static bool
single_level(const struct site_plan *p)
{
	return p->neuron == NEURON_IF || (p->neuron == NEURON_ROUND && p->settings.burst == 1);
}

/* A spike that meets one weight, one value of a product, or its UGO's sum: what stands at `first`. */
static void
meet(const struct count *c, int source, size_t k, int to, enum ledger_quantity first)
{
	const struct worth w = c->sent[source][k];
	uint64_t *n = c->row[to].n;

	if (first != LEDGER_UGO_EVENTS)
		n[LEDGER_SLOTS]++;
	if (first == LEDGER_SYNAPSE_EVENTS && c->plan->site[source].neuron != NEURON_IF)
		n[LEDGER_SYNAPSE_DENSE]++;
	n[first] += w.events;
	n[first + 1] += w.units;
	n[first + 2] += w.powers;
	n[first + 3] += single_level(&c->plan->site[source]) ? w.events : 0;
	touch(n, first == LEDGER_PRODUCT_EVENTS ? 0 : w.events, (first == LEDGER_PRODUCT_EVENTS ? 2 : 1) * w.events, w.events);
}

static void
meet_weight(const struct count *c, int source, size_t k)
{
	uint64_t sends = c->sent[source][k].events;

	if (!is_graded(c, source)) {
		meet(c, source, k, source, LEDGER_SYNAPSE_EVENTS);
		return;
	}
	c->row[source].n[LEDGER_SYNAPSE_GRADED] += sends;
	touch(c->row[source].n, sends, sends, 0);
}

static void
meet_partner(const struct count *c, int source, size_t k, int product)
{
	if (!is_graded(c, source)) {
		meet(c, source, k, product, LEDGER_PRODUCT_EVENTS);
		return;
	}
	c->row[product].n[LEDGER_PRODUCT_GRADED]++;
	touch(c->row[product].n, 0, 2, 1);
}

static void
meet_both(const struct count *c, int a, size_t i, int b, size_t j, int product)
{
	bool graded = is_graded(c, a) || is_graded(c, b);

	c->row[product].n[graded ? LEDGER_PAIRS_GRADED : LEDGER_PAIRS] += c->sent[a][i].events && c->sent[b][j].events;
}

/* All values that one output of a convolution reads: counted for whom they come from, those of the
 * picture as multiplications. */
static void
walk_window(const struct count *c, const struct layer *conv, int y, int x)
{
	int source = conv->from[0], height = source < 0 ? SIDE : c->net->layer[source].height;
	int channels = source < 0 ? 3 : c->net->layer[source].channels;

	for (int dy = 0; dy < conv->kernel; dy++)
		for (int dx = 0; dx < conv->kernel; dx++)
			for (int i = 0; i < channels; i++) {
				int sy = y * conv->stride - conv->padding + dy, sx = x * conv->stride - conv->padding + dx;

				if (sy < 0 || sy >= height || sx < 0 || sx >= height)
					continue;
				if (source < 0)
					c->row[conv - c->net->layer].n[LEDGER_EMBEDDING_MACS] += c->first;
				else
					meet_weight(c, source, (size_t)((sy * height + sx) * channels + i));
			}
}

static void
walk_weights(const struct count *c, const struct layer *layer)
{
	bool weighs = layer->op == LAYER_CONVOLUTION || layer->op == LAYER_LINEAR;
	bool sums = weighs && layer->from[0] >= 0 && is_graded(c, layer->from[0]);

	for (int y = 0; layer->op == LAYER_CONVOLUTION && y < layer->height; y++)
		for (int x = 0; x < layer->width; x++)
			for (int o = 0; o < layer->channels; o++)
				walk_window(c, layer, y, x);
	for (size_t k = 0; layer->op == LAYER_LINEAR && k < layer_size(layer); k++)
		for (size_t i = 0; i < CHANNELS; i++)
			meet_weight(c, layer->from[0], k / CHANNELS * CHANNELS + i);
	/* Products of graded operands are added to each sum at once. */
	for (size_t k = 0; sums && k < layer_size(layer); k++)
		touch(c->row[layer->from[0]].n, 0, 1, 1);
}

static int
at(const struct count *c, enum site_kind kind)
{
	struct site site;

	assert_true(site_find(c->model, kind, c->model->depth - 1, &site));
	return site_index(c->model, site);
}

/* The one query's products with all keys, and its probabilities' with all values. */
static void
walk_products(const struct count *c)
{
	int q = at(c, SITE_Q), k = at(c, SITE_K), v = at(c, SITE_V), p = at(c, SITE_SOFTMAX), qk = at(c, SITE_QK),
	    av = at(c, SITE_AV);

	for (size_t h = 0; h < HEADS; h++)
		for (size_t j = 0; j < TOKENS; j++)
			for (size_t d = 0; d < HEAD_DIM; d++) {
				size_t channel = h * HEAD_DIM + d, there = j * CHANNELS + channel;

				meet_partner(c, q, channel, qk);
				meet_partner(c, k, there, qk);
				meet_both(c, q, channel, k, there, qk);
				meet_partner(c, p, h * TOKENS + j, av);
				meet_partner(c, v, there, av);
				meet_both(c, p, h * TOKENS + j, v, there, av);
			}
}

static void
walk_neurons(const struct count *c, int i)
{
	uint64_t *n = c->row[i].n;

	for (size_t k = 0; !is_graded(c, i) && k < c->senders[i]; k++) {
		n[LEDGER_NEURONS]++;
		n[LEDGER_EVENTS] += c->sent[i][k].events;
		n[LEDGER_UNITS] += c->sent[i][k].units;
		n[LEDGER_POWERS] += c->sent[i][k].powers;
		touch(n, 1, 1, 1);
		if (c->plan->site[i].mode == FUNCTION_MODE_SPIKING)
			meet(c, i, k, i, LEDGER_UGO_EVENTS);
	}
}

/* What is added to and scaled for each value of a layer, whatever fires. */
static void
walk_arithmetic(const struct count *c, int i)
{
	const struct layer *layer = &c->net->layer[i];
	bool constants = c->plan->mean_decoded || c->first;
	uint64_t *n = c->row[i].n, window = (uint64_t)layer->kernel * (uint64_t)layer->kernel;

	for (size_t k = 0; k < layer_size(layer); k++)
		switch (layer->site.kind) {
		case SITE_TOKENS: /* the first is the mean of the others; all have positions */
			n[LEDGER_ADDITIONS] += (k < CHANNELS ? TOKENS - 1 : 0) + constants;
			n[LEDGER_SCALINGS] += k < CHANNELS;
			break;
		case SITE_QK: /* 1/sqrt(head_dim) */
		case SITE_SOFTMAX:
			n[LEDGER_SCALINGS]++;
			break;
		case SITE_EXP: /* less the maximum */
			n[LEDGER_ADDITIONS]++;
			break;
		case SITE_RECIPROCAL:
			n[LEDGER_ADDITIONS] += TOKENS;
			break;
		case SITE_AV: /* 1/t */
			n[LEDGER_SCALINGS] += c->plan->mean_decoded;
			break;
		default:
			n[LEDGER_ADDITIONS] += layer->op == LAYER_AVERAGE_POOL ? window
					       : layer->op == LAYER_RELU       ? layer->site.kind == SITE_RESIDUAL
									       : constants; /* a bias */
			n[LEDGER_SCALINGS] += layer->op == LAYER_AVERAGE_POOL;
		}
}

static void
walk_function(const struct count *c, int i)
{
	const struct site_plan *p = &c->plan->site[i];

	for (size_t k = 0; k < layer_size(&c->net->layer[i]); k++) {
		c->row[i].n[LEDGER_FUNCTIONS] += p->mode == FUNCTION_MODE_EXACT;
		for (int j = 0; p->mode == FUNCTION_MODE_ANALOG && j < p->ugo->hidden; j++)
			c->row[i].n[LEDGER_FUNCTION_MACS] += 2;
	}
}

static void
walk(const struct count *c)
{
	int head = c->net->layers - 1;

	for (int i = 0; i < head; i++) {
		walk_neurons(c, i);
		walk_weights(c, &c->net->layer[i]);
		walk_arithmetic(c, i);
		walk_function(c, i);
	}
	walk_products(c);
	if (c->first)
		c->row[head].n[LEDGER_EMBEDDING_MACS] += CHANNELS * PROJECTION + PROJECTION * CLASSES;
}

static void
compare(const struct count *c, const struct ledger *ledger, int t)
{
	for (int i = 0; i < ledger->sites; i++) {
		struct ledger_row row = ledger_sum(ledger, i, t, t + 1);

		for (int q = 0; q < LEDGER_QUANTITIES; q++) {
			char name[SITE_NAME_MAX];

			if (row.n[q] != c->row[i].n[q])
				fail_msg("%s, t = %d, %s: the ledger has %llu %s, by brute force there are %llu", c->plan->recipe,
					 t + 1, site_name(site_at(ledger->model, i), name), (unsigned long long)row.n[q],
					 ledger_names[q], (unsigned long long)c->row[i].n[q]);
		}
	}
}

/* --- plans ---------------------------------------------------------------- */

static void *
zeros(size_t n, size_t size)
{
	void *p = calloc(n, size);

	assert_non_null(p);
	return p;
}

static struct count
count_new(const struct plan *plan)
{
	const struct graph *net = plan->model->graph;
	size_t layers = (size_t)net->layers;
	struct status st = {0};
	struct count c = {.plan = plan,
			  .model = plan->model,
			  .net = net,
			  .snn = snn_new(plan, &st),
			  .sent = zeros(layers, sizeof(*c.sent)),
			  .hidden = zeros(layers, sizeof(*c.hidden)),
			  .senders = zeros(layers, sizeof(*c.senders)),
			  .row = zeros(layers, sizeof(*c.row))};

	assert_non_null(c.snn);
	for (size_t i = 0; i + 1 < layers; i++) {
		bool spiking = plan->site[i].mode == FUNCTION_MODE_SPIKING;

		c.senders[i] = layer_size(&net->layer[i]) * (spiking ? (size_t)plan->site[i].ugo->hidden : 1);
		c.sent[i] = zeros(c.senders[i], sizeof(**c.sent));
		c.hidden[i] = zeros(c.senders[i], sizeof(**c.hidden));
	}
	return c;
}

static void
count_done(struct count *c)
{
	for (int i = 0; i < c->net->layers; i++) {
		free(c->sent[i]);
		free(c->hidden[i]);
	}
	free(c->sent);
	free(c->hidden);
	free(c->senders);
	free(c->row);
	snn_free(c->snn);
}

/* Synapses, products and UGOs, 0.9 pJ an event or unit and 4.6 pJ what is graded. */
static void
check_energy(const struct snn *snn, const struct ledger *ledger)
{
	struct ledger_row all = ledger_sum(ledger, -1, 0, STEPS);
	struct energy part[ENERGY_PARTS], e = energy_of(snn, part);
	double synapses = 0.9 * (double)all.n[LEDGER_SYNAPSE_EVENTS] + 4.6 * (double)all.n[LEDGER_SYNAPSE_GRADED];
	double products = 0.9 * (double)all.n[LEDGER_PRODUCT_EVENTS] + 4.6 * (double)all.n[LEDGER_PRODUCT_GRADED];
	double units = 0.9 * (double)(all.n[LEDGER_SYNAPSE_UNITS] + all.n[LEDGER_PRODUCT_UNITS] + all.n[LEDGER_UGO_UNITS]) +
		       4.6 * (double)(all.n[LEDGER_SYNAPSE_GRADED] + all.n[LEDGER_PRODUCT_GRADED]);

	assert_true(products > 0);
	assert_true(fabs(part[ENERGY_LINEAR].per_event - synapses) < 1e-9 * synapses);
	assert_true(fabs(part[ENERGY_PRODUCT].per_event - products) < 1e-9 * products);
	assert_true(fabs(part[ENERGY_UGO].per_event - 0.9 * (double)all.n[LEDGER_UGO_EVENTS]) < 1e-9 * synapses);
	assert_true(fabs(e.per_unit - units) < 1e-9 * units);
}

static void
check(const struct plan *plan, const float *pixels)
{
	struct status st = {0};
	struct ledger *ledger = ledger_new(plan, STEPS, &st);
	struct count c = count_new(plan);
	int layers = c.net->layers;

	assert_non_null(ledger);
	snn_show(c.snn, pixels);
	for (int t = 0; t < STEPS; t++) {
		snn_step(c.snn);
		ledger_step(ledger, c.snn);
		c.first = t == 0;
		memset(c.row, 0, (size_t)layers * sizeof(*c.row));
		for (int i = 0; i < layers - 1; i++)
			read_layer(&c, i);
		walk(&c);
		compare(&c, ledger, t);
	}
	check_energy(c.snn, ledger);
	count_done(&c);
	ledger_free(ledger);
}

/* With spiking UGOs, and functions exact and analog; with operands that spike and that are graded. */
static void
residual_networks_count_as_brute_force_does(void **state)
{
	static const struct {
		const char *recipe, *sites;
	} plans[] = {
	    {"sta", NULL},
	    {"delta", NULL},
	    {"ternary", NULL},
	    {"ecmt", NULL},
	    {"dcgs", NULL},
	    {"conventional", NULL},
	    {"sta", "attnpool.softmax.exp:function=exact attnpool.softmax.reciprocal:function=analog attnpool.k:neuron=graded"},
	    {"delta", "attnpool.softmax.exp:function=analog attnpool.softmax:neuron=graded layer?.*:neuron=graded"},
	};
	static float pixels[PICTURES * PICTURE];
	struct model *model = load("tests/fixtures/open_clip_rn");

	(void)state;
	paint(pixels);
	for (size_t i = 0; i < sizeof(plans) / sizeof(*plans); i++) {
		struct plan *plan = build(model, plans[i].recipe, plans[i].sites, pixels);

		check(plan, pixels);
		plan_free(plan);
	}
	model_free(model);
}

/* --- the reference -------------------------------------------------------- */

static struct ledger_row
row_of(const struct ledger *ledger, const char *name)
{
	struct site site;

	assert_true(site_parse(ledger->model, name, &site));
	return ledger_sum(ledger, site_index(ledger->model, site), 0, 1);
}

/* The fixture has 2x2 places in the end: five tokens, of which one asks. */
static void
the_reference_pools_with_one_query(void **state)
{
	struct model *model = load("tests/fixtures/open_clip_rn");
	struct status st = {0};
	struct ledger *ledger = ledger_reference(model, false, &st);
	struct ledger_row all;

	(void)state;
	assert_non_null(ledger);
	all = ledger_sum(ledger, -1, 0, 1);
	assert_int_equal(row_of(ledger, "attnpool.tokens").n[LEDGER_SYNAPSE_GRADED], CHANNELS * CHANNELS * (1 + 2 * TOKENS));
	assert_int_equal(row_of(ledger, "attnpool.tokens").n[LEDGER_ADDITIONS], CHANNELS * 4 + CHANNELS * TOKENS);
	assert_int_equal(row_of(ledger, "attnpool.tokens").n[LEDGER_SCALINGS], CHANNELS);
	assert_int_equal(row_of(ledger, "attnpool.q").n[LEDGER_ADDITIONS], CHANNELS);
	assert_int_equal(row_of(ledger, "attnpool.k").n[LEDGER_ADDITIONS], CHANNELS * TOKENS);
	assert_int_equal(row_of(ledger, "attnpool.qk").n[LEDGER_PRODUCT_GRADED], TOKENS * CHANNELS);
	assert_int_equal(row_of(ledger, "attnpool.qk").n[LEDGER_SCALINGS], HEADS * TOKENS);
	assert_int_equal(row_of(ledger, "attnpool.softmax.exp").n[LEDGER_FUNCTIONS], HEADS * TOKENS);
	assert_int_equal(row_of(ledger, "attnpool.softmax.exp").n[LEDGER_ADDITIONS], HEADS * TOKENS);
	assert_int_equal(row_of(ledger, "attnpool.softmax.reciprocal").n[LEDGER_FUNCTIONS], HEADS);
	assert_int_equal(row_of(ledger, "attnpool.softmax.reciprocal").n[LEDGER_ADDITIONS], HEADS * TOKENS);
	assert_int_equal(row_of(ledger, "attnpool.softmax").n[LEDGER_SCALINGS], HEADS * TOKENS);
	assert_int_equal(row_of(ledger, "attnpool.av").n[LEDGER_PRODUCT_GRADED], TOKENS * CHANNELS);
	assert_int_equal(row_of(ledger, "attnpool.av").n[LEDGER_SCALINGS], 0);
	assert_true(all.n[LEDGER_PAIRS_GRADED] == 0 && all.n[LEDGER_NEURONS] == 0);
	assert_true(fabs(energy_ann(model) - 4.6 * (double)(all.n[LEDGER_SYNAPSE_GRADED] + all.n[LEDGER_PRODUCT_GRADED])) <
		    1e-6 * energy_ann(model));
	ledger_free(ledger);
	model_free(model);
}

/* Of windows of 2x2 places. */
static void
means_add_and_scale(void **state)
{
	struct model *model = load("tests/fixtures/open_clip_rn");
	struct status st = {0};
	struct ledger *ledger = ledger_reference(model, false, &st);

	(void)state;
	assert_non_null(ledger);
	assert_int_equal(row_of(ledger, "avgpool").n[LEDGER_ADDITIONS], 32 * 32 * 4);
	assert_int_equal(row_of(ledger, "avgpool").n[LEDGER_SCALINGS], 16 * 16 * 4);
	assert_int_equal(row_of(ledger, "layer4.0.avgpool").n[LEDGER_SCALINGS], 2 * 2 * 32);
	assert_int_equal(row_of(ledger, "layer4.0.downsample.avgpool").n[LEDGER_SCALINGS], 2 * 2 * 64);
	ledger_free(ledger);
	model_free(model);
}

static void
check_head(const char *path)
{
	struct model *model = load(path);
	struct status st = {0};
	struct ledger *ledger = ledger_reference(model, false, &st);
	uint64_t width = graph_has(model->graph, LAYER_TOKENS) ? CHANNELS : (uint64_t)model->width;

	assert_non_null(ledger);
	assert_int_equal(row_of(ledger, "head").n[LEDGER_EMBEDDING_MACS], width * PROJECTION + PROJECTION * CLASSES);
	ledger_free(ledger);
	model_free(model);
}

static void
the_head_has_its_projection(void **state)
{
	(void)state;
	check_head("tests/fixtures/hf_clip");
	check_head("tests/fixtures/open_clip_rn");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(residual_networks_count_as_brute_force_does),
	    cmocka_unit_test(the_reference_pools_with_one_query),
	    cmocka_unit_test(means_add_and_scale),
	    cmocka_unit_test(the_head_has_its_projection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
