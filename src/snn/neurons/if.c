/* Integrate and fire: +1 quantum V when u >= V (soft reset). */
#include "snn/neurons/rule.h"

static inline struct neuron_limits
limits(float v, const struct neuron_rule *own)
{
	return (struct neuron_limits){.quantum = v, .low = never_without(v, v), .start = own->initial * v};
}

static inline struct fired
rule(float x, struct neuron_limits l, float *state, const struct neuron_rule *own)
{
	float m = *state;
	int up = x - m * l.quantum + l.start >= l.low;

	(void)own;
	m += (float)up;
	*state = m;
	return (struct fired){m, (float)up * l.quantum, up};
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

static const struct neuron_setting settings[] = {SETTING_INITIAL(0), {.key = NULL}};

const struct neuron_type neuron_if = {
    .name = "if",
    .help = "integrate and fire with soft reset; cannot take back",
    .counts = true,
    .settings = settings,
    .closed_form = true,
    .single_level = always_single,
    .mean = true,
    .sum = true,
    .share = share_whole,
    .most = most_one,
    .quantum = quantum_threshold,
    .state_size = sizeof(int16_t),
    .read = read_count,
    .loops = loops,
};
