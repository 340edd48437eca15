/* Up to burst quanta V a step: the nearest integer to u / V (as an initial potential of V/2 would have
 * it; docs/spiking.md#what-decides). */
#include "snn/neurons/rule.h"

static inline struct neuron_limits
limits(float v, const struct neuron_rule *own)
{
	return (struct neuron_limits){.quantum = v, .high = v > 0.0f ? (float)own->burst : 0.0f};
}

/* What is added last makes -0 a 0. */
static inline struct fired
rule(float x, struct neuron_limits l, float *state, const struct neuron_rule *own)
{
	float m = *state, n = rintf((x - m * l.quantum) / l.quantum);
	float k = with_sign_of(smaller(magnitude(n), bits_of(l.high)), n) + 0.0f;

	(void)own;
	m += k;
	*state = m;
	return (struct fired){m, k * l.quantum, (int)fabsf(k)};
}

/* For bursts of at most 2, without a division: the smallest floats whose quotient by V
 * rounds to 1 and 2. Ties go to the even neighbour: 1/2 (of V) to 0, 3/2 to 2. */
static inline struct neuron_limits
limits_two(float v, const struct neuron_rule *own)
{
	double two = (double)v * (1.5 - 0x1p-24);
	float high = (float)two;

	if ((double)high < two)
		high = nextafterf(high, INFINITY);
	return (struct neuron_limits){
	    .quantum = v, .low = never_without(v, 0.5f * v), .high = own->burst > 1 ? never_without(v, high) : INFINITY};
}

static inline struct fired
rule_two(float x, struct neuron_limits l, float *state, const struct neuron_rule *own)
{
	float m = *state, u = x - m * l.quantum, k;
	int one = magnitude(u) > bits_of(l.low), two = magnitude(u) >= bits_of(l.high);

	(void)own;
	k = one ? with_sign_of(two ? bits_of(2.0f) : bits_of(1.0f), u) : 0.0f;
	m += k;
	*state = m;
	return (struct fired){m, k * l.quantum, one + two};
}

#define LOOPS   many
#define RULE    rule
#define LIMITS  limits
#define STATE   int16_t
#define KEEP(w) keep_count(w)
#include "snn/neurons/loops_template.h"

#define LOOPS       two
#define RULE        rule_two
#define LIMITS      limits_two
#define STATE       int16_t
#define KEEP(w)     keep_count(w)
#define STEP_RULE   rule
#define STEP_LIMITS limits
#define OWN_RULE    rule
#define OWN_LIMITS  limits
#include "snn/neurons/loops_template.h"

static const struct neuron_loops *
loops(const struct neuron_rule *own)
{
	return own->burst <= 2 ? &two : &many;
}

static bool
single_level(const struct neuron_settings *settings)
{
	return settings->burst == 1;
}

static float
held(int burst, int T)
{
	return (float)T * (float)burst;
}

static double
ramp_levels(int burst, int T)
{
	return (double)burst * T;
}

static const struct neuron_setting settings[] = {SETTING_BURST(16, 4), {.key = NULL}};

/* A quantum fills a segment; what more a step can send only catches up. */
const struct neuron_type neuron_round = {
    .name = "round",
    .help = "up to burst quanta a step, to the nearest",
    .counts = true,
    .settings = settings,
    .number = true,
    .single_level = single_level,
    .segment_share = share_whole,
    .rounds = true,
    .held = held,
    .ramp_levels = ramp_levels,
    .signs = true,
    .mean = true,
    .sum = true,
    .share = share_burst,
    .most = most_burst,
    .quantum = quantum_threshold,
    .state_size = sizeof(int16_t),
    .read = read_count,
    .cut = true,
    .loops = loops,
};
