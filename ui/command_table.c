/* Every command there is. */
#include "ui/commands.h"
#include "ui/ugo_options.h"

#include <limits.h>

const char *const class_names[] = {"model", "spikes", "ugo", "views", "study", "notebook", "shell", NULL};
const char *const class_titles[] = {"Models, pictures and the reference",
				    "Conversion and steps",
				    "Universal group operators",
				    "Views and panes",
				    "Studies over data sets",
				    "The notebook",
				    "The shell",
				    NULL};

static const char *const run_kinds[] = {"step", "ann", "convert", "eval", "fit", "ugo", NULL};
static const char *const run_states[] = {"running", "done", "failed", "cancelled", "interrupted", NULL};

#define FLAG(name, help)                                                                                                         \
	{                                                                                                                        \
		name, NULL, VALUE_NONE, 0, 0, NULL, help                                                                         \
	}
#define NUMBER(name, value, lo, hi, help)                                                                                        \
	{                                                                                                                        \
		name, value, VALUE_INT, lo, hi, NULL, help                                                                       \
	}
#define REAL(name, value, lo, hi, help)                                                                                          \
	{                                                                                                                        \
		name, value, VALUE_REAL, lo, hi, NULL, help                                                                      \
	}
#define CHOICE(name, value, choices, help)                                                                                       \
	{                                                                                                                        \
		name, value, VALUE_CHOICE, 0, 0, choices, help                                                                   \
	}
#define OTHER(name, value, kind, help)                                                                                           \
	{                                                                                                                        \
		name, value, kind, 0, 0, NULL, help                                                                              \
	}

#define ARG(name, kind)                                                                                                          \
	{                                                                                                                        \
		name, kind, false, false, 0, 0, NULL                                                                             \
	}
#define MAYBE(name, kind)                                                                                                        \
	{                                                                                                                        \
		name, kind, true, false, 0, 0, NULL                                                                              \
	}
#define MAYBE_NUMBER(name, lo, hi)                                                                                               \
	{                                                                                                                        \
		name, VALUE_INT, true, false, lo, hi, NULL                                                                       \
	}
#define ONE_NUMBER(name, lo, hi)                                                                                                 \
	{                                                                                                                        \
		name, VALUE_INT, false, false, lo, hi, NULL                                                                      \
	}

#define FORCE FLAG("force", "replace a file that exists")

#define VIEW_OPTIONS                                                                                                             \
	NUMBER("layer", "L", 0, 4095, "the block to look at"), NUMBER("head", "H", 0, 4095, "the attention head"),               \
	    NUMBER("q", "TOKEN", 0, INT_MAX, "the row of the attention map"),                                                    \
	    NUMBER("k", "TOKEN", 0, INT_MAX, "the column of the attention map"),                                                 \
	    OTHER("size", "COLSxROWS", VALUE_SIZE, "how large to draw"),                                                         \
	    OTHER("function", "NAME", VALUE_UGO, "ugo: the function or UGO to show"),                                            \
	    NUMBER("hidden", "H", 1, 1024, "ugo: neurons of the fit to show"),                                                   \
	    OTHER("range", "LO,HI", VALUE_RANGE, "ugo: range of the fit to show"),                                               \
	    NUMBER("T", "N", 1, 1024, "sizes: the error after so many steps (default: the most)"),                               \
	    NUMBER("zoom", "N", 0, 16, "raster: each step halves what is shown")

/* What a UGO is fitted to. */
#define DENSITY_OPTIONS                                                                                                          \
	CHOICE("density", "DENSITY", ugo_density_names, "of inputs: uniform, normal, mixture, octaves or observed"),             \
	    REAL("mean", "M", -1e30, 1e30, "of the normal density (default: 0, or the middle)"),                                 \
	    REAL("deviation", "S", 0, 1e30, "of the normal density (default: 1.5, or a sixth of the range)")
#define FIT_OPTIONS                                                                                                              \
	OTHER("range", "LO,HI", VALUE_RANGE, "range to fit (default: the function's, or the site's)"),                           \
	    CHOICE("objective", "GOAL", ugo_objective_names, "mse, relative (mse of relative errors) or minimax"),               \
	    FLAG("relative", "errors relative to the function (default for reciprocal and rsqrt)"),                              \
	    FLAG("absolute", "absolute errors"), DENSITY_OPTIONS,                                                                \
	    OTHER("site", "SITE", VALUE_SITE, "take the range from what this site receives, and density observed"),              \
	    NUMBER("images", "N", 1, 100000, "calibration pictures that the site sees (default: 64)"),                           \
	    NUMBER("samples", "N", 0, 1000000, "fit to so many inputs drawn (default: 0, integrate)"),                           \
	    NUMBER("seed", "N", 0, INT_MAX, "of the samples")
#define SPIKE_OPTIONS                                                                                                            \
	OTHER("neuron", "NEURON", VALUE_TEXT, "if (default), signed, burst, round, mt ..."),                                     \
	    NUMBER("burst", "N", 1, 1024, "the neuron's burst or levels (default: its own)"),                                    \
	    CHOICE("threshold", "RULE", spike_threshold_names, "max (default) or mmse, of ReLU units"),                          \
	    CHOICE("potential", "U0", spike_potential_names, "at the start: zero, half (default) or dither"),                    \
	    FLAG("refit", "fit the readout to the quantised sums"),                                                              \
	    CHOICE("form", "FORM", ugo_form_names, "relu or ramps (saturating)"),                                                \
	    CHOICE("facing", "WAY", ugo_facing_names, "of ReLU units: best (default), right or left"),                           \
	    FLAG("reduce", "reduce the range: exp, reciprocal, rsqrt of the mantissa")

const struct command_info command_table[] = {
    /* --- model --- */
    {"load",
     CLASS_MODEL,
     {ARG("PATH", VALUE_PATH)},
     {{NULL}},
     "load a vision transformer",
     "PATH is a folder with config.json and model.safetensors (one file or shards, F32, F16 or BF16): Hugging Face models of "
     "type "
     "vit and deit, timm vision transformers and timm CLIP vision transformers. What was converted from another model is "
     "dropped.",
     "load examples/digits-vit",
     cmd_load},
    {"data",
     CLASS_MODEL,
     {ARG("PATH", VALUE_PATH)},
     {{NULL}},
     "open a data set",
     "PATH is a CIFAR-10 binary batch or a folder of them, a folder of class folders with JPEG or PNG files, a folder of "
     "pictures, or "
     "a safetensors file with a tensor pixel_values or images [n, channels, size, size] and maybe labels [n].",
     "data examples/digits-vit/test.safetensors",
     cmd_data},
    {"image",
     CLASS_MODEL,
     {ARG("PICTURE", VALUE_PATH)},
     {{NULL}},
     "show a picture to the networks",
     "PICTURE is the number of a picture of the open data set, a JPEG or PNG file, or FILE.safetensors:NAME[i] for pixels that "
     "are "
     "already normalised. It is prepared as the model's own config says. The spiking network goes back to t = 0.",
     "image 17",
     cmd_image},
    {"model",
     CLASS_MODEL,
     {MAYBE("SITE", VALUE_SITE)},
     {{NULL}},
     "print the tree of sites",
     "Prints the model and its sites with their shapes; with a plan also the neuron and the function of each, and after a step "
     "the error "
     "against the reference, the firing rate and the inputs outside the fitted range (alarms). SITE is a glob, as "
     "blocks.*.mlp.act.",
     "model blocks.0.*",
     cmd_model},
    {"classes",
     CLASS_MODEL,
     {{NULL}},
     {{NULL}},
     "list the classes of the model",
     "Prints the number and label of each class. Models without labels number them.",
     "classes",
     cmd_classes},
    {"ann",
     CLASS_MODEL,
     {{NULL}},
     {{NULL}},
     "run the reference network on the picture",
     "Prints the five best classes. JSON keys: image, label, logits, top [{class, label, probability}], seconds.",
     "ann",
     cmd_ann},

    /* --- spikes --- */
    {"convert",
     CLASS_SPIKES,
     {{NULL}},
     {OTHER("recipe", "NAME", VALUE_RECIPE, "how to build the plan (default: sta)"),
      NUMBER("T", "N", 1, 1024, "steps that thresholds are calibrated for (default: 32)"),
      NUMBER("images", "N", 1, 100000, "calibration pictures (default: 64)"),
      CHOICE("rule", "RULE", rule_names, "threshold rule: max, percentile or mmse (default: the recipe's)"),
      REAL("percentile", "P", 0, 100, "for --rule percentile (default: 99.9)"),
      NUMBER("hidden", "H", 1, 1024, "neurons of every UGO (default: the recipe's)"),
      NUMBER("repeat", "L", 1, 3, "spikes a step of multi-threshold neurons (default: 1)"),
      FLAG("coarse", "multi-threshold levels stay as they are instead of halving after the third step"),
      OTHER("sites", "CHANGES", VALUE_TEXT, "settings of sites that differ from the recipe's"),
      OTHER("calibration", "PATH", VALUE_PATH, "data set to calibrate with"),
      FLAG("random", "choose the calibration pictures by the seed instead of taking the first"),
      OTHER("ugo", "FILE", VALUE_PATH, "released UGO weights to import (sta-release)"),
      NUMBER("seed", "N", 0, INT_MAX, "seed, also of later conversions")},
     "convert the model to a spiking network",
     "Builds a plan without training. Calibration pictures come from --calibration, else from calibration.safetensors beside the "
     "model, "
     "else they are the first of the open data set. CHANGES are GLOB:KEY=VALUE,... separated by blanks, applied in order, as "
     "'blocks.*.mlp.act:neuron=mt,levels=5 blocks.0.attn.q:neuron=graded'. Keys of a site: neuron (graded, if, lif, signed, "
     "burst, "
     "round, mt, differential, stbif, ecmt), burst or levels, repeat, refine, initial (membrane potential at the start, in "
     "thresholds), "
     "tau, rule, scale (multiplies the thresholds), function (exact, analog, spiking), hidden. Keys: recipe, T, plan (its hash), "
     "model, calibration_pictures, "
     "calibration_hash, "
     "seed, analog_functions, neurons, seconds.",
     "convert --recipe sta --T 16",
     cmd_convert},
    {"plan",
     CLASS_SPIKES,
     {{NULL}},
     {{NULL}},
     "print the plan",
     "A row for each site that spikes or has a function: neuron, burst, function, size and range of its UGO, thresholds. In JSON "
     "the "
     "canonical text that the plan's hash names.",
     "plan",
     cmd_plan},
    {"plan list",
     CLASS_SPIKES,
     {{NULL}},
     {{NULL}},
     "list the plans of the notebook",
     "Newest first. Every conversion is kept, whole; those that were saved have a name.",
     "plan list",
     cmd_plan_list},
    {"plan save",
     CLASS_SPIKES,
     {ARG("NAME", VALUE_TEXT)},
     {FLAG("force", "take the name from another plan")},
     "give the plan a name",
     "Plans are found again by it: plan open, compare, split.",
     "plan save four-steps",
     cmd_plan_save},
    {"plan open",
     CLASS_SPIKES,
     {ARG("PLAN", VALUE_TEXT)},
     {{NULL}},
     "open a plan of the notebook",
     "PLAN is its name or the beginning of its hash. It comes back with its thresholds and UGOs, without calibration pictures; "
     "the "
     "model must be the one it was made for.",
     "plan open four-steps",
     cmd_plan_open},
    {"step",
     CLASS_SPIKES,
     {MAYBE_NUMBER("N", 1, 4096)},
     {{NULL}},
     "take N time steps (default: 1)",
     "Prints for each step the class, its probability, the error of the logits against the reference, spikes (every quantum "
     "counts) and "
     "events (a neuron that sends counts once). JSON keys: image, t, logits, top, ann_top, spikes and seconds of this command, "
     "spikes_total, "
     "events_total, logit_rmse, state_hash, steps. Converts with the default recipe first when there is no plan.",
     "step 4",
     cmd_step},
    {"run",
     CLASS_SPIKES,
     {MAYBE_NUMBER("T", 1, 4096)},
     {{NULL}},
     "step until t = T (default: the plan's)",
     "As step. Interrupt it with Ctrl-C: it stops between two steps and keeps what it has.",
     "run 8",
     cmd_run},
    {"reset", CLASS_SPIKES, {{NULL}}, {{NULL}}, "go back to t = 0", "The picture stays. Prints the state.", "reset", cmd_reset},
    {"goto",
     CLASS_SPIKES,
     {ONE_NUMBER("T", 0, 4096)},
     {{NULL}},
     "go to t = T",
     "Forwards by steps, backwards by starting again: the state is the same to the bit. Prints the state.",
     "goto 3",
     cmd_goto},
    {"state",
     CLASS_SPIKES,
     {{NULL}},
     {{NULL}},
     "print where one is",
     "Model, picture, plan, t, what the networks say, and the hash of the spiking network's state: equal hashes are equal "
     "states.",
     "state",
     cmd_state},
    {"print",
     CLASS_SPIKES,
     {ARG("SITE", VALUE_SITE)},
     {CHOICE("what", "WHAT", what_names, "the quantity (default: value)"),
      OTHER("at", "I,J", VALUE_INDEX, "one element, as many numbers as dimensions")},
     "print the numbers of a site",
     "WHAT is value (decoded so far), reference, error (value minus reference), correction (change of the value by the last "
     "step), sent (in "
     "the last step), count (sent, in quanta), membrane, threshold, or input (of a function). CSV and JSON have all values, row "
     "by row.",
     "print blocks.0.attn.softmax --at 0,0,1",
     cmd_print},
    {"write",
     CLASS_SPIKES,
     {ARG("SITE", VALUE_SITE), ARG("FILE", VALUE_PATH)},
     {CHOICE("what", "WHAT", what_names, "the quantity (default: value); see print"), FORCE},
     "write the numbers of sites to a file",
     "FILE ends in .safetensors (a tensor for each site that matches the glob) or .npy (one site). Float32.",
     "write blocks.*.attn.qk scores.safetensors --what value",
     cmd_write},

    /* --- ugo --- */
    {"ugo list",
     CLASS_UGO,
     {{NULL}},
     {{NULL}},
     "list the UGOs of the session and the notebook",
     "Errors are those against the function over its range, absolute, with uniform density. One of the notebook comes into the "
     "session when it is named.",
     "ugo list",
     cmd_ugo_list},
    {"ugo fit",
     CLASS_UGO,
     {ARG("FUNCTION", VALUE_FUNCTION)},
     {NUMBER("hidden", "H", 1, 1024, "neurons (default: 32)"), FIT_OPTIONS,
      CHOICE("method", "METHOD", ugo_method_names, "newton, or adam: training, for comparison"),
      NUMBER("steps", "N", 1, 10000000, "adam: steps (default: 10000)"),
      NUMBER("batch", "N", 1, 65536, "adam: samples a step (default: 1024)"),
      REAL("rate", "R", 0, 1e9, "adam: learning rate (default: 0.001)"),
      FLAG("cosine", "adam: the rate falls to 0 along a half wave"), CHOICE("loss", "LOSS", ugo_loss_names, "adam: mse or huber"),
      REAL("delta", "D", 0, 1e9, "adam: where huber's loss turns straight (default: 1)"),
      FLAG("segments", "keep the segment form, of saturating ramps"),
      OTHER("name", "NAME", VALUE_TEXT, "what to call it (default: FUNCTION-H)")},
     "fit a group of neurons to a function",
     "FUNCTION is one of those below, an expression in x (quoted: 'x*tanh(log(1+exp(x)))'), or FILE.csv with lines x,y or "
     "x,y,weight. "
     "Densities: uniform; normal (95% of it) and mixture (half of it) with --mean and --deviation; octaves, even in log x; "
     "observed, "
     "what --site received from the calibration pictures, with 5% uniform. JSON keys: name, function, hidden, range, form, rmse, "
     "max_error, relative_rmse, relative_max_error, weighting, objective, density, goal_rmse (by weighting and density), "
     "limit_rmse "
     "and limit_max_error (the best that so many pieces can do, asymptotically), over_limit, certificate (0 at an optimum), "
     "spike_cost (sum of |w2| times the unit's range: T steps of spikes err by about this by T), seconds; of adam also curve "
     "[{step, "
     "loss, rmse}].",
     "ugo fit gelu --hidden 16 --range -4,4",
     cmd_ugo_fit},
    {"ugo show",
     CLASS_UGO,
     {ARG("NAME", VALUE_UGO)},
     {{NULL}},
     "print a UGO and its knots",
     "NAME is a UGO of the session or the notebook, or a site of the plan that has one. The UGO views show it from now on. See "
     "also: "
     "view ugo.",
     "ugo show gelu-16",
     cmd_ugo_show},
    {"ugo sweep",
     CLASS_UGO,
     {ARG("FUNCTION", VALUE_FUNCTION)},
     {{"hidden", "H,H,...", VALUE_INTS, 1, 1024, NULL, "sizes, at most 16 (default: 2,3,4,6,8,12,16,24,32,48,64,128)"},
      {"T", "T,T,...", VALUE_INTS, 1, 1024, NULL, "also the error after so many steps of spikes, at most 8"},
      FIT_OPTIONS,
      SPIKE_OPTIONS},
     "fit a function at several sizes",
     "Tables: sizes {hidden, rmse, max_error, limit_rmse, limit_max_error, over_limit, seconds}, where errors are by the "
     "weighting and "
     "density of the fit, and with --T cells {hidden, T, rmse, max_error, analog_rmse, spikes, events, front}: front marks those "
     "that "
     "no other beats in both spikes and error. See also: view ugo-sizes, view ugo-steps. Ctrl-C keeps what is done.",
     "ugo sweep gelu --T 4,8,16,32 --form ramps",
     cmd_ugo_sweep},
    {"ugo spikes",
     CLASS_UGO,
     {ARG("NAME", VALUE_UGO)},
     {{"T", "T,T,...", VALUE_INTS, 1, 1024, NULL, "steps, at most 8 (default: 4,8,16,32,64)"},
      SPIKE_OPTIONS,
      DENSITY_OPTIONS,
      REAL("noise", "S", 0, 1e9, "white noise of this deviation in every step"),
      OTHER("site", "SITE", VALUE_SITE, "the trains that this site of the plan receives"),
      NUMBER("images", "N", 1, 100000, "of so many calibration pictures (default: 8; observed: 64)"),
      NUMBER("seed", "N", 0, INT_MAX, "of the noise and of the choice of neurons")},
     "measure a UGO with spiking neurons against T",
     "Input is constant unless --noise or --site. Table steps {T, rmse, max_error, analog_rmse, spikes, events, cost, outside, "
     "counts_checked, counts_unlike_closed_form}: spikes and events are per evaluation; of if neurons under constant input every "
     "count "
     "is held against clip(floor(T a / threshold + u0), 0, T). spike_cost_right and spike_cost_left tell what either facing "
     "costs. "
     "Potential half or dither takes 5-20% more spikes; threshold mmse far fewer, with a far larger error; refit none. Ramps are "
     "best "
     "for constant input and bad for what fluctuates. --reduce fits the mantissa of exp, reciprocal or rsqrt anew: exponent, "
     "scaling and "
     "shift do not spike then.",
     "ugo spikes gelu-32 --neuron burst --refit",
     cmd_ugo_spikes},
    {"ugo compare",
     CLASS_UGO,
     {{"NAME", VALUE_UGO, false, true, 0, 0, NULL}},
     {OTHER("function", "NAME", VALUE_FUNCTION, "against this function (default: the first one's)"),
      OTHER("range", "LO,HI", VALUE_RANGE, "over this range (default: what they have in common)")},
     "compare UGOs over one range",
     "Table ugos {name, hidden, form, lo, hi, rmse, max_error, relative_rmse, relative_max_error, spike_cost}, all against one "
     "function "
     "over one range with uniform density; lo and hi are their own.",
     "ugo compare gelu-16 gelu-32",
     cmd_ugo_compare},
    {"ugo knot",
     CLASS_UGO,
     {ARG("NAME", VALUE_UGO), ONE_NUMBER("KNOT", 1, 4096), MAYBE("X", VALUE_TEXT), MAYBE("Y", VALUE_TEXT)},
     {{NULL}},
     "select a knot of a UGO, or move it",
     "Knots count from 0, the left end; inner ones can be moved between their neighbours. Without X and Y it is selected, and "
     "marked in "
     "view ugo. Keys: name, knot, x, y, left, right, error, rmse, max_error, rmse_change, max_error_change.",
     "ugo knot gelu-16 7 -0.5 -0.15",
     cmd_ugo_knot},
    {"ugo assign",
     CLASS_UGO,
     {ARG("SITE", VALUE_SITE), ARG("NAME", VALUE_UGO)},
     {CHOICE("form", "FORM", ugo_form_names, "relu or ramps (default: the form that the site has)"),
      FLAG("force", "even if it is of another function")},
     "give sites of the plan another UGO",
     "Makes a new plan: SITE is a glob, and every site that it matches and that has a function gets the UGO. Hidden neurons keep "
     "their "
     "kind; their thresholds follow from the UGO's range. Table sites {site, was, was_hidden, was_rmse, hidden, rmse, form, "
     "observed, "
     "range_covers_observed}.",
     "ugo assign blocks.*.mlp.act gelu-32",
     cmd_ugo_assign},
    {"ugo import",
     CLASS_UGO,
     {ARG("FILE", VALUE_PATH), MAYBE("PREFIX", VALUE_TEXT), MAYBE("NAME", VALUE_TEXT)},
     {OTHER("function", "NAME", VALUE_FUNCTION, "what the weights approximate"),
      OTHER("range", "LO,HI", VALUE_RANGE, "range to measure errors over (default: the function's)")},
     "read a UGO from a file",
     "Of a safetensors file the tensors PREFIX.w1, PREFIX.b1, PREFIX.w2 and PREFIX.b2; of a CSV file its knots, lines x,y. NAME "
     "defaults "
     "to PREFIX, or to the CSV file's name.",
     "ugo import released.safetensors gelu --function quick_gelu",
     cmd_ugo_import},
    {"ugo export",
     CLASS_UGO,
     {ARG("NAME", VALUE_UGO), ARG("FILE", VALUE_PATH)},
     {OTHER("prefix", "PREFIX", VALUE_TEXT, "of the tensors' names (default: NAME)"), FORCE},
     "write a UGO to a file",
     "What ugo import reads: tensors when FILE ends in .safetensors, knots when it ends in .csv.",
     "ugo export gelu-16 gelu.safetensors",
     cmd_ugo_export},

    /* --- views --- */
    {"view",
     CLASS_VIEW,
     {ARG("NAME", VALUE_VIEW), MAYBE("SITE", VALUE_SITE)},
     {VIEW_OPTIONS},
     "print a view as text",
     "Draws what the panes show. Without SITE and options it looks at the selection (type: set). In JSON the keys are view and "
     "text (its "
     "lines).",
     "view attention --layer 1 --head 0",
     cmd_view},
    {"save",
     CLASS_VIEW,
     {ARG("FILE", VALUE_PATH), MAYBE("NAME", VALUE_VIEW), MAYBE("SITE", VALUE_SITE)},
     {VIEW_OPTIONS, FORCE},
     "save a view to a file",
     "FILE ends in .txt, .svg, .pdf or .png. NAME defaults to overview.",
     "save attention.svg attention --layer 1",
     cmd_save},
    {"panes",
     CLASS_VIEW,
     {{NULL}},
     {{NULL}},
     "show the panes",
     "Needs a terminal. q, or C-x a, goes back to the lines.",
     "panes",
     cmd_panes},

    /* --- study --- */
    {"eval",
     CLASS_STUDY,
     {MAYBE_NUMBER("N", 1, INT_MAX)},
     {{"t", "T,T,...", VALUE_INTS, 1, 4096, NULL, "steps to report (default: 1,2,4 ... the plan's T)"},
      NUMBER("first", "K", 0, INT_MAX, "the first picture (default: 0)"),
      NUMBER("threads", "N", 0, 1024, "pictures at a time"),
      OTHER("data", "PATH", VALUE_PATH, "another data set"),
      FLAG("resume", "go on from what an earlier evaluation of the same has recorded"),
      FLAG("ann", "the reference alone")},
     "measure accuracy against time over N pictures (default: all)",
     "One pass gives the whole curve, with intervals of 95% confidence (± half of one, in points). gap is the accuracy minus the "
     "reference's on the same pictures, agreement is with the reference's class; spikes and events are those of all steps up to "
     "t; energy is that of the blocks' linear layers, products and UGOs over the reference's, at 0.9 pJ for an accumulation and "
     "4.6 for a multiplication, charged per event and per spike. alarms lists what UGOs received outside their range: per "
     "picture, "
     "as a share of all inputs, and how far the farthest was outside in widths of the range. Interrupted, it reports and keeps "
     "what was done; --resume goes on. JSON keys: images, ann_accuracy, points [{t, accuracy, gap, agreement, logit_rmse, each "
     "with "
     "_lo and _hi, spikes_per_image, events_per_image, energy_ratio, energy_ratio_spikes}], alarms [{site, alarms_per_image, "
     "share, "
     "reach}], seconds. Fractions are 0..1.",
     "eval 100 --t 4,8,16",
     cmd_eval},

    /* --- notebook --- */
    {"session new",
     CLASS_NOTEBOOK,
     {MAYBE("NAME", VALUE_TEXT)},
     {{NULL}},
     "start a session",
     "What follows is recorded in it. Each start of the program begins one.",
     "session new thresholds",
     cmd_session_new},
    {"session open",
     CLASS_NOTEBOOK,
     {ARG("NAME", VALUE_TEXT)},
     {{NULL}},
     "go on with an earlier session",
     "By its name or number.",
     "session open thresholds",
     cmd_session_open},
    {"session list", CLASS_NOTEBOOK, {{NULL}}, {{NULL}}, "list sessions", "Newest first.", "session list", cmd_session_list},
    {"session note",
     CLASS_NOTEBOOK,
     {ARG("TEXT", VALUE_LINE)},
     {{NULL}},
     "add a line to the session's note",
     "The rest of the line is kept as it stands.",
     "session note T = 8 loses the sevens",
     cmd_session_note},
    {"runs",
     CLASS_NOTEBOOK,
     {MAYBE_NUMBER("N", 1, INT_MAX)},
     {CHOICE("kind", "KIND", run_kinds, "only step, ann, convert, eval, fit or ugo"),
      CHOICE("status", "STATUS", run_states, "only these")},
     "list the last N recorded runs (default: 20)",
     "Newest first, with the command that made each.",
     "runs 10 --kind eval",
     cmd_runs},
    {"show",
     CLASS_NOTEBOOK,
     {{"RUN", VALUE_RUN, true, false, 1, (double)INT_MAX, NULL}},
     {{NULL}},
     "show a run with its measurements (default: the last)",
     "JSON keys: those of v_runs, metrics [{name, t, value}], sites [{t, site, ...}].",
     "show 12",
     cmd_show},
    {"query",
     CLASS_NOTEBOOK,
     {ARG("SQL", VALUE_LINE)},
     {{NULL}},
     "ask the notebook in SQL",
     "One statement that only reads. Tables: models, datasets, ugos, plans, sessions, commands, runs, run_metrics, predictions; "
     "views: "
     "v_runs, v_site_metrics, v_accuracy_vs_t, v_layer_error, v_ugo_pareto. JSON: rows [{...}].",
     "query SELECT recipe, t, accuracy FROM v_accuracy_vs_t",
     cmd_query},

    /* --- shell --- */
    {"set",
     CLASS_SHELL,
     {MAYBE("SETTING", VALUE_SETTING), MAYBE("VALUE", VALUE_TEXT)},
     {{NULL}},
     "print or change settings",
     "Settings: format, color, ascii, size, seed, threads; and what views look at: layer, head, q, k, site, neuron.",
     "set format json",
     cmd_set},
    {"source",
     CLASS_SHELL,
     {ARG("FILE", VALUE_PATH)},
     {{NULL}},
     "run the commands of a file",
     "One command a line; lines that start with # are comments. Stops at the first failure.",
     "source tour.spike",
     cmd_source},
    {"history",
     CLASS_SHELL,
     {MAYBE_NUMBER("N", 1, 100000)},
     {{NULL}},
     "print the last N lines typed (default: 20)",
     "The lines are kept in $XDG_STATE_HOME/spikescope/history.",
     "history 5",
     cmd_history},
    {"help",
     CLASS_SHELL,
     {{"TOPIC", VALUE_TOPIC, true, true, 0, 0, NULL}},
     {{NULL}},
     "explain commands",
     "TOPIC is a command, or a class: model, spikes, ugo, views, study, notebook, shell.",
     "help convert",
     cmd_help},
    {"apropos",
     CLASS_SHELL,
     {ARG("WORD", VALUE_LINE)},
     {{NULL}},
     "find commands by a word of their help",
     "Case does not matter.",
     "apropos threshold",
     cmd_apropos},
    {"quit", CLASS_SHELL, {{NULL}}, {{NULL}}, "leave", "So does the end of input (Ctrl-D).", "quit", cmd_quit},
    {NULL, CLASS_SHELL, {{NULL}}, {{NULL}}, NULL, NULL, NULL, NULL},
};
