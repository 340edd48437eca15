/* The burst neuron of STA's released code: +-V by the rule of signed, then k spikes of V/2,
 * k = floor(|r| / (V/2 + 1e-5)) with the sign of r = max(-M, u), |k| <= burst. M is a float, added up
 * as the released code does: what its rounding leaves of a train that was taken back decides whether
 * more is taken back. */
#include "snn/neurons/rule.h"

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

/* The same where an infinite threshold stands for 0; and without comparisons, for bursts of 2. */
static inline struct neuron_limits
limits_own(float v, const struct neuron_rule *own)
{
	return limits(v < INFINITY ? v : 0.0f, own);
}

static inline struct neuron_limits
limits_two(float v, const struct neuron_rule *own)
{
	float half = v * 0.5f;

	return (struct neuron_limits){.quantum = 1,
				      .low = half + 1e-5f,
				      .high = v,
				      .step = half,
				      .start = own->initial != 0.0f && v < INFINITY ? own->initial * v : 0.0f};
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
 * wherever |r| is less than low or 2 low, for the quotients of neighbouring floats differ.
 * What was sent too much, -u, takes fewer operations than u; and so does a tally to which
 * every part is added as soon as it is known. */
static inline struct fired
add_two(float x, struct neuron_limits l, float *state, int32_t *tally, const struct neuron_rule *own)
{
	float m = *state, excess = m - x - l.start, r, first, second;
	int fires, one, two, rest;

	(void)own;
	fires = ((bits_of(excess) < 0) | (bits_of(m) > 0)) & (magnitude(excess) >= bits_of(l.high)) &
		(magnitude(excess) < bits_of(1.0e5f));
	first = with_sign_of(bits_of(l.high), excess);
	m -= fires ? first : 0.0f;
	excess -= fires ? first : 0.0f;
	*tally = fires ? *tally + NEURON_TILE_EVENT + 1 : *tally;
	rest = fires ? 1 : NEURON_TILE_EVENT + 1;
	r = lesser(m, excess);
	one = magnitude(r) >= bits_of(l.low);
	two = magnitude(r) >= bits_of(2.0f * l.low);
	second = with_sign_of(bits_of(two ? l.high : l.step), r);
	m -= one ? second : 0.0f;
	*tally = one ? *tally + rest : *tally;
	*tally = two ? *tally + 1 : *tally;
	*state = m;
	return (struct fired){m, 0.0f - (fires ? first : 0.0f) - (one ? second : 0.0f), 0};
}

static inline struct fired
rule_two(float x, struct neuron_limits l, float *state, const struct neuron_rule *own)
{
	int32_t tally = 0;
	struct fired f = add_two(x, l, state, &tally, own);

	f.units = tally % NEURON_TILE_EVENT;
	return f;
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

#define LOOPS      many
#define RULE       rule
#define LIMITS     limits
#define STATE      float
#define OWN_RULE   rule
#define OWN_LIMITS limits_own
#include "snn/neurons/loops_template.h"

#define LOOPS       two
#define RULE        rule_two
#define LIMITS      limits
#define STATE       float
#define OWN_RULE    add_two
#define OWN_LIMITS  limits_two
#define OWN_TALLIES 1
#include "snn/neurons/loops_template.h"

static const struct neuron_loops *
loops(const struct neuron_rule *own)
{
	return own->burst == 2 ? &two : &many;
}

static double
largest(int burst)
{
	return 1 + 0.5 * burst;
}

static double
ramp_levels(int burst, int T)
{
	return (2.0 + burst) * T;
}

static const struct neuron_setting settings[] = {SETTING_BURST(8, 2), SETTING_INITIAL(0), {.key = NULL}};

const struct neuron_type neuron_burst = {
    .name = "burst",
    .help = "signed, then up to burst spikes of half the threshold (STA)",
    .settings = settings,
    .signs = true,
    .ramp_levels = ramp_levels,
    .largest = largest,
    .mean = true,
    .sum = true,
    .share = share_whole,
    .most = most,
    .quantum = quantum,
    .state_size = sizeof(float),
    .read = read_sum,
    .never = INFINITY,
    .loops = loops,
};
