/* Leaky integrate and fire: an Euler step of tau du/dt = -u + R x with R = tau, u = (1 - 1/tau) u + x;
 * +1 quantum V and u = 0 when u >= V (hard reset, rest at 0). What has leaked is lost, so the train carries less than its
 * target: for study, not for accuracy. */
#include "snn/neurons/rule.h"

enum { TAU };  /* its setting */
enum { LEAK }; /* its constant */

struct leaky {
	float u;        /* membrane potential */
	float received; /* X of the step before */
	int32_t count;  /* spikes sent */
};

static inline struct neuron_limits
limits(float v, const struct neuron_rule *own)
{
	(void)own;
	return (struct neuron_limits){.quantum = v, .low = never_without(v, v)};
}

static inline struct fired
rule(float x, struct neuron_limits l, struct leaky *state, const struct neuron_rule *own)
{
	float u = own->own[LEAK] * state->u + (x - state->received);
	int fires = u >= l.low;

	state->u = fires ? 0.0f : u;
	state->received = x;
	state->count += fires;
	return (struct fired){(float)state->count, fires ? l.quantum : 0.0f, fires};
}

#define LOOPS  only
#define RULE   rule
#define LIMITS limits
#define STATE  struct leaky
#define WORK   struct leaky
#include "snn/neurons/loops_template.h"

static float
read_state(const void *state, size_t i)
{
	const struct leaky *neuron = state;

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
	const struct leaky *neuron = state;

	return neuron[i].u;
}

static void
derive(const float *setting, float *constant)
{
	constant[LEAK] = 1 - 1 / setting[TAU];
}

static const struct neuron_setting settings[] = {SETTING_OWN(TAU, "tau", "time constant in steps", 1, 1e6, 20), {.key = NULL}};

const struct neuron_type neuron_lif = {
    .name = "lif",
    .help = "leaky integrate and fire with hard reset (tau)",
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
    .current = 1.5f,
    .leaky = true,
    .membrane = membrane,
    .state_size = sizeof(struct leaky),
    .read = read_state,
    .loops = loops,
};
