/* Multi-threshold by ECMT's rule, which rounds down except at the lowest level: of the levels V 2^k
 * the largest with |u| >= V 2^k - V/2 fires with the sign of u (arXiv 2502.21193, equation 10). */
#include "snn/neurons/rule.h"

static inline struct neuron_limits
limits(float v, const struct neuron_rule *own)
{
	return (struct neuron_limits){.quantum = v, .low = never_without(v, v), .high = (float)(1 << (own->burst - 1))};
}

static inline struct fired
rule(float x, struct neuron_limits l, float *state, const struct neuron_rule *own)
{
	float m = *state, u = x - m * l.quantum, a = fabsf(u) / l.low + 0.5f, step;
	int fires = a >= 1.0f;

	(void)own;
	step = fires ? with_sign_of(smaller(bits_of(a) & EXPONENT, bits_of(l.high)), u) : 0.0f;
	m += step;
	*state = m;
	return (struct fired){m, step * l.quantum, fires};
}

#define LOOPS   only
#define RULE    rule
#define LIMITS  limits
#define STATE   int32_t
#define KEEP(w) keep_wide_count(w)
#include "snn/neurons/loops_template.h"

static const struct neuron_loops *
loops(const struct neuron_rule *own)
{
	(void)own;
	return &only;
}

static double
ramp_levels(int burst, int T)
{
	(void)burst;
	return 2.0 * T;
}

static const struct neuron_setting settings[] = {SETTING_LEVELS(10, 8), {.key = NULL}};

const struct neuron_type neuron_ecmt = {
    .name = "ecmt",
    .help = "multi-threshold, rounding down (ECMT)",
    .counts = true,
    .settings = settings,
    .ramp_levels = ramp_levels,
    .levels = true,
    .signs = true,
    .mean = true,
    .sum = true,
    .share = share_levels,
    .most = most_level,
    .quantum = quantum_threshold,
    .state_size = sizeof(int32_t),
    .read = read_wide_count,
    .cut = true,
    .loops = loops,
};
