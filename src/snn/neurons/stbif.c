/* ST-BIF+: ternary spikes, and a count that stays within what a quantised activation has: +1 quantum V
 * when u >= V and m < burst, -1 when u < 0 and m > -burst; the initial potential is V/2 unless said
 * (SpikeZIP-TF, arXiv 2406.03470). */
#include "snn/neurons/rule.h"

static inline struct neuron_limits
limits(float v, const struct neuron_rule *own)
{
	return (struct neuron_limits){
	    .quantum = v, .low = v > 0.0f ? 0.0f : -INFINITY, .high = never_without(v, v), .start = own->initial * v};
}

static inline struct fired
rule(float x, struct neuron_limits l, float *state, const struct neuron_rule *own)
{
	float m = *state, most = (float)own->burst, u = x - m * l.quantum + l.start;
	int up = (u >= l.high) & (m < most), down = (u < l.low) & (m > -most);

	m += (float)(up - down);
	*state = m;
	return (struct fired){m, (float)(up - down) * l.quantum, up + down};
}

#define LOOPS   only
#define RULE    rule
#define LIMITS  limits
#define STATE   int16_t
#define KEEP(w) keep_count(w)
#include "snn/neurons/loops_template.h"

static const struct neuron_loops *
loops(const struct neuron_rule *own)
{
	(void)own;
	return &only;
}

static float
held(int burst, int T)
{
	(void)T;
	return (float)burst;
}

static double
ramp_levels(int burst, int T)
{
	return (double)burst * T;
}

static const struct neuron_setting settings[] = {
    SETTING_COUNT("burst", "the largest count", 1024, 16), SETTING_INITIAL(0.5), {.key = NULL}};

const struct neuron_type neuron_stbif = {
    .name = "stbif",
    .help = "one quantum up or down a step, at most burst in all (ST-BIF+)",
    .counts = true,
    .settings = settings,
    .single_level = always_single,
    .rounds = true,
    .held = held,
    .ramp_levels = ramp_levels,
    .signs = true,
    .sum = true,
    .share = share_burst,
    .most = most_one,
    .quantum = quantum_threshold,
    .state_size = sizeof(int16_t),
    .read = read_count,
    .cut = true,
    .loops = loops,
};
