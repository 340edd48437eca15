/* Adaptive-threshold leaky integrate and fire, the neuron of LSNNs (Bellec et al. 2018, arXiv
 * 1803.09574; written as Bellec et al. 2020, https://doi.org/10.1038/s41467-020-17236-y,
 * do). With the input x of step t, the threshold V, and z = 1 for a spike, else 0:
 *
 *	u_t = alpha u_{t-1} + x_t - V z_{t-1}          alpha = exp(-1/tau)
 *	a_t = rho a_{t-1} + z_{t-1}                    rho = exp(-1/tau-adapt)
 *	z_t = 1 when u_t >= V (1 + beta a_t)
 *
 * beta is in thresholds and a whole spike; that of 2018 is beta / (1 - rho). A spike sends one quantum V.
 * What has leaked is lost, and so is what the raised threshold keeps back for good: for study, not for
 * accuracy. Without leak or adaptation it is `if`. */
#include "base/real.h"
#include "snn/neurons/rule.h"

enum { TAU, BETA, TAU_ADAPT }; /* its settings */
enum { ALPHA, RISE, RHO };     /* its constants */

struct adaptive {
	float u;        /* membrane potential, before the reset */
	float a;        /* adaptation, in spikes */
	float received; /* X of the step before */
	float fired;    /* z of the step before */
	int32_t count;  /* spikes sent */
};

static inline struct neuron_limits
limits(float v, const struct neuron_rule *own)
{
	return (struct neuron_limits){.quantum = v, .low = never_without(v, v), .step = own->own[RISE] * v};
}

static inline struct fired
rule(float x, struct neuron_limits l, struct adaptive *state, const struct neuron_rule *own)
{
	float u = own->own[ALPHA] * state->u + (x - state->received) - l.quantum * state->fired;
	float a = own->own[RHO] * state->a + state->fired;
	int fires = u >= l.low + l.step * a;

	state->u = u;
	state->a = a;
	state->received = x;
	state->fired = (float)fires;
	state->count += fires;
	return (struct fired){(float)state->count, fires ? l.quantum : 0.0f, fires};
}

#define LOOPS  only
#define RULE   rule
#define LIMITS limits
#define STATE  struct adaptive
#define WORK   struct adaptive
#include "snn/neurons/loops_template.h"

static float
read_state(const void *state, size_t i)
{
	const struct adaptive *neuron = state;

	return (float)neuron[i].count;
}

static const struct neuron_loops *
loops(const struct neuron_rule *own)
{
	(void)own;
	return &only;
}

static float
membrane(const void *state, size_t i)
{
	const struct adaptive *neuron = state;

	return neuron[i].u;
}

static void
derive(const float *setting, float *constant)
{
	constant[ALPHA] = (float)real_exp(-1 / (double)setting[TAU]);
	constant[RISE] = setting[BETA];
	constant[RHO] = (float)real_exp(-1 / (double)setting[TAU_ADAPT]);
}

static const struct neuron_setting settings[] = {
    SETTING_OWN(TAU, "tau", "time constant of the membrane in steps", 1, 1e6, 20),
    SETTING_OWN(BETA, "beta", "what a spike adds to the threshold, in thresholds", 0, 100, 0.2f),
    SETTING_OWN(TAU_ADAPT, "tau-adapt", "time constant of the adaptation in steps", 1, 1e6, 200),
    {.key = NULL},
};

const struct neuron_type neuron_alif = {
    .name = "alif",
    .help = "leaky integrate and fire whose threshold rises by beta at each spike (LSNN)",
    .settings = settings,
    .counts = true,
    .mean = true,
    .sum = true,
    .share = share_whole,
    .most = most_one,
    .quantum = quantum_threshold,
    .single_level = always_single,
    .derive = derive,
    .steps = 200,
    .membrane = membrane,
    .state_size = sizeof(struct adaptive),
    .read = read_state,
    .loops = loops,
};
