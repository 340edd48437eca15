/* Populations of neurons, which run in tiles, vectors and shared states, against the same
 * rules written down for one neuron with plain arithmetic: to the bit. */
#include "spikescope.h"

#include "snn/population/population.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 65, COLUMNS = 70, HIDDEN = 9, STEPS = 24, ELEMENTS = ROWS * COLUMNS };

struct spike {
	float sent;
	int units;
};

/* One spike of a multi-threshold neuron: by comparing with every level. */
static struct spike
plain_mt(float x, float v, float *m, const struct neuron_rule *rule)
{
	float quantum = v * rule->fine, base = v * rule->grain, r = x - *m * quantum, a = fabsf(r) * ((4.0f / 3.0f) / base);
	float step = rule->grain / rule->fine;
	float least = rule->fine < 1 && rule->grain == rule->fine ? 1 : 2.0f / 3.0f; /* three quarters of V, or half */
	int level = 0;

	if (!(v > 0) || !(a >= least))
		return (struct spike){0, 0};
	while (level < rule->burst - 1 && a >= ldexpf(1, level + 1))
		level++;
	step = r < 0 ? -ldexpf(step, level) : ldexpf(step, level);
	*m += step;
	return (struct spike){step * quantum, 1};
}

/* The released code's rule in its own order. */
static struct spike
plain_burst(float x, float v, float *m, const struct neuron_rule *rule)
{
	float u = x - *m + rule->initial * v, first = 0, r, k, second;
	int units = 0;

	if (!(v > 0))
		return (struct spike){0, 0};
	if (u >= v && u < 1e5f)
		first = v;
	else if (u <= -v && u > -1e5f && *m > 0)
		first = -v;
	units = first != 0;
	u -= first;
	*m += first;
	r = u < -*m ? -*m : u;
	k = floorf(fabsf(r) / (v * 0.5f + 1e-5f));
	k = k < (float)rule->burst ? k : (float)rule->burst;
	second = (r < 0 ? -k : k) * (v * 0.5f);
	*m += second;
	return (struct spike){first + second, units + (int)k};
}

/* Levels that are divided by t; M is a float. */
static struct spike
plain_differential(float x, float v, float *m, const struct neuron_rule *rule)
{
	float base = v * rule->grain, start = *m;
	struct spike s = {0, 0};

	for (int i = 0; i < rule->repeat && v > 0; i++) {
		float r = x - *m, a = fabsf(r) * ((4.0f / 3.0f) / base);
		int level = 0;

		if (!(a >= 2.0f / 3.0f))
			break;
		while (level < rule->burst - 1 && a >= ldexpf(1, level + 1))
			level++;
		*m += r < 0 ? -ldexpf(base, level) : ldexpf(base, level);
		s.units++;
	}
	s.sent = *m - start;
	return s;
}

static struct spike
plain_ecmt(float x, float v, float *m, int burst)
{
	float u = x - *m * v, a = v > 0 ? fabsf(u) / v + 0.5f : 0, k;
	int level = 0;

	if (!(a >= 1))
		return (struct spike){0, 0};
	while (level < burst - 1 && a >= ldexpf(1, level + 1))
		level++;
	k = u < 0 ? -ldexpf(1, level) : ldexpf(1, level);
	*m += k;
	k *= v;
	return (struct spike){k, 1};
}

static struct spike
plain_neuron(float x, float v, float *m, const struct neuron_rule *rule)
{
	float u = x - *m * v + rule->initial * v, k = 0, start = *m;
	struct spike s = {0, 0};

	switch (rule->kind) {
	case NEURON_BURST:
		return plain_burst(x, v, m, rule);
	case NEURON_DIFFERENTIAL:
		return plain_differential(x, v, m, rule);
	case NEURON_ECMT:
		return plain_ecmt(x, v, m, rule->burst);
	case NEURON_STBIF:
		if (v > 0 && u >= v && *m < (float)rule->burst)
			k = 1;
		else if (v > 0 && u < 0 && *m > (float)-rule->burst)
			k = -1;
		break;
	case NEURON_MT:
		for (int i = 0; i < rule->repeat; i++)
			s.units += plain_mt(x, v, m, rule).units;
		s.sent = (*m - start) * (v * rule->fine);
		return s;
	case NEURON_ROUND:
		k = v > 0 ? rintf(u / v) : 0;
		k = k > (float)rule->burst ? (float)rule->burst : k < (float)-rule->burst ? (float)-rule->burst : k;
		break;
	default:
		if (v > 0 && u >= v)
			k = 1;
		else if (v > 0 && rule->kind == NEURON_SIGNED && u <= -v && *m > 0)
			k = -1;
	}
	*m += k;
	s.sent = k * v;
	s.units = (int)fabsf(k);
	return s;
}

static float
plain_total(float m, float v, const struct neuron_rule *rule)
{
	return neuron_type(rule->kind)->counts ? m * neuron_quantum(rule, v) : m;
}

/* Values where rules decide: whole and half thresholds and their neighbours, zero, huge. */
static float
edge(struct rng *rng, float v)
{
	static const float special[] = {0, 0.25f, 0.5f, 0.75f, 1, 1.5f, 2, 2.5f, 3, 3.5f, 1e6f, 1e-30f};
	float x = v * special[rng_below(rng, sizeof(special) / sizeof(*special))];

	x = rng_below(rng, 3) ? x : nextafterf(x, rng_below(rng, 2) ? INFINITY : -INFINITY);
	return rng_below(rng, 2) ? x : -x;
}

static struct neuron_rule
at_step(struct neuron_rule rule, int t)
{
	if (rule.kind == NEURON_DIFFERENTIAL)
		rule.grain = 1 / (float)t;
	if (rule.kind == NEURON_MT)
		rule.grain = t > 3 ? fmaxf(ldexpf(1, 3 - t), rule.fine) : 1;
	return rule;
}

static void
check_neurons(struct neuron_rule rule, uint64_t seed)
{
	enum { N = 333 };
	float x[N] = {0}, v[N], total[N], sent[N], m[N] = {0};
	void *state = calloc(N, neuron_state_size(rule.kind));
	struct neuron_tally tally = {0, 0}, plain = {0, 0};
	struct rng rng;

	assert_non_null(state);
	rng_seed(&rng, seed);
	for (int i = 0; i < N; i++)
		v[i] = i % 50 == 0 ? 0 : (float)exp(2 * rng_normal(&rng));
	for (int t = 1; t <= STEPS; t++) {
		struct neuron_rule now = at_step(rule, t);

		for (int i = 0; i < N; i++)
			x[i] = i % 3 == 0 ? plain_total(m[i], v[i], &now) + edge(&rng, v[i])
					  : x[i] + 2 * v[i] * (float)rng_normal(&rng);
		neuron_step(now, x, v, state, total, sent, 1, N, &tally);
		for (int i = 0; i < N; i++) {
			struct spike s = plain_neuron(x[i], v[i], &m[i], &now);

			plain.events += s.units != 0;
			plain.units += s.units;
			if (sent[i] != s.sent || total[i] != plain_total(m[i], v[i], &now))
				fail_msg("%s, burst %d: neuron %d (V %a) at step %d sent %a for %a, plainly %a",
					 neuron_name(rule.kind), rule.burst, i, (double)v[i], t, (double)sent[i], (double)x[i],
					 (double)s.sent);
		}
		assert_memory_equal(&tally, &plain, sizeof(tally));
	}
	free(state);
}

static const struct neuron_rule rules[] = {
    {.kind = NEURON_IF, .repeat = 1, .grain = 1, .fine = 1},
    {.kind = NEURON_IF, .repeat = 1, .grain = 1, .fine = 1, .initial = 1},
    {.kind = NEURON_SIGNED, .repeat = 1, .grain = 1, .fine = 1},
    {.kind = NEURON_SIGNED, .repeat = 1, .grain = 1, .fine = 1, .initial = 0.5f},
    {.kind = NEURON_BURST, .repeat = 1, .grain = 1, .fine = 1},
    {.kind = NEURON_BURST, .burst = 2, .repeat = 1, .grain = 1, .fine = 1},
    {.kind = NEURON_BURST, .burst = 2, .repeat = 1, .grain = 1, .fine = 1, .initial = 0.5f},
    {.kind = NEURON_BURST, .burst = 5, .repeat = 1, .grain = 1, .fine = 1},
    {.kind = NEURON_ROUND, .burst = 1, .repeat = 1, .grain = 1, .fine = 1},
    {.kind = NEURON_ROUND, .burst = 2, .repeat = 1, .grain = 1, .fine = 1},
    {.kind = NEURON_ROUND, .burst = 4, .repeat = 1, .grain = 1, .fine = 1},
    {.kind = NEURON_MT, .burst = 1, .repeat = 1, .grain = 1, .fine = 1},
    {.kind = NEURON_MT, .burst = 6, .repeat = 1, .grain = 1, .fine = 0x1p-6f},
    {.kind = NEURON_MT, .burst = 6, .repeat = 2, .grain = 1, .fine = 0x1p-6f},
    {.kind = NEURON_MT, .burst = 8, .repeat = 3, .grain = 1, .fine = 1},
    {.kind = NEURON_DIFFERENTIAL, .burst = 8, .repeat = 1, .grain = 1, .fine = 1},
    {.kind = NEURON_DIFFERENTIAL, .burst = 8, .repeat = 2, .grain = 1, .fine = 1},
    {.kind = NEURON_STBIF, .burst = 16, .repeat = 1, .grain = 1, .fine = 1, .initial = 0.5f},
    {.kind = NEURON_STBIF, .burst = 3, .repeat = 1, .grain = 1, .fine = 1, .initial = 1},
    {.kind = NEURON_ECMT, .burst = 8, .repeat = 1, .grain = 1, .fine = 1},
};
enum { RULES = sizeof(rules) / sizeof(*rules) };

static void
neurons_are_their_rules(void **state)
{
	(void)state;
	for (int i = 0; i < RULES; i++)
		for (uint64_t seed = 0; seed < 4; seed++)
			check_neurons(rules[i], seed);
}

/* A UGO, its plan and the population, with everything that the plain one needs. */
struct fixture {
	struct ugo ugo;
	struct site_plan plan;
	struct population population;
	struct arena *arena;
	struct neuron_rule rule;
	float w1[HIDDEN], b1[HIDDEN], w2[HIDDEN], h[HIDDEN], threshold[COLUMNS * HIDDEN];
	float m[ELEMENTS][HIDDEN];
};

static struct fixture *
make_fixture(struct neuron_rule rule, bool segments, bool own, struct rng *rng)
{
	struct fixture *p = calloc(1, sizeof(*p));
	int channels = own ? COLUMNS : 1;

	assert_non_null(p);
	for (int i = 0; i < HIDDEN; i++) {
		p->w1[i] = (float)(i % 2 ? -1 : 1) * (segments ? 1 : 1 + (float)rng_uniform(rng));
		p->b1[i] = (float)rng_normal(rng) * 2;
		p->w2[i] = (float)rng_normal(rng);
		p->h[i] = 0.25f + (float)rng_uniform(rng);
	}
	for (int c = 0; c < channels; c++)
		for (int i = 0; i < HIDDEN; i++)
			p->threshold[c * HIDDEN + i] = i == 4             ? 0
						       : segments && !own ? ldexpf(p->h[i], 1 - rule.burst)
									  : (float)exp(rng_normal(rng));
	p->rule = rule;
	p->ugo = (struct ugo){
	    .hidden = HIDDEN, .w1 = p->w1, .b1 = p->b1, .w2 = p->w2, .b2 = 0.3f, .h = segments ? p->h : NULL, .lo = -3, .hi = 3};
	p->plan = (struct site_plan){.site = site_in(SITE_ACT, 0), .neuron = rule.kind};
	p->plan.settings = (struct neuron_settings){.burst = rule.burst,
						    .repeat = rule.repeat,
						    .refine = (int)-log2f(rule.fine),
						    .refine_after = NEURON_REFINE_AFTER,
						    .initial = rule.initial};
	p->plan.channels = channels;
	p->plan.per_channel = HIDDEN;
	p->plan.threshold = p->threshold;
	p->plan.mode = FUNCTION_MODE_SPIKING;
	p->plan.ugo = &p->ugo;
	p->population = (struct population){.plan = &p->plan, .rows = ROWS, .columns = COLUMNS};
	p->arena = arena_new();
	assert_true(population_init(&p->population, p->arena) && population_stand_alone(&p->population, p->arena));
	return p;
}

static float
plain_population(struct fixture *p, struct neuron_rule rule, size_t element, float x, float s, struct neuron_tally *tally)
{
	bool positive = p->ugo.h || neuron_type(rule.kind)->cut;
	float y = p->ugo.b2 * s;

	for (int i = 0; i < HIDDEN; i++) {
		float v = p->threshold[p->plan.channels > 1 ? element % COLUMNS * HIDDEN + (size_t)i : (size_t)i], top;
		float target = p->w1[i] * x + p->b1[i] * s, unit = neuron_type(rule.kind)->counts ? neuron_quantum(&rule, v) : 1;
		struct spike spike;

		top = p->h[i] * s;
		if (positive && target < 0)
			target = 0;
		if (p->ugo.h && target > top)
			target = top;
		spike = plain_neuron(target, v, &p->m[element][i], &rule);
		tally->events += spike.units != 0;
		tally->units += spike.units;
		y += p->w2[i] * unit * p->m[element][i];
	}
	return y;
}

/* Inputs that are alike within a tile at first, then apart, then far outside, then back:
 * states are shared, parted and joined. */
static float
input(struct rng *rng, int t, size_t element, float s)
{
	float spread = t < 6 ? 0.01f : t < 12 ? 2 : 0.5f, away = t >= 12 && t < 18 ? (element / 64 % 2 ? 20 : -20) : 0;

	return s * (away + spread * (float)rng_normal(rng));
}

/* Compares what the population has after step t, and what it sent in it. */
static void
compare(struct fixture *p, int t, const float *x, float s, const float *total, struct neuron_tally *plain)
{
	struct neuron_rule now = at_step(p->rule, t);

	for (size_t e = 0; e < ELEMENTS; e++) {
		float y = plain_population(p, now, e, x[e], s, plain);

		if (total[e] != y)
			fail_msg("%s: element %zu at step %d has sent %a, plainly %a", neuron_name(now.kind), e, t,
				 (double)total[e], (double)y);
	}
}

static void
compare_states(const struct fixture *p, int t)
{
	for (size_t e = 0; e < ELEMENTS; e++)
		for (int i = 0; i < HIDDEN; i++)
			if (population_neuron(&p->population, e, i) != p->m[e][i])
				fail_msg("%s, burst %d%s%s: neuron %d of element %zu at step %d is %a, plainly %a",
					 neuron_name(p->rule.kind), p->rule.burst, p->ugo.h ? ", segments" : "",
					 p->plan.channels > 1 ? ", own thresholds" : "", i, e, t,
					 (double)population_neuron(&p->population, e, i), (double)p->m[e][i]);
}

/* runs: how many steps are taken at once, over and over; ends with 0. */
static void
check_population(struct neuron_rule rule, bool segments, bool own, bool mean, const int *runs)
{
	static float x[POPULATION_STEPS][ELEMENTS], total[POPULATION_STEPS][ELEMENTS];
	struct rng rng;
	struct fixture *p;
	struct neuron_tally tally = {0, 0}, plain = {0, 0};
	struct alarm_tally alarms = {0, 0, 0};
	int64_t outside = 0;

	rng_seed(&rng, 3);
	p = make_fixture(rule, segments, own, &rng);
	for (int t = 1, r = 0, steps; t <= STEPS; t += steps, r = runs[r + 1] ? r + 1 : 0) {
		struct population_step step[POPULATION_STEPS];

		steps = runs[r] < STEPS - t + 1 ? runs[r] : STEPS - t + 1;
		for (int k = 0; k < steps; k++) {
			float s = mean ? (float)(t + k) : 1;

			for (size_t e = 0; e < ELEMENTS; e++) {
				x[k][e] = input(&rng, t + k, e, s);
				outside += x[k][e] < -3 * s || x[k][e] > 3 * s;
			}
			step[k] = (struct population_step){at_step(rule, t + k), t + k, s, x[k], total[k], {0, 0}};
		}
		population_run(&p->population, step, steps, &alarms);
		for (int k = 0; k < steps; k++) {
			tally.events += step[k].tally.events;
			tally.units += step[k].tally.units;
			compare(p, t + k, x[k], step[k].s, total[k], &plain);
		}
		compare_states(p, t + steps - 1);
		assert_int_equal(tally.events, plain.events);
		assert_int_equal(tally.units, plain.units);
		assert_int_equal(alarms.all, outside);
	}
	arena_free(p->arena);
	free(p);
}

static void
populations_are_their_neurons(void **state)
{
	(void)state;
	for (int i = 0; i < RULES; i++)
		for (int form = 0; form < 8; form++)
			check_population(rules[i], form & 1, form & 2, form & 4, (const int[]){1, 0});
}

static void
many_steps_at_once_are_the_same(void **state)
{
	(void)state;
	for (int i = 0; i < RULES; i++)
		for (int form = 0; form < 8; form++) {
			check_population(rules[i], form & 1, form & 2, form & 4, (const int[]){8, 3, 0});
			if (form < 4)
				check_population(rules[i], form & 1, form & 2, form & 4, (const int[]){2, 1, 5, 0});
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(neurons_are_their_rules),
	    cmocka_unit_test(populations_are_their_neurons),
	    cmocka_unit_test(many_steps_at_once_are_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
