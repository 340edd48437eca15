/* The ledger against counts made by brute force, synapse by synapse, from what can be
 * probed of the network; and what rules make of it. */
#include "spikescope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALIBRATION = 64, SIDE = 3 * 8 * 8, STEPS = 4 };

struct example {
	struct model *model;
	struct dataset *test;
	float *pixels; /* [CALIBRATION, SIDE] */
};

static int
setup(void **state)
{
	static struct example e;
	struct status st = {0};
	struct dataset *calibration = dataset_open("examples/digits-vit/calibration.safetensors", &st);

	e.model = model_load("examples/digits-vit", &st);
	e.test = dataset_open("examples/digits-vit/test.safetensors", &st);
	e.pixels = malloc(CALIBRATION * SIDE * sizeof(float));
	if (!calibration || !e.model || !e.test || !e.pixels)
		fail_msg("%s", st.message);
	for (int i = 0; i < CALIBRATION; i++)
		assert_true(dataset_get(calibration, i, e.model, e.pixels + (size_t)i * SIDE, NULL, &st));
	dataset_close(calibration);
	*state = &e;
	return 0;
}

static int
teardown(void **state)
{
	struct example *e = *state;

	free(e->pixels);
	dataset_close(e->test);
	model_free(e->model);
	return 0;
}

static struct plan *
build(const struct example *e, const char *recipe, const char *sites)
{
	struct status st = {0};
	struct plan_options options = {
	    .recipe = recipe, .T = STEPS, .rule = -1, .pixels = e->pixels, .pictures = CALIBRATION, .sites = sites};
	struct plan *plan = plan_build(e->model, &options, NULL, &st);

	if (!plan)
		fail_msg("%s", st.message);
	return plan;
}

/* --- brute force ---------------------------------------------------------- */

/* What each neuron of a site sent in a step, in quanta: [sides, size], or of hidden
 * neurons [size, hidden]; graded sites: 1 everywhere. */
struct sent {
	float *quanta;
	unsigned *spikes; /* of burst neurons: whole and half thresholds sent; else NULL */
	size_t count;
	bool graded, hidden;
};

/* Of one recipe and step. */
struct count {
	const struct plan *plan;
	struct snn *snn;
	struct sent *now;       /* [sites] */
	float **before;         /* [sites]: what burst neurons have sent in all */
	float **counted;        /* [sites]: counts of hidden neurons, [size, hidden] */
	struct ledger_row *row; /* [sites] */
};

/* One step of the released burst neuron (docs/methods.md#neurons, B = 2): half thresholds sent, and in
 * how many spikes. */
static float
burst(float x, float v, float *m, unsigned *spikes)
{
	float u = x - *m, first = u >= v ? v : u <= -v && *m > 0 ? -v : 0, half = v / 2, r, k;

	u -= first;
	*m += first;
	r = fmaxf(-*m, u);
	k = copysignf(fminf(floorf(fabsf(r) / (half + 1e-5f)), 2), r);
	*m += k * half;
	*spikes = (first != 0) + (unsigned)fabsf(k);
	return first / half + k;
}

/* What is kept between steps: the counts of hidden neurons, of burst neurons what they
 * have sent in all. Those are run again, because a whole threshold sent may be one spike
 * or two: what a neuron should have sent is its membrane and what it has sent. */
static void
read_hidden(struct count *c, int i)
{
	const struct site_plan *p = &c->plan->site[i];
	size_t size = site_size(c->plan->model, p->site), hidden = (size_t)p->ugo->hidden, n = size * hidden;
	size_t columns = p->channels > 1 ? (size_t)p->channels : 1;
	float *counts = malloc(n * sizeof(*counts)), *membrane = malloc(n * sizeof(*membrane));
	struct status st = {0};

	if (!c->before[i]) {
		c->before[i] = calloc(n, sizeof(float));
		c->counted[i] = calloc(n, sizeof(float));
	}
	c->now[i] = (struct sent){.quanta = malloc(n * sizeof(float)), .count = n, .hidden = true};
	if (p->neuron == NEURON_BURST)
		c->now[i].spikes = malloc(n * sizeof(unsigned));
	for (size_t k = 0; k < size; k++)
		assert_true(snn_probe_hidden(c->snn, p->site, k, counts + k * hidden, membrane + k * hidden, &st));
	for (size_t k = 0; k < n; k++) {
		float v = p->threshold[k / hidden % columns * hidden + k % hidden], quanta = counts[k] - c->counted[i][k];
		float x = membrane[k] + c->before[i][k] + quanta * v / 2;

		c->now[i].quanta[k] = quanta;
		if (c->now[i].spikes)
			c->now[i].quanta[k] = v > 0 ? burst(x, v, &c->before[i][k], &c->now[i].spikes[k]) : 0;
	}
	free(c->counted[i]);
	c->counted[i] = counts;
	free(membrane);
}

/* The same of an encoder; where it has two neurons a channel the sum of both is seen. */
static void
read_burst(struct count *c, int i)
{
	const struct site_plan *p = &c->plan->site[i];
	struct tensor membrane = {0}, sent = {0};
	struct status st = {0};
	size_t size = site_size(c->plan->model, p->site), n = size * (p->split ? 2 : 1);
	float *m = c->before[i] ? c->before[i] : (c->before[i] = calloc(n, sizeof(float)));
	struct sent *s = &c->now[i];

	*s = (struct sent){.quanta = malloc(n * sizeof(float)), .spikes = calloc(n, sizeof(unsigned)), .count = n};
	assert_true(snn_probe(c->snn, p->site, SNN_MEMBRANE, &membrane, &st));
	assert_true(snn_probe(c->snn, p->site, SNN_SENT, &sent, &st));
	for (size_t k = 0; k < size; k++) {
		const float *v = p->threshold + k % (size_t)p->channels * (size_t)p->per_channel;
		float x = membrane.data[k] + (m[k] - (p->split ? m[size + k] : 0)) + sent.data[k];

		s->quanta[k] = v[0] > 0 ? burst(x, v[0], &m[k], &s->spikes[k]) : 0;
		if (p->split)
			s->quanta[size + k] = v[1] > 0 ? burst(-x, v[1], &m[size + k], &s->spikes[size + k]) : 0;
	}
	tensor_done(&membrane);
	tensor_done(&sent);
}

static void
read_site(struct count *c, int i)
{
	const struct site_plan *p = &c->plan->site[i];
	struct tensor t = {0};
	struct status st = {0};

	if (p->mode == FUNCTION_MODE_SPIKING) {
		read_hidden(c, i);
		return;
	}
	if (p->neuron == NEURON_BURST) {
		read_burst(c, i);
		return;
	}
	if (!site_in_block(p->site.kind))
		return;
	c->now[i].count = site_size(c->plan->model, p->site);
	c->now[i].quanta = malloc(c->now[i].count * sizeof(float));
	c->now[i].graded = p->neuron == NEURON_NONE;
	if (!c->now[i].graded)
		assert_true(snn_probe(c->snn, p->site, SNN_COUNT, &t, &st));
	for (size_t k = 0; k < c->now[i].count; k++)
		c->now[i].quanta[k] = t.data ? t.data[k] : 1;
	tensor_done(&t);
}

static const struct sent *
sent_at(const struct count *c, enum site_kind kind, int block)
{
	return &c->now[site_index(c->plan->model, site_in(kind, block))];
}

/* What a neuron's answer is worth. */
static struct snn_spikes
worth(const struct site_plan *p, const struct sent *sent, size_t k)
{
	unsigned n = (unsigned)rintf(fabsf(sent->quanta[k]));
	struct snn_spikes s = {n > 0, n, (uint64_t)__builtin_popcount(n)};

	if (sent->spikes)
		s.units = s.powers = n > 0 ? sent->spikes[k] : 0;
	else if (p->neuron == NEURON_MT || p->neuron == NEURON_ECMT || p->neuron == NEURON_DIFFERENTIAL)
		s.units = s.powers = s.events;
	return s;
}

/* Every spike of a site meets so many others, one by one. */
static void
walk_synapses(struct count *c, enum site_kind kind, int block, int to_kind, enum ledger_quantity first, int meets)
{
	int i = site_index(c->plan->model, site_in(kind, block));
	int to = site_index(c->plan->model, site_in((enum site_kind)to_kind, block));
	const struct site_plan *p = &c->plan->site[i];
	const struct sent *s = &c->now[i];

	for (size_t k = 0; k < s->count; k++) {
		struct snn_spikes w = worth(p, s, k);

		for (int o = 0; o < meets; o++) {
			if (s->graded) {
				c->row[to].n[first + 4]++;
				continue;
			}
			c->row[to].n[LEDGER_SLOTS] += first != LEDGER_UGO_EVENTS;
			if (w.events == 0)
				continue;
			c->row[to].n[first]++;
			c->row[to].n[first + 1] += w.units;
			c->row[to].n[first + 2] += w.powers;
		}
	}
	for (size_t k = 0; !s->graded && k < s->count; k++) {
		struct snn_spikes w = worth(p, s, k);

		c->row[i].n[LEDGER_NEURONS]++;
		c->row[i].n[LEDGER_EVENTS] += w.events;
		c->row[i].n[LEDGER_UNITS] += w.units;
		c->row[i].n[LEDGER_POWERS] += w.powers;
	}
}

/* Every pair of values that a product multiplies, one by one. */
static void
walk_pairs(struct count *c, int block)
{
	const struct model *m = c->plan->model;
	const struct sent *q = sent_at(c, SITE_Q, block), *k = sent_at(c, SITE_K, block), *v = sent_at(c, SITE_V, block),
			  *p = sent_at(c, SITE_SOFTMAX, block);
	struct ledger_row *qk = &c->row[site_index(m, site_in(SITE_QK, block))];
	struct ledger_row *av = &c->row[site_index(m, site_in(SITE_AV, block))];

	for (int h = 0; h < m->heads; h++)
		for (int i = 0; i < m->tokens; i++)
			for (int j = 0; j < m->tokens; j++)
				for (int d = 0; d < m->head_dim; d++) {
					int at = h * m->head_dim + d;
					float of_p = p->quanta[((size_t)h * (size_t)m->tokens + (size_t)i) * (size_t)m->tokens +
							       (size_t)j];
					bool meet = q->quanta[i * m->width + at] != 0 && k->quanta[j * m->width + at] != 0;

					qk->n[q->graded || k->graded ? LEDGER_PAIRS_GRADED : LEDGER_PAIRS] += meet;
					meet = of_p != 0 && v->quanta[j * m->width + at] != 0;
					av->n[p->graded || v->graded ? LEDGER_PAIRS_GRADED : LEDGER_PAIRS] += meet;
				}
}

static void
walk_block(struct count *c, int b)
{
	const struct model *m = c->plan->model;
	const struct vit_block *w = &m->blocks[b];
	bool fold = c->plan->fold_norm;

	walk_synapses(c, fold ? SITE_NORM1_CENTER : SITE_NORM1, b, fold ? SITE_NORM1_CENTER : SITE_NORM1, LEDGER_SYNAPSE_EVENTS,
		      w->qkv.out);
	walk_synapses(c, fold ? SITE_NORM2_CENTER : SITE_NORM2, b, fold ? SITE_NORM2_CENTER : SITE_NORM2, LEDGER_SYNAPSE_EVENTS,
		      w->fc1.out);
	walk_synapses(c, SITE_AV, b, SITE_AV, LEDGER_SYNAPSE_EVENTS, w->proj.out);
	walk_synapses(c, SITE_ACT_OUT, b, SITE_ACT_OUT, LEDGER_SYNAPSE_EVENTS, w->fc2.out);
	walk_synapses(c, SITE_Q, b, SITE_QK, LEDGER_PRODUCT_EVENTS, m->tokens);
	walk_synapses(c, SITE_K, b, SITE_QK, LEDGER_PRODUCT_EVENTS, m->tokens);
	walk_synapses(c, SITE_SOFTMAX, b, SITE_AV, LEDGER_PRODUCT_EVENTS, m->head_dim);
	walk_synapses(c, SITE_V, b, SITE_AV, LEDGER_PRODUCT_EVENTS, m->tokens);
	for (int kind = SITE_NORM1_CENTER; kind <= SITE_BLOCK; kind++)
		if (sent_at(c, (enum site_kind)kind, b)->hidden)
			walk_synapses(c, (enum site_kind)kind, b, kind, LEDGER_UGO_EVENTS, 1);
	walk_pairs(c, b);
}

static const enum ledger_quantity walked[] = {
    LEDGER_NEURONS,        LEDGER_EVENTS,         LEDGER_UNITS,          LEDGER_POWERS,         LEDGER_SYNAPSE_EVENTS,
    LEDGER_SYNAPSE_UNITS,  LEDGER_SYNAPSE_POWERS, LEDGER_SYNAPSE_GRADED, LEDGER_PRODUCT_EVENTS, LEDGER_PRODUCT_UNITS,
    LEDGER_PRODUCT_POWERS, LEDGER_PRODUCT_GRADED, LEDGER_PAIRS,          LEDGER_PAIRS_GRADED,   LEDGER_UGO_EVENTS,
    LEDGER_UGO_UNITS,      LEDGER_UGO_POWERS,     LEDGER_SLOTS,
};

static void
compare(const struct count *c, const struct ledger *ledger, const char *recipe, int t)
{
	for (int i = 0; i < ledger->sites; i++) {
		struct ledger_row row = ledger_sum(ledger, i, t, t + 1);

		for (size_t k = 0; k < sizeof(walked) / sizeof(*walked); k++) {
			char name[SITE_NAME_MAX];

			if (row.n[walked[k]] != c->row[i].n[walked[k]])
				fail_msg("%s, t = %d, %s: the ledger has %llu %s, by brute force there are %llu", recipe, t + 1,
					 site_name(site_at(ledger->model, i), name), (unsigned long long)row.n[walked[k]],
					 ledger_names[walked[k]], (unsigned long long)c->row[i].n[walked[k]]);
		}
	}
}

/* All steps of a picture; returns how many events there were. */
static uint64_t
check_plan(const struct example *e, const struct plan *plan, const char *recipe)
{
	struct status st = {0};
	size_t sites = (size_t)plan->sites;
	struct ledger *ledger = ledger_new(plan, STEPS, &st);
	struct count c = {.plan = plan,
			  .snn = snn_new(plan, &st),
			  .now = calloc(sites, sizeof(*c.now)),
			  .before = calloc(sites, sizeof(*c.before)),
			  .counted = calloc(sites, sizeof(*c.counted)),
			  .row = calloc(sites, sizeof(*c.row))};
	uint64_t events;

	assert_true(ledger && c.snn);
	snn_show(c.snn, e->pixels);
	for (int t = 0; t < STEPS; t++) {
		snn_step(c.snn);
		ledger_step(ledger, c.snn);
		memset(c.row, 0, sites * sizeof(*c.row));
		for (int i = 0; i < plan->sites; i++)
			read_site(&c, i);
		for (int b = 0; b < plan->model->depth; b++)
			walk_block(&c, b);
		compare(&c, ledger, recipe, t);
		for (size_t i = 0; i < sites; i++) {
			free(c.now[i].quanta);
			free(c.now[i].spikes);
			c.now[i] = (struct sent){0};
		}
	}
	events = ledger_sum(ledger, -1, 0, STEPS).n[LEDGER_EVENTS];
	assert_true(events == (uint64_t)snn_events(c.snn));
	for (size_t i = 0; i < sites; i++) {
		free(c.before[i]);
		free(c.counted[i]);
	}
	free(c.counted);
	free(c.now);
	free(c.before);
	free(c.row);
	snn_free(c.snn);
	ledger_free(ledger);
	return events;
}

static void
every_recipe_counts_as_brute_force_does(void **state)
{
	struct example *e = *state;

	for (const struct recipe_info *recipe = recipe_table; recipe->transformers; recipe++) {
		struct plan *plan = build(e, recipe->name, NULL);

		assert_true(check_plan(e, plan, recipe->name) > 1000);
		plan_free(plan);
	}
}

/* --- what does not depend on spikes --------------------------------------- */

/* digits-vit: 4 blocks of width 48, MLP 96, 4 heads, 17 tokens; counted by hand. */
static void
the_reference_is_counted(void **state)
{
	struct example *e = *state;
	struct status st = {0};
	struct model *cifar = model_load("examples/cifar10-vit", &st);
	struct ledger *small = ledger_reference(e->model, false, &st), *large = cifar ? ledger_reference(cifar, true, &st) : NULL;
	struct ledger_row row;

	assert_true(small && large);
	row = ledger_sum(small, -1, 0, 1);
	assert_int_equal(row.n[LEDGER_SYNAPSE_GRADED], 4 * 17 * 48 * (4 * 48 + 2 * 96));
	assert_int_equal(row.n[LEDGER_PRODUCT_GRADED], 4 * 2 * 17 * 17 * 48);
	assert_int_equal(row.n[LEDGER_FUNCTIONS], 4 * (2 * 17 + 4 * 17 * 17 + 4 * 17 + 17 * 96));
	assert_int_equal(row.n[LEDGER_SQUARES], 4 * 2 * 17 * 48);
	assert_int_equal(row.n[LEDGER_SCALINGS], 4 * (2 * 17 * 48 + 2 * 4 * 17 * 17));
	assert_int_equal(row.n[LEDGER_EMBEDDING_MACS], (uint64_t)e->model->patch.in * 16 * 48 + 48 * (uint64_t)e->model->classes);
	assert_true(row.n[LEDGER_EVENTS] == 0 && row.n[LEDGER_NEURONS] == 0 && row.n[LEDGER_PAIRS_GRADED] == 0);
	/* 182.2 M multiplications in the blocks of cifar10-vit: 6 x 65 x (12 x 192^2 + 2 x 65 x 192) */
	row = ledger_sum(large, -1, 0, 1);
	assert_true(fabs((double)(row.n[LEDGER_SYNAPSE_GRADED] + row.n[LEDGER_PRODUCT_GRADED]) - 182.2e6) < 0.1e6);
	ledger_free(small);
	ledger_free(large);
	model_free(cifar);
}

static void
every_step_reads_and_writes(void **state)
{
	struct example *e = *state;
	struct plan *plan = build(e, "delta", NULL);
	struct status st = {0};
	struct ledger *ledger = ledger_new(plan, STEPS, &st);
	struct snn *snn = snn_new(plan, &st);

	assert_true(ledger && snn);
	snn_show(snn, e->pixels);
	for (int t = 0; t < STEPS; t++) {
		struct ledger_row r;

		snn_step(snn);
		ledger_step(ledger, snn);
		r = ledger_sum(ledger, -1, t, t + 1);
		assert_int_equal(r.n[LEDGER_WEIGHT_READS],
				 r.n[LEDGER_SYNAPSE_EVENTS] + r.n[LEDGER_UGO_EVENTS] + r.n[LEDGER_NEURONS]);
		assert_int_equal(r.n[LEDGER_STATE_READS], r.n[LEDGER_WEIGHT_READS] + 2 * r.n[LEDGER_PRODUCT_EVENTS]);
		assert_int_equal(r.n[LEDGER_STATE_WRITES], r.n[LEDGER_WEIGHT_READS] + r.n[LEDGER_PRODUCT_EVENTS]);
		/* gamma is folded: 1/sigma meets 3 width and mlp_width outputs */
		assert_int_equal(r.n[LEDGER_SCALINGS], 4 * (17 * 3 * 48 + 17 * 96 + 2 * 4 * 17 * 17));
		assert_true((r.n[LEDGER_EMBEDDING_MACS] > 0) == (t == 0));
		assert_int_equal(r.n[LEDGER_FUNCTIONS] + r.n[LEDGER_FUNCTION_MACS], 0);
	}
	snn_free(snn);
	ledger_free(ledger);
	plan_free(plan);
}

/* A ledger is the same whoever counts. */
static void
threads_count_alike(void **state)
{
	struct example *e = *state;
	struct plan *plan = build(e, "sta-release", NULL);
	struct status st = {0};
	struct ledger_options options = {.first = 3, .count = 7, .steps = 3, .threads = 1};
	struct ledger *one = ledger_run(plan, e->test, &options, NULL, &st), *three;

	options.threads = 3;
	three = ledger_run(plan, e->test, &options, NULL, &st);
	assert_true(one && three && one->pictures == 7 && three->pictures == 7);
	assert_memory_equal(one->row, three->row, 3 * (size_t)one->sites * sizeof(*one->row));
	/* exp and reciprocal are analog MLPs there: two layers of 32 and 64 */
	assert_int_equal(ledger_sum(one, -1, 0, 3).n[LEDGER_FUNCTION_MACS],
			 (uint64_t)7 * 3 * 4 * 2 * (4 * 17 * 17 * 32 + 4 * 17 * 64));
	ledger_free(one);
	ledger_free(three);
	plan_free(plan);
}

static bool
stop_at_once(void *ctx, const char *what, double done, double total)
{
	(void)ctx;
	(void)what;
	(void)total;
	return done < 2;
}

static void
a_stopped_count_is_kept(void **state)
{
	struct example *e = *state;
	struct plan *plan = build(e, "delta", NULL);
	struct status st = {0};
	struct progress progress = {stop_at_once, NULL};
	struct ledger_options options = {.count = 50, .threads = 1};
	struct ledger *ledger = ledger_run(plan, e->test, &options, &progress, &st);

	assert_true(ledger && st.code == STATUS_CANCELLED);
	assert_int_equal(ledger->pictures, 2);
	ledger_free(ledger);
	options.first = 1000000;
	st = (struct status){0};
	assert_null(ledger_run(plan, e->test, &options, NULL, &st));
	assert_int_equal(st.code, STATUS_USAGE);
	plan_free(plan);
}

/* --- rules ---------------------------------------------------------------- */

static struct rules
load(const char *path)
{
	struct rules rules;
	struct status st = {0};

	if (!rules_load(&rules, path, &st))
		fail_msg("%s", st.message);
	return rules;
}

/* Every kind of rule on a row of known counts. */
static void
rules_charge_what_they_say(void **state)
{
	struct example *e = *state;
	struct rules rules = load(NULL);
	struct ledger_row row = {{[LEDGER_SYNAPSE_EVENTS] = 100,
				  [LEDGER_SYNAPSE_UNITS] = 250,
				  [LEDGER_SYNAPSE_POWERS] = 150,
				  [LEDGER_SYNAPSE_SINGLE] = 40,
				  [LEDGER_SYNAPSE_GRADED] = 10,
				  [LEDGER_PRODUCT_EVENTS] = 1000,
				  [LEDGER_PRODUCT_UNITS] = 1000,
				  [LEDGER_PRODUCT_POWERS] = 1000,
				  [LEDGER_PRODUCT_SINGLE] = 1000,
				  [LEDGER_SYNAPSE_DENSE] = 700,
				  [LEDGER_NEURONS] = 500,
				  [LEDGER_WEIGHT_READS] = 3}};
	const struct {
		const char *rule;
		double picojoules;
	} want[] = {
	    {"event", 100 * 0.9 + 10 * 4.6 + 1000 * 0.9},
	    {"unit", 250 * 0.9 + 10 * 4.6 + 1000 * 0.9},
	    {"popcount", 150 * (0.9 + 0.13) + 10 * 4.6 + 1000 * (0.9 + 0.13)},
	    {"mac", 40 * 0.9 + 60 * 4.6 + 10 * 4.6 + 1000 * 0.9},
	    {"event-int8", 100 * 0.03 + 10 * 0.23 + 1000 * 0.03},
	    {"spikingjelly", 100 * 0.9 + 10 * 4.6 + 1000 * 0.9},
	    {"syops", 700 * 4.6 + 10 * 4.6},
	    {"neurobench", 40 * 0.9 + 60 * 4.6 + 10 * 4.6},
	    {"operations", 250 * 0.9 + 10 * 4.6 + 1000 * 0.9 + 500 * 1.8},
	    /* 3 weights of 27.6 kB: between 10 pJ at 8 kB and 20 pJ at 32 kB, for half of 64 bits */
	    {"memory", 250 * 0.9 + 10 * 4.6 + 1000 * 0.9 + 500 * 1.8 + 3 * 0.5 * (10 + 10 * (27648.0 - 8192) / 24576)},
	};

	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		const struct rule *rule = rules_find(&rules, want[i].rule);
		struct rule_cost cost;

		assert_non_null(rule);
		cost = rule_charge(rule, e->model, site_in(SITE_NORM1_CENTER, 0), &row);
		if (!(fabs(cost.picojoules - want[i].picojoules) < 1e-9 * want[i].picojoules))
			fail_msg("%s: %.6f pJ, expected %.6f", want[i].rule, cost.picojoules, want[i].picojoules);
	}
	for (int i = 0; i < rules.count; i++)
		assert_true(rules.rule[i].source[0] != '\0' && rules.rule[i].help[0] != '\0');
	rules_done(&rules);
}

/* The energy of an evaluation is that of the rules event and unit. */
static void
rules_agree_with_evaluations(void **state)
{
	struct example *e = *state;
	struct rules rules = load(NULL);
	struct status st = {0};
	struct ledger *reference = ledger_reference(e->model, false, &st);

	for (const struct recipe_info *recipe = recipe_table; recipe->transformers; recipe++) {
		struct plan *plan = build(e, recipe->name, NULL);
		int t = STEPS;
		struct eval_options options = {.count = 5, .t = &t, .ts = 1};
		struct ledger_options counted = {.count = 5};
		struct eval_result r;
		struct ledger *ledger = ledger_run(plan, e->test, &counted, NULL, &st);
		struct rule_verdict event, unit;

		assert_true(ledger && eval_run(plan, e->test, &options, &r, NULL, &st));
		event = rule_compare(rules_find(&rules, "event"), ledger, reference);
		unit = rule_compare(rules_find(&rules, "unit"), ledger, reference);
		assert_true(fabs(event.ratio - r.point[0].per_event) < 1e-9 && fabs(unit.ratio - r.point[0].per_unit) < 1e-9);
		assert_true(unit.rate >= event.rate && event.rate > 0 && event.rate <= 1);
		/* At the rate that breaks even the spikes cost what the reference does not have left. */
		if (isfinite(event.break_even))
			assert_true((event.ratio < 1) == (event.rate < event.break_even));
		eval_done(&r);
		ledger_free(ledger);
		plan_free(plan);
	}
	ledger_free(reference);
	rules_done(&rules);
}

static void
write_rules(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
users_have_their_own_rules(void **state)
{
	static const struct {
		const char *text, *complaint;
	} wrong[] = {
	    {"{", "line 1"},
	    {"{\"rules\": []}", "no list \"rules\""},
	    {"{\"rules\": [{\"help\": \"x\"}]}", "no \"name\""},
	    {"{\"rules\": [{\"name\": \"a\", \"technology\": \"tubes\"}]}", "rule a: \"technology\""},
	    {"{\"rules\": [{\"name\": \"a\", \"technology\": \"fp32\", \"spike\": \"many\"}]}", "\"spike\" must"},
	    {"{\"rules\": [{\"name\": \"a\", \"technology\": \"fp32\", \"spike\": \"unit\", \"count\": [\"all\"]}]}",
	     "\"count\" knows"},
	    {"{\"technologies\": {\"x\": {\"bits\": 8, \"add\": -1}}, \"rules\": [{\"name\": \"a\", \"technology\": "
	     "\"x\", \"spike\": \"unit\"}]}",
	     "\"add\" must"},
	};
	char path[] = "/tmp/spikescope-rules-XXXXXX";
	int fd = mkstemp(path);
	struct rules rules;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	write_rules(path, "{\"rules\": [{\"name\": \"mine\", \"help\": \"h\", \"technology\": \"fp16\", \"spike\": "
			  "\"popcount\", \"count\": [\"ugo\"]}, {\"name\": \"unit\", \"technology\": \"int8\", "
			  "\"spike\": \"event\", \"count\": [\"products\"]}]}");
	rules = load(path);
	assert_true(rules_find(&rules, "mine")->counts[RULE_UGO] && !rules_find(&rules, "mine")->counts[RULE_SYNAPSES]);
	assert_true(rules_find(&rules, "unit")->spike == RULE_EVENT);
	rules_done(&rules);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct status st = {0};

		write_rules(path, wrong[i].text);
		assert_false(rules_load(&rules, path, &st));
		if (st.code != STATUS_DATA || !strstr(st.message, wrong[i].complaint) || !strstr(st.message, path))
			fail_msg("'%s' should say '%s', it says '%s'", wrong[i].text, wrong[i].complaint, st.message);
	}
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_recipe_counts_as_brute_force_does),
	    cmocka_unit_test(the_reference_is_counted),
	    cmocka_unit_test(every_step_reads_and_writes),
	    cmocka_unit_test(threads_count_alike),
	    cmocka_unit_test(a_stopped_count_is_kept),
	    cmocka_unit_test(rules_charge_what_they_say),
	    cmocka_unit_test(rules_agree_with_evaluations),
	    cmocka_unit_test(users_have_their_own_rules),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
