/* The burst neuron of STA's released code. */
#include "snn/neuron_rule.h"

/* 1e5 and 1e-5 are the released code's. */
static inline struct neuron_limits
limits(float v, const struct neuron_rule *own)
{
	float half = v * 0.5f;

	return (struct neuron_limits){.quantum = 1,
				      .low = never_without(v, half + 1e-5f),
				      .high = never_without(v, v),
				      .step = half,
				      .start = own->initial * v};
}

/* The first spike, of a whole threshold. Returns 1 when there is one. */
static inline int
whole(float u, struct neuron_limits l, float m, float *sent)
{
	int up = (u >= l.high) & (u < 1.0e5f), down = (u <= -l.high) & (u > -1.0e5f) & (m > 0.0f);

	*sent = (up ? l.high : 0.0f) - (down ? l.high : 0.0f);
	return up + down;
}

static inline struct fired
rule(float x, struct neuron_limits l, float *state, const struct neuron_rule *own)
{
	float m = *state, u = x - m + l.start, first, r, k, second;
	int units = whole(u, l, m, &first);

	u -= first;
	m += first;
	r = greater(-m, u);
	k = lesser(floorf(fabsf(r) / l.low), (float)own->burst);
	second = with_sign_of(bits_of(l.step * k), r);
	m += second;
	*state = m;
	return (struct fired){m, first + second, units + (int)k};
}

/* The same for bursts of 2, without a division: |r| / low rounds to less than 1 or 2
 * wherever |r| is less than low or 2 low, for the quotients of neighbouring floats differ. */
static inline struct fired
rule_two(float x, struct neuron_limits l, float *state, const struct neuron_rule *own)
{
	float m = *state, u = x - m + l.start, first, r, second;
	int units = whole(u, l, m, &first), one, two;

	(void)own;
	u -= first;
	m += first;
	r = greater(-m, u);
	one = magnitude(r) >= bits_of(l.low);
	two = magnitude(r) >= bits_of(2.0f * l.low);
	second = one ? with_sign_of(bits_of(two ? 2.0f * l.step : l.step), r) : 0.0f;
	m += second;
	*state = m;
	return (struct fired){m, first + second, units + one + two};
}

static float
quantum(const struct neuron_rule *own, float threshold)
{
	(void)own;
	return threshold * 0.5f;
}

/* A whole threshold is two. */
static int
most(int burst)
{
	return burst + 2;
}

NEURON_LOOPS(many, rule, limits, float, NEURON_SUM)
NEURON_LOOPS(two, rule_two, limits, float, NEURON_SUM)
NEURON_STATE(burst, float, NEURON_NUMBER)

static const struct neuron_loops *
loops(const struct neuron_rule *own)
{
	return own->burst == 2 ? &two : &many;
}

const struct neuron_type neuron_burst = {
    .name = "burst",
    .help = "signed, then up to burst spikes of half the threshold (STA)",
    .burst = 2,
    .burst_max = 8,
    .signs = true,
    .has_initial = true,
    .mean = true,
    .sum = true,
    .share = share_whole,
    .most = most,
    .quantum = quantum,
    NEURON_STATE_OF(burst),
    .loops = loops,
};
