/* Neurons against their equations (METHODS 3), written down a second time here as
 * plainly as possible: a membrane that integrates what arrives and is reset by
 * subtraction. And the correction of products (METHODS 5) as a property. */
#include "spikescope.h"

#include "snn/neuron.h"
#include "snn/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NEURONS = 500, STEPS = 40 };

/* Currents and thresholds on a grid of 1/64, so that every sum is exact and both
 * sides must agree to the bit. */
static float
grid(struct rng *rng, double lo, double hi)
{
	return (float)(floor((lo + (hi - lo) * rng_uniform(rng)) * 64) / 64);
}

static double
sent_by_equations(enum neuron_kind kind, int burst, double v, double *u, double *m, double x)
{
	double s = 0, r, k;

	*u += x;
	if (kind == NEURON_MT) {
		/* the level nearest to the membrane, found by trying them all */
		for (int level = 0; fabs(*u) >= v / 2 && level < burst; level++)
			if (level == 0 || fabs(fabs(*u) - ldexp(v, level)) <= fabs(fabs(*u) - fabs(s)))
				s = *u < 0 ? -ldexp(v, level) : ldexp(v, level);
		*u -= s;
		*m += s;
		return s;
	}
	if (kind == NEURON_ROUND) {
		s = v * fmax(-burst, fmin(burst, rint(*u / v)));
		*u -= s;
		*m += s;
		return s;
	}
	if (*u >= v)
		s = v;
	else if (kind != NEURON_IF && *u <= -v && *m > 0)
		s = -v;
	*u -= s;
	*m += s;
	if (kind == NEURON_BURST) {
		r = fmax(-*m, *u);
		k = fmin(floor(fabs(r) / (v / 2 + 1e-5)), burst) * (r < 0 ? -1 : 1);
		*u -= k * v / 2;
		*m += k * v / 2;
		s += k * v / 2;
	}
	return s;
}

static void
check_kind(enum neuron_kind kind, int burst)
{
	float x[NEURONS] = {0}, v[NEURONS], total[NEURONS], sent[NEURONS];
	double u[NEURONS] = {0}, m[NEURONS] = {0};
	void *state = calloc(NEURONS, neuron_state_size(kind));
	struct neuron_tally tally = {0, 0};
	struct rng rng;
	int64_t events = 0;

	assert_non_null(state);
	rng_seed(&rng, 7);
	for (int i = 0; i < NEURONS; i++)
		v[i] = i == 0 ? 0 : grid(&rng, 0.25, 4);
	for (int t = 0; t < STEPS; t++) {
		float current[NEURONS];

		for (int i = 0; i < NEURONS; i++)
			x[i] += current[i] = grid(&rng, -3, 4);
		neuron_step((struct neuron_rule){.kind = kind, .burst = burst, .repeat = 1, .grain = 1, .fine = 1}, x, v, state, total, sent, NEURONS, &tally);
		assert_true(total[0] == 0 && sent[0] == 0); /* threshold 0: never sends */
		for (int i = 1; i < NEURONS; i++) {
			double s = sent_by_equations(kind, burst, (double)v[i], &u[i], &m[i], (double)current[i]);

			events += s != 0;
			if ((double)sent[i] != s || (double)total[i] != m[i])
				fail_msg("%s: neuron %d step %d sent %g, the equations %g", neuron_name(kind), i, t,
					 (double)sent[i], s);
		}
	}
	/* a main spike and bursts that cancel are an event that sends nothing */
	assert_true(tally.events >= events && tally.units >= tally.events);
	free(state);
}

static void
neurons_obey_their_equations(void **state)
{
	(void)state;
	check_kind(NEURON_IF, 0);
	check_kind(NEURON_SIGNED, 0);
	check_kind(NEURON_BURST, 0);
	check_kind(NEURON_BURST, 2);
	check_kind(NEURON_ROUND, 1);
	check_kind(NEURON_ROUND, 4);
	check_kind(NEURON_MT, 1);
	check_kind(NEURON_MT, 6);
}

/* Under a constant current c an IF neuron sends clip(floor(T c / V), 0, T) spikes. */
static void
constant_current_gives_the_closed_form(void **state)
{
	(void)state;
	for (int i = -8; i < 80; i++) {
		float c = (float)i / 16, v = 1.5f, total = 0, sent;
		int16_t m = 0;
		struct neuron_tally tally = {0, 0};
		double want;

		for (int t = 1; t <= 32; t++) {
			float x = c * (float)t;

			neuron_step((struct neuron_rule){.kind = NEURON_IF}, &x, &v, &m, &total, &sent, 1, &tally);
		}
		want = fmax(0, fmin(32, floor(32 * (double)c / 1.5)));
		assert_int_equal(m, (int)want);
		assert_true((double)total == want * 1.5);
		assert_int_equal(tally.events, (int)want);
	}
}

/* A multi-threshold neuron answers a constant target with an error that shrinks to a
 * third or better by every spike, until the lowest level is reached; refined levels halve
 * what is left (SPIKING 2). */
static void
multi_threshold_closes_in(void **state)
{
	(void)state;
	for (int i = -400; i <= 400; i++) {
		float x = (float)i * 0.0797f, v = 1, total = 0, sent;
		int16_t m = 0;
		struct neuron_tally tally = {0, 0};

		for (int t = 1; t <= 9; t++) {
			int halvings = t < 4 ? 0 : t - 3;
			struct neuron_rule rule = {.kind = NEURON_MT, .burst = 6, .repeat = 1, .grain = ldexpf(1, -halvings), .fine = ldexpf(1, -6)};
			double before = fabs((double)x - (double)total), after;

			neuron_step(rule, &x, &v, &m, &total, &sent, 1, &tally);
			after = fabs((double)x - (double)total);
			assert_true(after <= fmax(before / 3 + 1e-5, 0.5 * (double)rule.grain + 1e-5));
		}
		assert_true(fabs((double)x - (double)total) <= ldexp(0.5, -6) + 1e-5);
	}
}

/* For random trains the sum sent after every t is A_t B_t / t: 1e-5 of the largest
 * entry, for the products are float32 sums of at most 24 terms over 32 steps. */
static void
check_product(bool transposed, uint64_t seed)
{
	enum { ROWS = 7, COLUMNS = 9, INNER = 24, T = 32 };
	float a[ROWS * INNER] = {0}, b[INNER * COLUMNS] = {0}, before[INNER * COLUMNS], da[ROWS * INNER], db[INNER * COLUMNS];
	float r[ROWS * COLUMNS] = {0}, total[ROWS * COLUMNS] = {0}, sent[ROWS * COLUMNS];
	double sum[ROWS * COLUMNS] = {0};
	struct rng rng;

	rng_seed(&rng, seed);
	for (int t = 1; t <= T; t++) {
		int stride = transposed ? INNER : COLUMNS;
		double most = 0, worst = 0;

		memcpy(before, b, sizeof(b));
		for (int i = 0; i < ROWS * INNER; i++)
			a[i] += da[i] = (float)((int)rng_below(&rng, 5) - 2) * 0.37f;
		for (int i = 0; i < INNER * COLUMNS; i++)
			b[i] += db[i] = (float)((int)rng_below(&rng, 5) - 2) * 0.21f;
		product_step(&(struct train){a, NULL, da, INNER}, &(struct train){b, before, db, stride}, transposed, ROWS,
			     COLUMNS, INNER, r);
		product_send(r, 1.0f / (float)t, total, sent, ROWS * COLUMNS);
		for (int i = 0; i < ROWS * COLUMNS; i++) {
			double want = 0;

			sum[i] += (double)sent[i];
			for (int k = 0; k < INNER; k++)
				want += (double)a[i / COLUMNS * INNER + k] *
					(double)(transposed ? b[i % COLUMNS * INNER + k] : b[k * COLUMNS + i % COLUMNS]);
			want /= t;
			most = fmax(most, fabs(want));
			worst = fmax(worst, fmax(fabs((double)total[i] - want), fabs(sum[i] - want)));
		}
		if (worst > 1e-5 * fmax(most, 1))
			fail_msg("step %d: the sum sent is off by %g of %g", t, worst, most);
	}
}

static void
products_send_what_has_arrived(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		check_product(true, seed);
		check_product(false, seed);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(neurons_obey_their_equations),
	    cmocka_unit_test(constant_current_gives_the_closed_form),
	    cmocka_unit_test(multi_threshold_closes_in),
	    cmocka_unit_test(products_send_what_has_arrived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
