/* Signed with memory (STA): as if, and -1 when u <= -V and m > 0, so that it takes back no more than
 * it has sent. */
#include "snn/neurons/rule.h"

static inline struct neuron_limits
limits(float v, const struct neuron_rule *own)
{
	return (struct neuron_limits){.quantum = v, .low = never_without(v, v), .start = own->initial * v};
}

static inline struct fired
rule(float x, struct neuron_limits l, float *state, const struct neuron_rule *own)
{
	float m = *state, u = x - m * l.quantum + l.start;
	int up = u >= l.low, down = (u <= -l.low) & (m > 0.0f);

	(void)own;
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

static const struct neuron_setting settings[] = {SETTING_INITIAL(0), {.key = NULL}};

const struct neuron_type neuron_signed = {
    .name = "signed",
    .help = "integrate and fire that takes back what it sent (STA: signed with memory)",
    .counts = true,
    .signs = true,
    .settings = settings,
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
