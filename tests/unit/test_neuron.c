/* Neurons against their equations (docs/methods.md#neurons), written down a second time here as
 * plainly as possible: a membrane that integrates what arrives and is reset by
 * subtraction. And the products of trains (docs/methods.md#products-of-two-trains) as a property. */
#include "spikescope.h"

#include "snn/neurons/neuron.h"

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
		neuron_step((struct neuron_rule){.kind = kind, .burst = burst, .repeat = 1, .grain = 1, .fine = 1}, x, v, state,
			    total, sent, 1, NEURONS, &tally);
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

			neuron_step((struct neuron_rule){.kind = NEURON_IF}, &x, &v, &m, &total, &sent, 1, 1, &tally);
		}
		want = fmax(0, fmin(32, floor(32 * (double)c / 1.5)));
		assert_int_equal(m, (int)want);
		assert_true((double)total == want * 1.5);
		assert_int_equal(tally.events, (int)want);
	}
}

/* A multi-threshold neuron answers a constant target with an error that shrinks to a
 * third or better by every spike, until the lowest level is reached; refined levels halve
 * what is left (docs/spiking.md#delta). */
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
			struct neuron_rule rule = {
			    .kind = NEURON_MT, .burst = 6, .repeat = 1, .grain = ldexpf(1, -halvings), .fine = ldexpf(1, -6)};
			double before = fabs((double)x - (double)total), after;

			neuron_step(rule, &x, &v, &m, &total, &sent, 1, 1, &tally);
			after = fabs((double)x - (double)total);
			assert_true(after <= fmax(before / 3 + 1e-5, (t < 9 ? 0.5 : 0.75) * (double)rule.grain + 1e-5));
		}
		assert_true(fabs((double)x - (double)total) <= ldexp(0.75, -6) + 1e-5);
	}
}

/* With an initial potential p V an IF neuron sends clip(floor(T c / V + p), 0, T). */
static void
initial_potential_moves_the_first_spike(void **state)
{
	(void)state;
	for (int i = -8; i < 80; i++) {
		struct neuron_rule rule = {.kind = NEURON_IF, .initial = 0.5f};
		float c = (float)i / 16, v = 1.5f, total, sent;
		int16_t m = 0;
		struct neuron_tally tally = {0, 0};

		for (int t = 1; t <= 32; t++) {
			float x = c * (float)t;

			neuron_step(rule, &x, &v, &m, &total, &sent, 1, 1, &tally);
		}
		assert_int_equal(m, (int)fmax(0, fmin(32, floor(32 * (double)c / 1.5 + 0.5))));
	}
}

/* docs/methods.md#neurons: tau du/dt = -u + R x by Euler steps with R = tau. From rest, a constant
 * current c gives u_n = tau c (1 - (1 - 1/tau)^n), so that the neuron fires every n steps,
 * n the first with u_n >= V, and never when tau c < V. */
static void
lif_fires_with_the_period_of_its_equation(void **state)
{
	(void)state;
	for (int i = 1; i < 60; i++) {
		double tau = 8, c = i / 64.0, v = 1, leak = 1 - 1 / tau;
		double period = tau * c > v ? ceil(log(1 - v / (tau * c)) / log(leak) - 1e-9) : INFINITY;
		struct neuron_rule rule = {.kind = NEURON_LIF, .own = {(float)leak}};
		char memory[64] = {0};
		float threshold = (float)v, total = 0, sent;
		struct neuron_tally tally = {0, 0};
		int T = 200;

		assert_true(neuron_state_size(NEURON_LIF) <= sizeof(memory));
		for (int t = 1; t <= T; t++) {
			float x = (float)(c * t);

			neuron_step(rule, &x, &threshold, memory, &total, &sent, 1, 1, &tally);
			/* on the step of equality rounding decides */
			if (isfinite(period) && fabs(tau * c * (1 - pow(leak, period)) - v) > 1e-4)
				assert_int_equal(sent != 0, fmod(t, period) == 0);
		}
		if (!isfinite(period) && tau * c < v - 1e-4)
			assert_int_equal(tally.events, 0);
	}
}

/* ST-BIF+ ends at what the quantised activation has: V clip(floor(x / V + 1/2), -S, S), one
 * quantum a step on the way (SpikeZIP-TF, equations 4 to 6). */
static void
stbif_ends_at_the_quantised_value(void **state)
{
	(void)state;
	for (int i = -150; i <= 150; i++) {
		struct neuron_rule rule = {.kind = NEURON_STBIF, .burst = 15, .initial = 0.5f};
		float x = (float)i * 0.173f, v = 0.75f, total = 0, sent;
		double want = fmax(-15, fmin(15, floor((double)x / 0.75 + 0.5)));
		int16_t m = 0;
		struct neuron_tally tally = {0, 0};

		for (int t = 1; t <= 20; t++) {
			neuron_step(rule, &x, &v, &m, &total, &sent, 1, 1, &tally);
			assert_true(fabs((double)sent) <= 0.75);
			assert_int_equal(m, (int)(fabs(want) <= t ? want : want < 0 ? -t : t));
		}
		assert_true((double)total == want * 0.75);
	}
}

/* ECMT, equation 10: largest level first, s = V 2^k if |u| >= V 2^k - V / 2. */
static void
ecmt_takes_the_largest_level_below(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 11);
	for (int n = 0; n < 400; n++) {
		struct neuron_rule rule = {.kind = NEURON_ECMT, .burst = 8};
		float x = 0, v = grid(&rng, 0.25, 2), total, sent;
		double u = 0;
		int32_t m = 0;
		struct neuron_tally tally = {0, 0};

		for (int t = 0; t < 30; t++) {
			float current = grid(&rng, -40, 50);
			double s = 0;

			x += current;
			u += (double)current;
			for (int k = 7; k >= 0 && s == 0; k--)
				if (fabs(u) >= ldexp((double)v, k) - (double)v / 2)
					s = u < 0 ? -ldexp((double)v, k) : ldexp((double)v, k);
			u -= s;
			neuron_step(rule, &x, &v, &m, &total, &sent, 1, 1, &tally);
			if ((double)sent != s)
				fail_msg("step %d sent %g, the equation %g", t, (double)sent, s);
		}
	}
}

/* DCGS: the membrane u_t = t (r_t - M) against fixed levels V 2^k, what is sent counts 1/t.
 * Written that way the nearest level answers; 1e-4, for M is a float32 sum. */
static void
differential_is_levels_over_t(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 12);
	for (int n = 0; n < 400; n++) {
		float v = grid(&rng, 0.25, 2), x = grid(&rng, -60, 60), total = 0, sent;
		double m = 0;
		float memory = 0;
		struct neuron_tally tally = {0, 0};

		for (int t = 1; t <= 20; t++) {
			struct neuron_rule rule = {.kind = NEURON_DIFFERENTIAL, .burst = 8, .repeat = 1, .grain = 1 / (float)t};
			double u = t * ((double)x - (double)memory), s = 0, edge = INFINITY;

			for (int k = 0; k < 8; k++) {
				double level = ldexp((double)v, k), border = k == 0 ? level / 2 : 0.75 * level;

				edge = fmin(edge, fabs(fabs(u) - border));
				if (fabs(u) >= border)
					s = (u < 0 ? -level : level) / t;
			}
			m = (double)memory + s;
			neuron_step(rule, &x, &v, &memory, &total, &sent, 1, 1, &tally);
			if (edge > 1e-3) /* on the border rounding decides */
				assert_true(fabs((double)total - m) <= 1e-4);
		}
	}
}

/* Products of two trains (docs/methods.md#products-of-two-trains): what is computed from the sums A_t and B_t is what
 * the increments R_t = R_{t-1} + A_t b_t + a_t B_{t-1} of arriving spikes add up to. 1e-5
 * of the largest entry, for both are float32 sums over 32 steps. */
static void
check_product(bool scores, uint64_t seed)
{
	enum { TOKENS = 9, DIM = 24, T = 32, STRIDE = 30 };
	float a[TOKENS * STRIDE] = {0}, b[TOKENS * STRIDE] = {0}, scratch[2048], out[TOKENS * STRIDE];
	int inner = scores ? DIM : TOKENS, columns = scores ? TOKENS : DIM;
	double r[TOKENS * DIM] = {0};
	struct head head = {TOKENS, DIM, TOKENS, STRIDE, scratch};
	struct rng rng;

	assert_true(head_scratch(TOKENS, DIM) <= 2048);
	rng_seed(&rng, seed);
	for (int t = 1; t <= T; t++) {
		float before[TOKENS * STRIDE], da[TOKENS * STRIDE];
		double most = 0, worst = 0;
		int lda = scores ? STRIDE : TOKENS;

		memcpy(before, b, sizeof(b));
		for (int i = 0; i < TOKENS * STRIDE; i++) {
			a[i] += da[i] = (float)((int)rng_below(&rng, 5) - 2) * 0.37f;
			b[i] += (float)((int)rng_below(&rng, 5) - 2) * 0.21f;
		}
		if (scores)
			head_scores(&head, a, b, out);
		else
			head_values(&head, a, b, out, STRIDE);
		for (int i = 0; i < TOKENS; i++)
			for (int j = 0; j < columns; j++) {
				double *sum = &r[i * columns + j], found = (double)out[scores ? i * TOKENS + j : i * STRIDE + j];

				for (int k = 0; k < inner; k++) {
					int at = scores ? j * STRIDE + k : k * STRIDE + j;

					*sum += (double)a[i * lda + k] * ((double)b[at] - (double)before[at]) +
						(double)da[i * lda + k] * (double)before[at];
				}
				most = fmax(most, fabs(*sum));
				worst = fmax(worst, fabs(*sum - found));
			}
		if (worst > 1e-5 * fmax(most, 1))
			fail_msg("step %d: the product is off by %g of %g", t, worst, most);
	}
}

static void
products_are_what_has_arrived(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		check_product(true, seed);
		check_product(false, seed);
	}
}

/* Golden values from the equations of Bellec et al. in double precision (Python: v = alpha v + i - V z;
 * a = rho a + z; z = v >= V + beta V a). 1e-4, for X_t is a float32 sum of 48 inputs; no potential comes
 * nearer to its threshold than 0.01. */
static void
adaptive_thresholds_follow_the_paper(void **state)
{
	static const struct {
		float tau, tau_adapt, beta, v;
		double gain;
		const char *spikes;
		double membrane[6]; /* at steps 8, 16, .. */
	} row[] = {
	    {20,
	     200,
	     0.2f,
	     1,
	     1.5,
	     "011001010100101010010010100110010001100100100010",
	     {1.683285, 1.782325, 2.300207, 3.452296, 4.15656, 4.339604}},
	    {5,
	     10,
	     1,
	     0.75f,
	     3,
	     "101101001001010010010010100100100101001001001010",
	     {2.250291, 3.097713, 2.664974, 3.271057, 3.60963, 3.501844}},
	    {1e6f,
	     30,
	     0.5f,
	     2,
	     0.7,
	     "001000001000010001000010001000100001000100001001",
	     {2.773989, 3.253965, 3.439933, 4.409894, 7.08585, 7.467798}},
	};
	const struct neuron_type *type = neuron_type(NEURON_ALIF);

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct neuron_settings settings = neuron_defaults(NEURON_ALIF);
		struct neuron_tally tally = {0, 0};
		float memory[8] = {0}, total, sent, x = 0;
		int spikes = 0;

		assert_true(type->state_size <= sizeof(memory));
		assert_true(neuron_setting_set(neuron_setting(type, "tau"), (double)row[i].tau, &settings));
		assert_true(neuron_setting_set(neuron_setting(type, "tau-adapt"), (double)row[i].tau_adapt, &settings));
		assert_true(neuron_setting_set(neuron_setting(type, "beta"), (double)row[i].beta, &settings));
		for (int t = 1; t <= 48; t++) {
			x += (float)((0.4 + 0.35 * ((t * 7) % 11 - 5) / 5) * (double)row[i].v * row[i].gain);
			neuron_step(neuron_rule_at(NEURON_ALIF, &settings, t), &x, &row[i].v, memory, &total, &sent, 1, 1,
				    &tally);
			spikes += row[i].spikes[t - 1] == '1';
			assert_true(sent == (row[i].spikes[t - 1] == '1' ? row[i].v : 0) && total == (float)spikes * row[i].v);
			if (t % 8 == 0)
				assert_true(fabs((double)type->membrane(memory, 0) - row[i].membrane[t / 8 - 1]) < 1e-4);
		}
		assert_int_equal(tally.events, spikes);
	}
}

/* Without leak and adaptation it is IF: exactly, for inputs are on a grid. */
static void
adaptation_ends_at_if(void **state)
{
	struct neuron_rule still = {.kind = NEURON_ALIF, .own = {1, 0, 1}}, plain = {.kind = NEURON_IF};
	float memory[8] = {0}, x = 0, v = 1.5f, total[2], sent[2];
	struct neuron_tally tally = {0, 0};
	int16_t count = 0;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 5);
	for (int t = 0; t < 200; t++) {
		x += grid(&rng, -1, 2);
		neuron_step(still, &x, &v, memory, &total[0], &sent[0], 1, 1, &tally);
		neuron_step(plain, &x, &v, &count, &total[1], &sent[1], 1, 1, &tally);
		assert_true(sent[0] == sent[1] && total[0] == total[1]);
	}
}

/* Kept plans know neurons by their numbers; and every type says all that the program asks. */
static void
types_say_everything(void **state)
{
	static const char *const kept[] = {"graded", "if",           "lif",   "signed", "burst", "round",
					   "mt",     "differential", "stbif", "ecmt",   "alif"};

	(void)state;
	for (int i = 0; i < 11; i++)
		assert_string_equal(neuron_name((enum neuron_kind)i), kept[i]);
	for (int i = NEURON_NONE + 1; i < NEURON_KINDS; i++) {
		const struct neuron_type *type = neuron_type((enum neuron_kind)i);
		struct neuron_settings usual = neuron_defaults((enum neuron_kind)i);
		enum neuron_kind kind;

		assert_true(neuron_parse(type->name, &kind) && (int)kind == i);
		assert_true(type->help && type->state_size > 0 && type->read && type->share && type->quantum && type->loops);
		assert_true(type->mean || type->sum);
		assert_true(neuron_settings_valid(type, &usual));
		for (const struct neuron_setting *s = type->settings; s && s->key; s++) {
			struct neuron_settings other = usual;

			assert_true(s->help && s->lo < s->hi && neuron_takes(s->key));
			assert_true(neuron_setting(type, s->key) == s && neuron_setting_value(s, &usual) == s->usual);
			assert_false(neuron_setting_set(s, s->hi * 1.01 + 1, &other) || neuron_setting_set(s, NAN, &other));
			assert_false(s->whole && neuron_setting_set(s, s->lo + 0.5, &other));
			assert_true(neuron_setting_set(s, s->hi, &other) && neuron_setting_value(s, &other) == s->hi);
		}
	}
	assert_null(neuron_setting(neuron_type(NEURON_IF), "levels"));
	assert_ptr_equal(neuron_setting(neuron_type(NEURON_MT), "burst"), neuron_setting(neuron_type(NEURON_MT), "levels"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(neurons_obey_their_equations),
	    cmocka_unit_test(constant_current_gives_the_closed_form),
	    cmocka_unit_test(multi_threshold_closes_in),
	    cmocka_unit_test(initial_potential_moves_the_first_spike),
	    cmocka_unit_test(lif_fires_with_the_period_of_its_equation),
	    cmocka_unit_test(stbif_ends_at_the_quantised_value),
	    cmocka_unit_test(ecmt_takes_the_largest_level_below),
	    cmocka_unit_test(differential_is_levels_over_t),
	    cmocka_unit_test(products_are_what_has_arrived),
	    cmocka_unit_test(adaptive_thresholds_follow_the_paper),
	    cmocka_unit_test(adaptation_ends_at_if),
	    cmocka_unit_test(types_say_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
