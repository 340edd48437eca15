/* Multi-threshold with all levels divided by t (differential coding: DCGS, arXiv 2503.00301, in sums:
 * its membrane u_t = t (r_t - M) against levels V 2^k). No integer counts sums of such levels, so M is
 * a float. */
#include "snn/neurons/rule.h"

static inline struct neuron_limits
limits(float v, const struct neuron_rule *own)
{
	float base = v * own->grain;

	return (struct neuron_limits){
	    .quantum = 1, .low = base > 0.0f ? (4.0f / 3.0f) / base : 0.0f, .high = (float)(1 << (own->burst - 1)), .step = base};
}

static inline struct fired
rule(float x, struct neuron_limits l, float *state, const struct neuron_rule *own)
{
	float start = *state, m = start;
	int units = 0;

	for (int i = 0; i < own->repeat; i++) {
		float r = x - m, a = fabsf(r) * l.low;
		float level = float_of(smaller(larger(bits_of(a) & EXPONENT, bits_of(1.0f)), bits_of(l.high)));
		int fires = a >= 2.0f / 3.0f;

		m += fires ? with_sign_of(bits_of(l.step * level), r) : 0.0f;
		units += fires;
	}
	*state = m;
	return (struct fired){m, m - start, units};
}

static float
quantum(const struct neuron_rule *own, float threshold)
{
	return threshold * own->grain;
}

#define LOOPS  only
#define RULE   rule
#define LIMITS limits
#define STATE  float
#include "snn/neurons/loops_template.h"

static const struct neuron_loops *
loops(const struct neuron_rule *own)
{
	(void)own;
	return &only;
}

static float
grain(const struct neuron_settings *settings, int t)
{
	(void)settings;
	return 1 / (float)t;
}

static double
ramp_levels(int burst, int T)
{
	(void)T;
	return ldexp(1, burst - 1);
}

static const struct neuron_setting settings[] = {SETTING_LEVELS(10, 8), SETTING_REPEAT, {.key = NULL}};

const struct neuron_type neuron_differential = {
    .name = "differential",
    .help = "multi-threshold with levels divided by t (DCGS)",
    .alias = "delta",
    .settings = settings,
    .levels = true,
    .grain = grain,
    .ramp_levels = ramp_levels,
    .signs = true,
    .sum = true,
    .share = share_levels,
    .quantum = quantum,
    .state_size = sizeof(float),
    .read = read_sum,
    .cut = true,
    .loops = loops,
};
