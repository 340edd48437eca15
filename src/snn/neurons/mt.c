/* Multi-threshold with the nearest rule (docs/spiking.md#delta): levels V 2^k for k in 0..levels-1; what is
 * missing, r = X_t - M, is answered by the level nearest to |r| with its sign, by nothing below V/2.
 * `repeat` such spikes a step. The levels may be refined: at step t they are scaled by `grain`, a
 * power of 2 that is at least `fine`; the quantum is V fine. When refinement has ended (grain = fine <
 * 1), nothing below three quarters of the lowest level is answered, so that the neuron falls silent. */
#include "snn/neurons/rule.h"

/* low and high are the smallest and the largest step in quanta; step turns what is
 * missing into four thirds of it, in quanta; start is the least of these that is answered:
 * half the lowest level, or three quarters of it once refinement has ended. What then
 * remains after a spike is a quarter, so that a target which trembles does not bring
 * spikes back and forth for ever. */
static inline struct neuron_limits
limits(float v, const struct neuron_rule *own)
{
	float base = v * own->grain, unit = own->grain / own->fine;
	bool settled = own->grain == own->fine && own->fine < 1.0f;

	return (struct neuron_limits){.quantum = v * own->fine,
				      .low = unit,
				      .high = unit * (float)(1 << (own->burst - 1)),
				      .step = base > 0.0f ? (4.0f / 3.0f) / base * unit : 0.0f,
				      .start = (settled ? 1.0f : 2.0f / 3.0f) * unit};
}

/* The exponent alone of what is missing is the level; its sign is the spike's. */
static inline int
answer(float x, struct neuron_limits l, float *m)
{
	float r = x - *m * l.quantum;
	int32_t a = magnitude(fabsf(r) * l.step), level = smaller(larger(a & EXPONENT, bits_of(l.low)), bits_of(l.high));
	int fires = a >= bits_of(l.start);

	*m += fires ? with_sign_of(level, r) : 0.0f;
	return fires;
}

static inline struct fired
answers(float x, struct neuron_limits l, float *state, int repeat)
{
	float start = *state, m = start;
	int units = 0;

	for (int i = 0; i < repeat; i++)
		units += answer(x, l, &m);
	*state = m;
	return (struct fired){m, (m - start) * l.quantum, units};
}

static inline struct fired
rule(float x, struct neuron_limits l, float *state, const struct neuron_rule *own)
{
	(void)own;
	return answers(x, l, state, 1);
}

static inline struct fired
rule_twice(float x, struct neuron_limits l, float *state, const struct neuron_rule *own)
{
	(void)own;
	return answers(x, l, state, 2);
}

static inline struct fired
rule_thrice(float x, struct neuron_limits l, float *state, const struct neuron_rule *own)
{
	(void)own;
	return answers(x, l, state, 3);
}

static float
quantum(const struct neuron_rule *own, float threshold)
{
	return threshold * own->fine;
}

#define LOOPS   once
#define RULE    rule
#define LIMITS  limits
#define STATE   int16_t
#define KEEP(w) keep_count(w)
#include "snn/neurons/loops_template.h"

#define LOOPS   twice
#define RULE    rule_twice
#define LIMITS  limits
#define STATE   int16_t
#define KEEP(w) keep_count(w)
#include "snn/neurons/loops_template.h"

#define LOOPS   thrice
#define RULE    rule_thrice
#define LIMITS  limits
#define STATE   int16_t
#define KEEP(w) keep_count(w)
#include "snn/neurons/loops_template.h"

static const struct neuron_loops *
loops(const struct neuron_rule *own)
{
	static const struct neuron_loops *const by_repeat[] = {&once, &twice, &thrice};

	return by_repeat[own->repeat - 1];
}

static float
grain(const struct neuron_settings *settings, int t)
{
	int halvings = t > settings->refine_after ? t - settings->refine_after : 0;

	return ldexpf(1, -(halvings < settings->refine ? halvings : settings->refine));
}

static bool
single_level(const struct neuron_settings *settings)
{
	return settings->burst == 1 && settings->repeat == 1 && settings->refine == 0;
}

static double
ramp_levels(int burst, int T)
{
	(void)T;
	return ldexp(1, burst - 1);
}

/* Plans from before it could be set keep the hashes that they have. */
static bool
says_after(const struct neuron_settings *settings)
{
	return settings->refine > 0 && settings->refine_after != NEURON_REFINE_AFTER;
}

static const struct neuron_setting settings[] = {
    SETTING_LEVELS(8, 6),
    SETTING_REPEAT,
    {.key = "refine", .help = "halvings of the levels, one a step", .whole = true, .hi = NEURON_REFINE_MOST, SETTING_AT(refine)},
    {.key = "after",
     .help = "the step after which they begin",
     .json = "refine_after",
     .whole = true,
     .lo = 1,
     .hi = NEURON_REFINE_AFTER_MOST,
     .usual = NEURON_REFINE_AFTER,
     .said = says_after,
     SETTING_AT(refine_after)},
    {.key = NULL},
};

const struct neuron_type neuron_mt = {
    .name = "mt",
    .help = "multi-threshold: the nearest of the levels, powers of two of the threshold",
    .counts = true,
    .settings = settings,
    .levels = true,
    .grain = grain,
    .single_level = single_level,
    .ramp_levels = ramp_levels,
    .signs = true,
    .sum = true,
    .share = share_levels,
    .most = most_level,
    .quantum = quantum,
    .state_size = sizeof(int16_t),
    .read = read_count,
    .cut = true,
    .loops = loops,
};
