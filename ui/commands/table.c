/* Every command there is. */
#include "ui/commands/commands.h"

#include "study/profile.h"
#include "study/tune.h"
#include "ui/commands/ugo_options.h"

#include <limits.h>

const char *const class_names[] = {"model", "spikes", "ugo", "views", "movement", "study", "notebook", "shell", NULL};
const char *const class_titles[] = {"Models, pictures and the reference",
				    "Conversion and steps",
				    "Universal group operators",
				    "Views and panes",
				    "Movement in the panes (what keys do)",
				    "Studies over data sets",
				    "The notebook",
				    "The shell",
				    NULL};

static const char *const other_modes[] = {"exact", "analog", NULL};
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

#define SOME_NUMBERS(name, lo, hi)                                                                                               \
	{                                                                                                                        \
		name, VALUE_INT, true, true, lo, hi, NULL                                                                        \
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
	    NUMBER("zoom", "N", 0, 16, "raster, attention: each step halves what is shown"),                                     \
	    NUMBER("neuron", "N", 0, INT_MAX, "the element of the site"),                                                        \
	    NUMBER("unit", "N", -1, 1023, "the hidden neuron there; -1: the one with the largest membrane")

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
	OTHER("neuron", "NEURON", VALUE_NEURON, "as `help neuron` lists them (default: if)"),                                    \
	    NUMBER("burst", "N", 1, 1024, "the neuron's burst or levels (default: its own)"),                                    \
	    CHOICE("threshold", "RULE", spike_threshold_names, "max (default) or mmse, of ReLU units"),                          \
	    CHOICE("potential", "U0", spike_potential_names, "at the start: zero, half (default) or dither"),                    \
	    FLAG("refit", "fit the readout to the quantised sums"),                                                              \
	    CHOICE("form", "FORM", ugo_form_names, "relu or ramps (saturating)"),                                                \
	    CHOICE("facing", "WAY", ugo_facing_names, "of ReLU units: best (default), right or left"),                           \
	    FLAG("reduce", "reduce the range: exp, reciprocal, rsqrt of the mantissa")

/* What `tune` and `ugo tune` take. */
#define TUNE_OPTIONS(rule_help)                                                                                                  \
	REAL("max-drop", "P", 0, 100, "accuracy that may be lost, in points (default: 0.3, unless --max-energy)"),               \
	    REAL("max-energy", "X", 0.001, 1000, "energy over the ANN's that is allowed"),                                       \
	    OTHER("rule", "RULE", VALUE_RULE, rule_help),                                                                        \
	    OTHER("rules", "FILE", VALUE_PATH, "rules of your own, as JSON, beside the program's"),                              \
	    {"t", "T,T,...", VALUE_INTS, 1, 1024, NULL, "steps that will do (default: all up to T, at most 16)"},                \
	    OTHER("recipe", "NAME", VALUE_RECIPE, "what to start from (default: delta)"),                                        \
	    NUMBER("T", "N", 1, 1024, "steps that thresholds are calibrated for (default: 4)"),                                  \
	    OTHER("calibration", "PATH", VALUE_PATH, "data set to calibrate with"),                                              \
	    NUMBER("few", "N", 8, 100000, "pictures of sensitivity and search (default: 200)"),                                  \
	    NUMBER("first", "K", 0, INT_MAX, "the first picture (default: 0)"),                                                  \
	    NUMBER("candidates", "N", 2, TUNE_CANDIDATES - 12, "measured before the finalists, at most (default: 60)"),          \
	    OTHER("name", "NAME", VALUE_TEXT, "of the plan (default: tuned-RUN)"),                                               \
	    FLAG("force", "take the name from another plan")

const struct command_info command_table[] = {
    /* --- model --- */
    {"load",
     CLASS_MODEL,
     {ARG("PATH", VALUE_PATH)},
     {NUMBER("size", "SIDE", 32, 4096,
	     "residual networks but CLIP's: the side of the pictures in pixels (default: as config.json says, or 224)")},
     "load a vision transformer or a residual network",
     "PATH is a folder with config.json and weights: model.safetensors (one file or shards, F32, F16 or BF16), or a state dict "
     "that torch.save() wrote, pytorch_model.bin (or its shards) or the only .bin, .pt or .pth file there; or such a file of "
     "weights with its config.json beside it. Of a state dict nothing is run: what is not a tensor is refused by its name. "
     "Vision transformers: "
     "Hugging Face's vit, deit, dinov2 and siglip, timm's plain and CLIP ViT, with registers too, and deit. Residual networks "
     "with "
     "torchvision's tensors: ResNet, "
     "ResNeXt, wide ResNet, and those for CIFAR; they follow the size of pictures that come as tensors. CLIP, whose classes are "
     "made by prompt: Hugging Face's folders, and open_clip's (open_clip_config.json, and open_clip_model.safetensors where "
     "there is one) with a ViT or a modified ResNet (RN50, RN101, RN50x4, ...) in OpenAI's names; timm's resnet50_clip and its "
     "kin, alone or in such a folder. What was converted from another model is dropped.",
     "load examples/digits-vit",
     cmd_load},
    {"prompt",
     CLASS_MODEL,
     {{"TEXT", VALUE_TEXT, true, true, 0, 0, NULL}},
     {OTHER("classes", "FILE", VALUE_PATH, "the names of the classes, one a line"),
      OTHER("template", "TEXT", VALUE_TEXT, "what is said of a class; {} becomes its name"),
      OTHER("templates", "FILE", VALUE_PATH, "several of them, one a line (# starts a comment), or photos: 80 that come along"),
      OTHER("vocabulary", "PATH", VALUE_PATH, "the vocabulary, when it is not in the model's folder"),
      OTHER("text-model", "FOLDER", VALUE_PATH, "the text tower, when it is not in the model's folder"),
      OTHER("tokens", "FILE:NAME", VALUE_PATH, "texts that are token ids: a tensor [texts, tokens] of a safetensors file"),
      OTHER("write", "FILE", VALUE_PATH, "write the class embeddings to a safetensors file, as text_embeds"),
      FORCE,
      {NULL}},
     "give CLIP its classes",
     "A CLIP model knows texts, not classes: its text tower turns each TEXT into the embedding of a class (zero-shot head). "
     "Without TEXT the classes are those of --classes, or of the open data set, and their names stand in a template: \"a photo "
     "of a {}.\" Of several templates each class gets the mean of its normalised embeddings. The vocabulary is that of the "
     "model's folder: vocab.json and merges.txt, tokenizer.json, or bpe_simple_vocab_16e6.txt.gz. What was converted before is "
     "dropped, the picture stays. The model's hash names the prompts too; sessions and runs keep them (in state, under "
     "model.prompt), so that replay and session resume give the classes back.",
     "prompt --classes names.txt --templates photos",
     cmd_prompt},
    {"data",
     CLASS_MODEL,
     {ARG("PATH", VALUE_PATH)},
     {{NULL}},
     "open a data set",
     "PATH is a binary batch of CIFAR-10 or CIFAR-100 or a folder of them; CIFAR-10.1 (its *_data.npy, labels beside it) or 10.2 "
     "(.npz), or NumPy arrays like them; tiny-imagenet-200 or its val or train folder; ImageNet's validation pictures with "
     "val.txt (name and class index) or LOC_val_solution.csv; a folder of class folders with JPEG or PNG files, a folder of "
     "pictures; or a safetensors file with a tensor pixel_values or images [n, channels, size, size] and maybe labels [n]. Class "
     "names are read from the lists that come with each set.",
     "data examples/digits-vit/test.safetensors",
     cmd_data},
    {"image",
     CLASS_MODEL,
     {ARG("PICTURE", VALUE_PATH)},
     {{NULL}},
     "show a picture to the networks",
     "PICTURE is the number of a picture of the open data set, a JPEG or PNG file, or FILE.safetensors:NAME[i] for pixels that "
     "are already normalised. It is prepared as the model's own config says. The spiking network goes back to t = 0.",
     "image 17",
     cmd_image},
    {"model",
     CLASS_MODEL,
     {MAYBE("SITE", VALUE_SITE)},
     {{NULL}},
     "print the tree of sites",
     "Prints the model and its sites with their shapes; with a plan also the neuron and the function of each, and after a step "
     "the error against the reference, the firing rate and the inputs outside the fitted range (alarms). SITE is a glob, as "
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
     "Prints the five best classes. JSON keys: image, label, logits, top [{class, label, probability}], seconds; of CLIP "
     "image_embeds, the embedding of length 1.",
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
     "model, else they are the first of the open data set. CHANGES are GLOB:KEY=VALUE,... separated by blanks, applied in order, "
     "as 'blocks.*.mlp.act:neuron=mt,levels=5 blocks.0.attn.q:neuron=graded'. Keys of a site: neuron (graded, or one that "
     "`help neuron` lists) and what that neuron can be set to, rule, scale (multiplies the thresholds), channels (each, shared: "
     "thresholds of an encoder), "
     "function (exact, analog, spiking), hidden. Keys: recipe, T, plan (its hash), model, calibration_pictures, "
     "calibration_hash, seed, analog_functions, neurons, seconds.",
     "convert --recipe sta --T 16",
     cmd_convert},
    {"plan",
     CLASS_SPIKES,
     {{NULL}},
     {{NULL}},
     "print the plan",
     "A row for each site that spikes or has a function: neuron, burst, function, size and range of its UGO, thresholds. In JSON "
     "the canonical text that the plan's hash names.",
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
     {ARG("PLAN", VALUE_PLAN)},
     {{NULL}},
     "open a plan of the notebook",
     "PLAN is its name or the beginning of its hash. It comes back with its thresholds and UGOs, without calibration pictures; "
     "the model must be the one it was made for.",
     "plan open four-steps",
     cmd_plan_open},
    {"step",
     CLASS_SPIKES,
     {MAYBE_NUMBER("N", 1, 4096)},
     {FLAG("site", "to the next site of the forward order, N times")},
     "take N time steps (default: 1)",
     "Prints for each step the class, its probability, the error of the logits against the reference, spikes (every quantum "
     "counts) and events (a neuron that sends counts once). JSON keys: image, t, logits, top, ann_top, spikes and seconds of "
     "this command, spikes_total, events_total, logit_rmse, state_hash, stopped {number, condition, where, value}, steps (each "
     "with alarms, alarm_site, alarm_reach: inputs outside the range of a UGO). Stops at breakpoints. With --site a step is "
     "entered: the sites up to the one printed (and selected) have done it, the others have not; step finishes it. Converts with "
     "the default recipe first when there is no plan.",
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
    {"until",
     CLASS_SPIKES,
     {ARG("COND", VALUE_CONDITION)},
     {NUMBER("steps", "N", 1, 4096, "give up after N steps (default: twice the plan's T)")},
     "step until a condition is true",
     "COND as for break; at least one step is taken. What it was true for is selected. Prints as step.",
     "until logit_rmse < 0.1",
     cmd_until},
    {"reset",
     CLASS_SPIKES,
     {{NULL}},
     {{NULL}},
     "go back to t = 0",
     "The picture stays. Prints where one is; in JSON and CSV the state.",
     "reset",
     cmd_reset},
    {"back",
     CLASS_SPIKES,
     {MAYBE_NUMBER("N", 1, 4096)},
     {{NULL}},
     "go back N steps (default: 1)",
     "The state is the one that was there, to the bit: the nearest checkpoint before it is restored and stepped on from. An "
     "entered step counts as one. set checkpoints bounds the memory of checkpoints; state says what they take. Prints where one "
     "is; in JSON and CSV the state.",
     "back 3",
     cmd_back},
    {"goto",
     CLASS_SPIKES,
     {ONE_NUMBER("T", 0, 4096)},
     {{NULL}},
     "go to t = T",
     "Forwards as step, backwards as back. Prints where one is; in JSON and CSV the state.",
     "goto 3",
     cmd_goto},
    {"break",
     CLASS_SPIKES,
     {ARG("COND", VALUE_CONDITION)},
     {{NULL}},
     "stop stepping when a condition is true",
     "COND compares numbers (< <= > >= == !=) and joins comparisons by and, or, not and parentheses. A number is a literal or: "
     "spikes(S), rate(S), error(S) (relative), range(S) (inputs outside the UGO's range) of a site in the last step; value(S) "
     "and membrane(S) of any of its elements; S[i,j] for one element, of which spikes and error may be asked too; t, top, ann, "
     "label (classes; their names may be used), logit_rmse. S is a site or a glob: one of them is enough, all(error(blocks.*)) < "
     "0.2 "
     "asks for every one, max(...) and min(...) are the largest and the smallest. A number alone is true when it is not 0. "
     "Stepping stops after the step, and what the condition was true for is selected.",
     "break error(blocks.*.attn) > 0.1",
     cmd_break},
    {"watch",
     CLASS_SPIKES,
     {ARG("EXPR", VALUE_CONDITION)},
     {FLAG("silent", "print the value after each command that steps, and do not stop")},
     "stop stepping when a value changes",
     "EXPR is one number as in a condition (help break), or a condition, which is 0 or 1. The hidden neurons of a UGO are "
     "elements too: membrane(S[i,j]) is the largest, membrane(S[i,j,h]) that of neuron h.",
     "watch membrane(blocks.2.mlp.act[5,17])",
     cmd_watch},
    {"info breakpoints",
     CLASS_SPIKES,
     {{NULL}},
     {{NULL}},
     "list breakpoints and watches",
     "With their state, how often they were hit, at which t last, and where. asleep: the loaded model or plan has nothing to "
     "read there.",
     "info breakpoints",
     cmd_info_breakpoints},
    {"enable",
     CLASS_SPIKES,
     {SOME_NUMBERS("N", 1, INT_MAX)},
     {{NULL}},
     "enable breakpoints (default: all)",
     "By their numbers.",
     "enable 2",
     cmd_enable},
    {"disable",
     CLASS_SPIKES,
     {SOME_NUMBERS("N", 1, INT_MAX)},
     {{NULL}},
     "disable breakpoints (default: all)",
     "They stay, and do not stop.",
     "disable 2",
     cmd_disable},
    {"delete",
     CLASS_SPIKES,
     {SOME_NUMBERS("N", 1, INT_MAX)},
     {{NULL}},
     "delete breakpoints (default: all)",
     "By their numbers, which are not used again.",
     "delete 1 3",
     cmd_delete},
    {"split",
     CLASS_SPIKES,
     {MAYBE("PLAN", VALUE_SPLIT)},
     {NUMBER("T", "N", 1, 1024, "steps that thresholds are calibrated for (default: the first plan's)")},
     "step a second plan beside the first one",
     "PLAN is a recipe, a plan of the notebook (plan list), or off. Both plans see the same picture and are at the same t; every "
     "view shows both and their difference (set side), and step prints both.",
     "split delta",
     cmd_split},
    {"neuron",
     CLASS_SPIKES,
     {ARG("MODEL", VALUE_NEURON)},
     {REAL("current", "X", -1e6, 1e6, "the same input at every step (default: 0.3, lif: 1.5)"),
      OTHER("train", "X,X,...", VALUE_TEXT, "an input for each step, over and over"),
      FLAG("once", "the input comes in the first step alone, as in sum-decoded trains"),
      NUMBER("steps", "N", 1, 1024, "how long (default: 64, lif: 200)"),
      REAL("threshold", "V", 1e-6, 1e6, "the threshold (default: 1)"),
      NUMBER("burst", "N", 0, 64, "quanta a step, or levels (default: the model's)"),
      REAL("initial", "U", -1, 1, "membrane potential at the start, in thresholds"),
      OTHER("set", "KEY=X,...", VALUE_TEXT, "what else the neuron can be set to"),
      REAL("tau", "TIME", 1e-3, 1e6, "time constant of those that have one (default: 20)"),
      REAL("dt", "TIME", 1e-6, 1e6, "lif: step of Euler's method (default: 1)"),
      REAL("rest", "U", -1e6, 1e6, "lif: potential at rest (default: 0)"),
      REAL("reset", "U", -1e6, 1e6, "lif: potential after a spike (default: 0)"),
      REAL("resistance", "R", 1e-6, 1e6, "lif: what the current is multiplied with (default: 1)")},
     "run a single neuron under a current or a spike train",
     "MODEL is a neuron of plans or delta (differential); --set sets what it can be set to, as levels=3,repeat=2. Draws input, "
     "membrane, spikes, and what it sends against a constant "
     "current, for if and lif beside the formula. JSON keys: neuron, count, events, units, rate_per_step (lif: per unit of "
     "time), decoded, steps [{t, input, membrane, sent, total}], curve [{current, rate, theory}].",
     "neuron lif --current 1.5 --tau 10",
     cmd_neuron},
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
     "step), sent (in the last step), count (sent, in quanta), membrane, threshold, or input (of a function). CSV and JSON have "
     "all values, row by row.",
     "print blocks.0.attn.softmax --at 0,0,1",
     cmd_print},
    {"write",
     CLASS_SPIKES,
     {ARG("SITE", VALUE_SITE), ARG("FILE", VALUE_PATH)},
     {CHOICE("what", "WHAT", what_names, "the quantity (default: value); see print"),
      NUMBER("run", "RUN", 1, INT_MAX, "what this run has kept of its steps (see keep)"), FORCE},
     "write the numbers of sites to a file",
     "FILE ends in .safetensors (a tensor for each site that matches the glob) or .npy (one site). Float32. With --run the steps "
     "are the first dimension.",
     "write blocks.*.attn.qk scores.safetensors --what value",
     cmd_write},

    {"keep",
     CLASS_SPIKES,
     {MAYBE("SITE", VALUE_SITE)},
     {CHOICE("what", "WHAT", what_names, "the quantity (default: value); see print"),
      FLAG("off", "keep these (or, without SITE, all) no longer")},
     "keep the numbers of sites in the notebook at every step",
     "From now on; spike trains are --what count. SITE is a glob. They are compressed without loss; show says what a run has "
     "kept, write --run brings it out. Without SITE, lists what is kept.",
     "keep blocks.0.mlp.act --what count",
     cmd_keep},

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
      REAL("learning-rate", "R", 0, 1e9, "adam: learning rate (default: 0.001)"),
      FLAG("cosine", "adam: the rate falls to 0 along a half wave"), CHOICE("loss", "LOSS", ugo_loss_names, "adam: mse or huber"),
      REAL("delta", "D", 0, 1e9, "adam: where huber's loss turns straight (default: 1)"),
      FLAG("segments", "keep the segment form, of saturating ramps"),
      OTHER("name", "NAME", VALUE_TEXT, "what to call it (default: FUNCTION-H)")},
     "fit a group of neurons to a function",
     "FUNCTION is one of those below, an expression in x (quoted: 'x*tanh(log(1+exp(x)))'), or FILE.csv with lines x,y or "
     "x,y,weight. Densities: uniform; normal (95% of it) and mixture (half of it) with --mean and --deviation; octaves, even in "
     "log x; observed, what --site received from the calibration pictures, with 5% uniform. JSON keys: name, function, hidden, "
     "range, form, rmse, max_error, relative_rmse, relative_max_error, weighting, objective, density, goal_rmse (by weighting "
     "and density), limit_rmse and limit_max_error (asymptotic estimates of the best that so many pieces can do: with few pieces "
     "a fit may be below), over_limit, "
     "certificate (0 at an optimum), spike_cost (sum of |w2| times the unit's range: T steps of spikes err by about this by T), "
     "seconds; of adam also curve [{step, loss, rmse}].",
     "ugo fit gelu --hidden 16 --range -4,4",
     cmd_ugo_fit},
    {"ugo show",
     CLASS_UGO,
     {ARG("NAME", VALUE_UGO)},
     {{NULL}},
     "print a UGO and its knots",
     "NAME is a UGO of the session or the notebook, or a site of the plan that has one. The UGO views show it from now on. See "
     "also: view ugo.",
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
     "weighting and density of the fit, and with --T cells {hidden, T, rmse, max_error, analog_rmse, spikes, events, front}: "
     "front marks those that no other beats in both spikes and error. See also: view sizes, view pareto. Ctrl-C keeps "
     "what is done.",
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
     "count is held against clip(floor(T a / threshold + u0), 0, T). spike_cost_right and spike_cost_left tell what either "
     "facing costs. Potential half or dither takes 5-20% more spikes; threshold mmse far fewer, with a far larger error; refit "
     "none. Ramps are best for constant input and bad for what fluctuates. --reduce fits the mantissa of exp, reciprocal or "
     "rsqrt anew: exponent, scaling and shift do not spike then.",
     "ugo spikes gelu-32 --neuron burst --refit",
     cmd_ugo_spikes},
    {"ugo compare",
     CLASS_UGO,
     {{"NAME", VALUE_UGO, false, true, 0, 0, NULL}},
     {OTHER("function", "NAME", VALUE_FUNCTION, "against this function (default: the first one's)"),
      OTHER("range", "LO,HI", VALUE_RANGE, "over this range (default: what they have in common)")},
     "compare UGOs over one range",
     "Table ugos {name, hidden, form, lo, hi, rmse, max_error, relative_rmse, relative_max_error, spike_cost}, all against one "
     "function over one range with uniform density; lo and hi are their own.",
     "ugo compare gelu-16 gelu-32",
     cmd_ugo_compare},
    {"ugo knot",
     CLASS_UGO,
     {ARG("NAME", VALUE_UGO), ONE_NUMBER("KNOT", 1, 4096), MAYBE("X", VALUE_TEXT), MAYBE("Y", VALUE_TEXT)},
     {{NULL}},
     "select a knot of a UGO, or move it",
     "Knots count from 0, the left end; inner ones can be moved between their neighbours. Without X and Y it is selected, and "
     "marked in view ugo. Keys: name, knot, x, y, left, right, error, rmse, max_error, rmse_change, max_error_change.",
     "ugo knot gelu-16 7 -0.5 -0.15",
     cmd_ugo_knot},
    {"ugo nudge",
     CLASS_UGO,
     {{"WAY", VALUE_CHOICE, false, false, 0, 0, nudge_names}},
     {REAL("by", "PART", 0, 1, "how far (default: 0.1)")},
     "move the selected knot a little",
     "Left and right by a part of the gap to the next knot, along the function; up and down by a part of the largest error; of "
     "the UGO that view ugo shows. The keys <, >, + and - of that pane. Keys as of ugo knot.",
     "ugo nudge up",
     cmd_ugo_nudge},
    {"ugo observe",
     CLASS_UGO,
     {MAYBE("SITE", VALUE_SITE)},
     {NUMBER("images", "N", 1, 100000, "calibration pictures (default: 64)")},
     "see what the functions receive in calibration",
     "Runs the reference network on the calibration pictures. Table sites {site, function, lo, hi, inputs, ugo_lo, ugo_hi, "
     "outside}: outside is the part of the inputs beyond the range of the site's UGO. SITE is a glob. view inputs draws it.",
     "ugo observe blocks.*.mlp.act",
     cmd_ugo_observe},
    {"ugo assign",
     CLASS_UGO,
     {ARG("SITE", VALUE_SITE), ARG("NAME", VALUE_UGO)},
     {CHOICE("form", "FORM", ugo_form_names, "relu or ramps (default: the form that the site has)"),
      FLAG("force", "even if it is of another function")},
     "give sites of the plan another UGO",
     "Makes a new plan: SITE is a glob, and every site that it matches and that has a function gets the UGO. Hidden neurons keep "
     "their kind; their thresholds follow from the UGO's range. Table sites {site, was, was_hidden, was_rmse, hidden, rmse, "
     "form, observed, range_covers_observed}.",
     "ugo assign blocks.*.mlp.act gelu-32",
     cmd_ugo_assign},
    {"ugo tune",
     CLASS_UGO,
     {MAYBE_NUMBER("N", 16, INT_MAX)},
     {TUNE_OPTIONS("what energy is counted by (default: operations, which has neurons in it)")},
     "find the smallest UGOs that are good enough, with N pictures (default: all)",
     "As tune, which explains it, with the sizes, neurons and levels of UGOs alone; encoders stay as they are.",
     "ugo tune 400 --max-drop 0.1",
     cmd_ugo_tune},
    {"ugo import",
     CLASS_UGO,
     {ARG("FILE", VALUE_PATH), MAYBE("PREFIX", VALUE_TEXT), MAYBE("NAME", VALUE_TEXT)},
     {OTHER("function", "NAME", VALUE_FUNCTION, "what the weights approximate"),
      OTHER("range", "LO,HI", VALUE_RANGE, "range to measure errors over (default: the function's)")},
     "read a UGO from a file",
     "Of a safetensors file the tensors PREFIX.w1, PREFIX.b1, PREFIX.w2 and PREFIX.b2; of a CSV file its knots, lines x,y. NAME "
     "defaults to PREFIX, or to the CSV file's name.",
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
     "text (its lines).",
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
     "Needs a terminal. Tab goes from pane to pane, ? shows the keys of one; q, or C-x a, goes back to the lines.",
     "panes",
     cmd_panes},
    {"tutorial",
     CLASS_VIEW,
     {MAYBE("SCENE", VALUE_TEXT)},
     {{NULL}},
     "walk through the workbench in ten short scenes",
     "Each scene runs commands on the example digits-vit and shows what to look for. SCENE is a number, next (the default), "
     "previous, again or off.",
     "tutorial",
     cmd_tutorial},
    {"select",
     CLASS_MOVEMENT,
     {ARG("WHAT", VALUE_SELECT), ARG("N", VALUE_SITE), MAYBE("K", VALUE_TEXT)},
     {{NULL}},
     "choose what views look at",
     "WHAT is site, layer, head, q or k (tokens), neuron (of the site), unit (hidden neuron of a UGO), patch (q by the picture's "
     "rows) or side (of a split). N is a number or, for site, a name; +1 and -1 move, first and last go to the ends. What arrow "
     "keys run; the notebook does not keep it.",
     "select head +1",
     cmd_select},
    {"find",
     CLASS_MOVEMENT,
     {MAYBE("TEXT", VALUE_SITE)},
     {FLAG("worst", "the site whose error is largest")},
     "select the next site whose name holds a text",
     "TEXT may be a glob. Again finds the one after it. The keys / and w.",
     "find rsqrt",
     cmd_find},
    {"focus",
     CLASS_MOVEMENT,
     {ARG("PANE", VALUE_VIEW)},
     {{NULL}},
     "give a pane the keys",
     "PANE is a view, next or previous. A view that the layout does not show fills the screen until out.",
     "focus raster",
     cmd_focus},
    {"look",
     CLASS_MOVEMENT,
     {MAYBE("VIEW", VALUE_VIEW)},
     {{NULL}},
     "look inside what is selected",
     "From the tree into a site, from a map into a product, from a raster into a neuron; or at VIEW. out comes back.",
     "look",
     cmd_look},
    {"out",
     CLASS_MOVEMENT,
     {{NULL}},
     {{NULL}},
     "come out of what one looks at",
     "In the end to the command line.",
     "out",
     cmd_out},
    {"maximise",
     CLASS_MOVEMENT,
     {{NULL}},
     {{NULL}},
     "let the focused pane fill the screen, or no longer",
     "The key o.",
     "maximise",
     cmd_maximise},
    {"knot",
     CLASS_MOVEMENT,
     {ARG("KNOT", VALUE_TEXT)},
     {{NULL}},
     "select a knot of the UGO that view ugo shows",
     "+1 and -1 walk, first and last go to the ends, a number to that one. See ugo nudge and ugo knot to move it.",
     "knot +1",
     cmd_knot},
    {"zoom",
     CLASS_MOVEMENT,
     {ARG("N", VALUE_TEXT)},
     {{NULL}},
     "zoom the focused pane",
     "+1 shows half as many neurons of a raster, or tokens of attention, around the selected ones; -1 twice as many, 0 all.",
     "zoom +1",
     cmd_zoom},
    {"scroll",
     CLASS_MOVEMENT,
     {ARG("LINES", VALUE_TEXT)},
     {{NULL}},
     "scroll the log",
     "-1 to older lines, +1 to newer ones; -page, +page; start, end; left, right.",
     "scroll -page",
     cmd_scroll},
    {"keys",
     CLASS_MOVEMENT,
     {{NULL}},
     {{NULL}},
     "show the keys of the focused pane",
     "Until the next key. bind lists them all.",
     "keys",
     cmd_keys},
    {"line",
     CLASS_MOVEMENT,
     {MAYBE("TEXT", VALUE_LINE)},
     {{NULL}},
     "go to the command line",
     "TEXT is put there, to be gone on with.",
     "line find",
     cmd_line},
    {"leave", CLASS_MOVEMENT, {{NULL}}, {{NULL}}, "leave the panes", "The key q. quit leaves the program.", "leave", cmd_leave},
    {"layout",
     CLASS_VIEW,
     {ARG("NAME", VALUE_LAYOUT)},
     {{NULL}},
     "arrange the panes",
     "By the name of a layout (layout list). view overview prints what the panes show.",
     "layout neurons",
     cmd_layout},
    {"layout list", CLASS_VIEW, {{NULL}}, {{NULL}}, "list layouts", "Your own first.", "layout list", cmd_layout_list},
    {"layout save",
     CLASS_VIEW,
     {ARG("NAME", VALUE_LAYOUT), ARG("TEXT", VALUE_LINE)},
     {{NULL}},
     "give a layout a name",
     "TEXT: columns separated by |, in each the views from top to bottom separated by /. A column may start with its share of "
     "the width, a view end with :N, its share of the height. The layout is shown, and belongs to the session: session open "
     "brings it back.",
     "layout save mine 1 model | 3 attention:2/neuron | 2 readout",
     cmd_layout_save},
    {"layout delete",
     CLASS_VIEW,
     {ARG("NAME", VALUE_LAYOUT)},
     {{NULL}},
     "delete a layout of yours",
     "Those that were there from the start stay.",
     "layout delete mine",
     cmd_layout_delete},
    {"bind",
     CLASS_VIEW,
     {MAYBE("KEY", VALUE_TEXT), MAYBE("COMMAND", VALUE_LINE)},
     {OTHER("pane", "VIEW", VALUE_VIEW, "only while this pane has the focus")},
     "bind a key of the panes to a command, or list all keys",
     "KEY is a character or Up, Down, Left, Right, PageUp, PageDown, Home, End, Tab, BackTab, Enter, Esc, Space, F1 to F12, C-a "
     "to C-z. Options come before KEY. Bindings belong to the session: session open brings them back.",
     "bind x step 5",
     cmd_bind},
    {"unbind",
     CLASS_VIEW,
     {ARG("KEY", VALUE_TEXT)},
     {OTHER("pane", "VIEW", VALUE_VIEW, "only while this pane has the focus")},
     "undo bind, or let a key mean nothing",
     "What you bound goes back to what it was; else the key is silenced.",
     "unbind x",
     cmd_unbind},

    /* --- study --- */
    {"audit",
     CLASS_STUDY,
     {MAYBE("SITE", VALUE_SITE)},
     {FLAG("wrong", "only what is not spiking or not well")},
     "say what became of every layer",
     "For each site that computes a function or is an operand of a product: whether it spikes, its neuron, where its thresholds "
     "come from, its UGO with range and what was observed in calibration, alarms of the last step (inputs outside the range), "
     "and a verdict: ok, analog, graded, a range that is too narrow or too wide, neurons that never send. SITE is a glob. JSON "
     "keys: recipe, plan, decoding, spiking, analog, graded, warnings, sites [{site, state, neuron, levels, threshold, function, "
     "ugo, lo, hi, observed_lo, observed_hi, alarms, verdict}].",
     "audit blocks.0.*",
     cmd_audit},
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
     "picture, as a share of all inputs, and how far the farthest was outside in widths of the range. Interrupted, it reports "
     "and keeps what was done; --resume goes on. JSON keys: images, ann_accuracy, points [{t, accuracy, gap, agreement, "
     "logit_rmse, each with _lo and _hi, spikes_per_image, events_per_image, energy_ratio, energy_ratio_spikes}], alarms [{site, "
     "alarms_per_image, share, reach}], seconds. Fractions are 0..1.",
     "eval 100 --t 4,8,16",
     cmd_eval},
    {"bench",
     CLASS_STUDY,
     {{0}},
     {NUMBER("t", "T", 1, PROFILE_STEPS_MAX, "steps (default: the plan's T, at most 256)"),
      NUMBER("repeats", "N", 1, PROFILE_REPEATS_MAX, "repetitions, of which medians are taken (default: 5)"),
      FLAG("sites", "print time, spikes and bytes of every site instead of the time of every step (JSON has both)")},
     "measure what this machine does with the plan and the picture, on one thread",
     "Times of the reference, of every step, and of all steps layer by layer; ratio is a step's time over the reference's. A "
     "site's time is a step's mean; the product with weights counts for the site behind it, those of q, k and v for q. `view "
     "bench` draws it. Ceilings are what the processor does at most with the kernels in use (SPIKESCOPE_KERNELS): multiply-adds "
     "a "
     "second of products of floats and of spikes that all send, and bytes that are copied. JSON keys: processor, kernels, "
     "ceiling_floats, ceiling_spikes, ceiling_bytes, plan, repeats, reference_seconds, stepped_seconds, run_seconds, "
     "state_bytes, steps [{t, "
     "seconds, ratio}], sites [{site, seconds, spikes, rate, bytes}].",
     "bench --t 8",
     cmd_bench},
    {"ladder",
     CLASS_STUDY,
     {MAYBE_NUMBER("N", 1, INT_MAX)},
     {NUMBER("t", "T", 1, 4096, "steps of the spiking rung (default: the plan's T)"),
      NUMBER("first", "K", 0, INT_MAX, "the first picture (default: 0)"),
      FLAG("sites", "print the error of every site on every rung (JSON always does)")},
     "measure where accuracy is lost between the ANN and the spikes, over N pictures (default: all)",
     "Rungs: ann; activation (the activation by its UGO, analog); analog (every function by its UGO); spiking (the plan after T "
     "steps). Each has accuracy, agreement with the reference and the error of its logits, and each site on it an error against "
     "the reference's value. `view ladder` draws it. JSON keys: images, plan, rungs [{name, t, accuracy, agreement, "
     "logit_rmse}], sites [{site, rung, rmse, relative, cosine}], seconds.",
     "ladder 100 --t 8",
     cmd_ladder},
    {"attribution",
     CLASS_STUDY,
     {MAYBE_NUMBER("N", 1, INT_MAX)},
     {NUMBER("t", "T", 1, 4096, "steps (default: the plan's T)"),
      NUMBER("first", "K", 0, INT_MAX, "the first picture (default: 0)"),
      CHOICE("others", "MODE", other_modes, "functions that do not spike are exact or their UGO, analog (default: exact)"),
      OTHER("sites", "SITE", VALUE_SITE, "one site at a time of those that match, instead of one class")},
     "measure what each class of sites costs alone, over N pictures (default: all)",
     "Lets one class of sites spike at a time, the others graded. excess is the squared error of the logits beyond that of "
     "nothing spiking; independent errors add up in it. interaction is the plan's own excess minus the sum: what sites cost "
     "together beyond what each costs alone. Classes: norm, rsqrt, qkv, exp, reciprocal, softmax, av, fc1, act, act.out. `view "
     "attribution` draws it. JSON keys: images, plan, t, ann_accuracy, items [{spiking, accuracy, agreement, logit_rmse, "
     "excess}], excess_sum, excess_all, interaction, seconds.",
     "attribution 50 --t 4",
     cmd_attribution},
    {"energy",
     CLASS_STUDY,
     {MAYBE_NUMBER("N", 1, INT_MAX)},
     {OTHER("rule", "RULE", VALUE_RULE, "the rule of places, steps and advice (default: unit)"),
      OTHER("rules", "FILE", VALUE_PATH, "rules of your own, as JSON, beside the program's"),
      NUMBER("t", "T", 1, 1024, "steps (default: the plan's T)"),
      NUMBER("first", "K", 0, INT_MAX, "the first picture (default: 0)"),
      FLAG("ledger", "print what was counted, for every site and step"),
      FLAG("list", "print the rules and their sources, and count nothing")},
     "count what the network does and costs against the ANN, by every rule at once, over N pictures (default: all)",
     "Counted is what fired, exactly: spikes and their synapses, products, scalings, additions, functions, neurons, memory. A "
     "rule says what counts and at which price; ratio is the network over the ANN, both a picture; rate is what a neuron sends a "
     "step, weighted by fan-out, and break_even the rate at which both would cost the same. The rules disagree because a spike "
     "with levels counts as an addition (event), as one for every quantum (unit), as a shift and an addition for every bit "
     "(popcount) or as a multiplication (mac), and because most leave out all but linear layers and products. published is what "
     "the paper claims from rates it assumes, beside the rates and savings that were counted. dominates and needs say where it "
     "goes and what would have to change. A file of rules has {\"technologies\": {NAME: {source, bits, add, mac, multiply, "
     "shift, function, update, memory}}, \"rules\": [{name, help, source, technology, spike, count}]}; `energy --list` shows "
     "those there are. `view energy` draws it. JSON keys: images, t, plan, "
     "per_event, per_unit_spike, rules [{rule, ratio, "
     "picojoules, ann_picojoules, rate, break_even, additions, multiplications, shifts, accesses}], rule, places [{place, "
     "picojoules, ann_picojoules, share, spikes, rate}], steps [{t, picojoules, ratio, rate}], published [{claim, assumed_rate, "
     "published_saving, measured_rate, counted_saving}], dominates, needs, seconds.",
     "energy 100 --rule event",
     cmd_energy},
    {"tune",
     CLASS_STUDY,
     {MAYBE_NUMBER("N", 16, INT_MAX)},
     {TUNE_OPTIONS("what energy is counted by (default: unit)")},
     "find the cheapest plan that is good enough, with N pictures (default: all)",
     "Half of the pictures are held out; the others are tuned by. Measures the recipe, two and three spikes a step, and what "
     "each class of sites (ladder, attribution) saves and costs when it has a level less or a smaller UGO, takes the changes "
     "that save most for their error one after the other as long as the target is met, tries thresholds a quarter higher and "
     "lower, measures the best on all pictures to tune by until no other is expected to be better, and the best of them on those "
     "held out, at the step it was chosen for. With --max-energy alone it is the most exact plan that is cheap enough. Since few "
     "pictures change their class, the drop that is judged while tuning is shrunk to what many pictures show (expected_drop), "
     "and two thirds of the target is the most that is chosen; on the held-out pictures it is the measured one. The result is "
     "kept as a plan with a name and becomes the plan; sites is what `convert --sites` makes it from. Every candidate is a "
     "recorded run of kind tune. Interrupted, the best so far is kept. `view front` draws what was measured. JSON keys: rule, "
     "max_drop, max_energy, classes, candidates [{number, stage, change, run, images, t, energy, accuracy, agreement, "
     "logit_rmse, drop, expected_drop, sites}], front [numbers of candidates], chosen, met, held_out {images, t, energy, "
     "accuracy, ann_accuracy, drop, drop_lo, drop_hi, agreement, logit_rmse}, confirmed, pictures_needed, name, plan, convert (a "
     "command), "
     "seconds. Drops are fractions.",
     "tune 400 --max-drop 0.3",
     cmd_tune},
    {"sweep",
     CLASS_STUDY,
     {MAYBE_NUMBER("N", 1, INT_MAX)},
     {OTHER("recipe", "NAME,...", VALUE_TEXT, "recipes (default: sta)"),
      {"T", "T,...", VALUE_INTS, 1, 1024, NULL, "steps that thresholds are calibrated for"},
      {"images", "N,...", VALUE_INTS, 1, 100000, NULL, "numbers of calibration pictures"},
      {"seeds", "N,...", VALUE_INTS, 0, 1e9, NULL, "seeds, each with its own random calibration pictures"},
      {"hidden", "H,...", VALUE_INTS, 1, 1024, NULL, "neurons of every UGO"},
      {"repeat", "L,...", VALUE_INTS, 1, 3, NULL, "spikes a step of multi-threshold neurons"},
      OTHER("sites", "CHANGES", VALUE_TEXT, "changes of sites as in convert; several sets separated by |"),
      CHOICE("rule", "RULE", rule_names, "threshold rule (default: the recipe's)"),
      FLAG("coarse", "multi-threshold levels stay as they are"),
      OTHER("calibration", "PATH", VALUE_PATH, "data set to calibrate with"),
      {"t", "T,T,...", VALUE_INTS, 1, 4096, NULL, "steps to report (default: 1,2,4 ... T)"},
      NUMBER("first", "K", 0, INT_MAX, "the first picture (default: 0)")},
     "convert and evaluate every combination of settings, over N pictures (default: all)",
     "Each combination is a recorded run of kind sweep; the table has its last step. Neurons are swept through --sites: "
     "'blocks.*:neuron=mt,levels=5|blocks.*:neuron=mt,levels=6'. Interrupted, it reports and keeps what was done. "
     "accuracy_spread is the largest minus the smallest accuracy. JSON keys: points [{run, recipe, T, calibration_pictures, "
     "seed, hidden, repeat, sites, t, accuracy, agreement, logit_rmse, spikes_per_image, energy_ratio}] (settings that are not "
     "swept are left out), accuracy_spread.",
     "sweep 200 --recipe delta --images 16,64 --seeds 1,2,3",
     cmd_sweep},
    {"curves",
     CLASS_STUDY,
     {{"RUN", VALUE_RUNS, false, true, 0, 0, NULL}},
     {CHOICE("against", "X", against_names, "t, spikes per picture, or energy over the reference's (default: t)"),
      CHOICE("of", "Y", measure_names, "accuracy, agreement or error of the logits (default: accuracy)")},
     "draw accuracy against time or spikes, a curve for each run",
     "RUN is the number of an eval or sweep; at most eight. The picture stays as `view plot`, and `save FILE plot` keeps it.",
     "curves 12 14 --against spikes",
     cmd_curves},

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
     {ARG("NAME", VALUE_SESSION)},
     {FLAG("bare", "leave what is loaded as it is"),
      FLAG("take", "take an imported session's keys, layouts and breakpoints too")},
     "go on with an earlier session",
     "By its name or number. Model, plan, data, picture, t and what views look at come back as the session left them, its "
     "commands to the history. What cannot be brought back is said and left out. Of a session that was imported keys, layouts "
     "and "
     "breakpoints are shown and left out: what a key does would be somebody else's idea. --take takes them.",
     "session open thresholds",
     cmd_session_open},
    {"session resume",
     CLASS_NOTEBOOK,
     {MAYBE("NAME", VALUE_SESSION)},
     {FLAG("take", "take an imported session's keys, layouts and breakpoints too")},
     "reopen the session that was worked in last",
     "As session open, but without NAME it finds the session whose state was changed last.",
     "session resume",
     cmd_session_resume},
    {"session list",
     CLASS_NOTEBOOK,
     {{NULL}},
     {{NULL}},
     "list sessions",
     "Those with names or notes of yours first, each part newest first.",
     "session list",
     cmd_session_list},
    {"session note",
     CLASS_NOTEBOOK,
     {ARG("TEXT", VALUE_LINE)},
     {{NULL}},
     "add a line to the session's note",
     "The rest of the line is kept as it stands.",
     "session note T = 8 loses the sevens",
     cmd_session_note},
    {"undo",
     CLASS_NOTEBOOK,
     {{NULL}},
     {{NULL}},
     "take back the last command that changed the session",
     "Model, plan, data, picture, t and what views look at are as before that command; again, and one more is taken back. What "
     "was recorded or written stays. Prints the state.",
     "undo",
     cmd_undo},
    {"runs",
     CLASS_NOTEBOOK,
     {MAYBE_NUMBER("N", 1, INT_MAX)},
     {OTHER("kind", "KIND", VALUE_TEXT, "only step, ann, convert, eval, fit or another kind"),
      CHOICE("status", "STATUS", run_states, "only these"), OTHER("model", "GLOB", VALUE_TEXT, "only of models of this name"),
      OTHER("session", "NAME", VALUE_SESSION, "only of this session"),
      OTHER("since", "WHEN", VALUE_TEXT, "only since this date (2026-01-31), or so long ago (3d, 12h)"),
      OTHER("where", "SQL", VALUE_TEXT, "only where this holds of the columns of v_runs")},
     "list the last N recorded runs (default: 20)",
     "Newest first, with the command that made each.",
     "runs 10 --kind eval --where 'accuracy > 0.86'",
     cmd_runs},
    {"show",
     CLASS_NOTEBOOK,
     {{"RUN", VALUE_RUN, true, false, 1, (double)INT_MAX, NULL}},
     {{NULL}},
     "show a run with its measurements (default: the last)",
     "JSON keys: those of v_runs, metrics [{name, t, value}], sites [{t, site, ...}], tensors [{site, quantity, ...}].",
     "show 12",
     cmd_show},
    {"compare",
     CLASS_NOTEBOOK,
     {{"RUN", VALUE_RUNS, false, true, 0, 0, NULL}},
     {{NULL}},
     "show what differs between runs, or between plans",
     "First what differs in how they were made and in their plans, then what they measured (for people at the last t), then, "
     "where they measured over time, a view of it that `save FILE plot` keeps. Two to eight runs. Plans are named as in `plan "
     "list`: `compare four-steps 3f2a91`. JSON keys: differences [{what, run_N ...}], results [{name, t, run_N ..., "
     "difference}].",
     "compare 12 14",
     cmd_compare},
    {"query",
     CLASS_NOTEBOOK,
     {MAYBE("SQL", VALUE_LINE)},
     {OTHER("save", "NAME", VALUE_TEXT, "keep the question under this name"),
      OTHER("drop", "NAME", VALUE_TEXT, "forget the question of this name"),
      REAL("timeout", "SECONDS", 0, 1e6, "stop it after so long (default: 60)"),
      NUMBER("limit", "N", 1, 1000000, "rows for people at most (default: 1000)"),
      FLAG("pane", "show the answer in a pane that can be scrolled and sorted")},
     "ask the notebook in SQL",
     "One statement that only reads, or the name of a saved question; options go before it. Without either, lists the saved "
     "questions. Ctrl-C stops it. Tables and views: see spikescope-db(5). JSON: rows [{...}]. In the table pane arrow and Page "
     "keys move, s sorts by the column of the cursor, Enter shows the run of the row, q closes it.",
     "query SELECT recipe, t, accuracy FROM v_accuracy_vs_t",
     cmd_query},
    {"plot",
     CLASS_NOTEBOOK,
     {ARG("SQL", VALUE_LINE)},
     {FLAG("points", "draw points, not curves"), FLAG("log", "the y axis in decades"),
      REAL("timeout", "SECONDS", 0, 1e6, "stop it after so long (default: 60)")},
     "draw the answer to a question",
     "SQL (or a saved question) gives x, y and maybe the name of the series; at most eight series. `save FILE plot` keeps the "
     "picture. In CSV and JSON the rows are printed.",
     "plot SELECT t, accuracy, recipe FROM v_accuracy_vs_t",
     cmd_plot},
    {"replay",
     CLASS_NOTEBOOK,
     {{"RUN", VALUE_RUN, true, false, 1, (double)INT_MAX, NULL}},
     {{NULL}},
     "do a run again and say whether it comes out the same (default: the last)",
     "Goes to the state that the run began in (model, plan, data and picture are found by their paths, checked by their hashes; "
     "those that are loaded are taken where the hashes agree), sets its seed and threads, runs its command, compares every "
     "measurement to the bit, and goes back. Fails when anything differs, on whatever processor; where the run was computed with "
     "another version of the arithmetic, it says so. JSON keys: run, replay (the "
     "number of the new run), "
     "command, same, arithmetic (the run's; 0 before there were versions), measurements, different, differences [{site, t, name, "
     "recorded, replayed}].",
     "replay 12",
     cmd_replay},
    {"report",
     CLASS_NOTEBOOK,
     {ARG("RUN|SESSION", VALUE_SESSION), ARG("FILE", VALUE_PATH)},
     {FORCE},
     "write a report of a run or a session as one file",
     "RUN is the number of a run; another word is the name of a session, of which the last measured plan is described. FILE ends "
     "in .html, .md or .pdf and needs no other file. It has what was measured, the plan, accuracy by time with its curve, what "
     "tune measured, the ladder, energy by rule and place, the picture with its attention maps and logits (where the model is "
     "loaded; the plan is stepped for it), and the commands to repeat it. What the notebook does not have of the plan is said, "
     "with the command that measures it. JSON keys: file, plan.",
     "report 12 report.html",
     cmd_report},
    {"export",
     CLASS_NOTEBOOK,
     {ARG("RUN|SESSION", VALUE_SESSION), ARG("FILE", VALUE_PATH)},
     {FORCE},
     "write a run, or a session with its runs, to a notebook of their own",
     "A run by its number, a session by its name. The file holds all that is needed to replay them, but for models and pictures, "
     "and can be opened with --db or imported. JSON keys: file, runs, known, sessions, plans, ugos.",
     "export thresholds thresholds.db",
     cmd_export},
    {"import",
     CLASS_NOTEBOOK,
     {ARG("FILE", VALUE_PATH)},
     {{NULL}},
     "take over the runs of another notebook",
     "What is here already is known by its hash or number and not taken twice (known counts such runs); what has the same name "
     "here stays. Either all is taken or nothing. FILE is only read; older versions are fine.",
     "import thresholds.db",
     cmd_import},
    {"db check",
     CLASS_NOTEBOOK,
     {{NULL}},
     {{NULL}},
     "check that the notebook is whole",
     "Its pages, references and schema, and whether what is packed is as long as it says. Fails when something is wrong. JSON "
     "keys: file, problems [{where, problem}], whole.",
     "db check",
     cmd_db_check},
    {"db backup",
     CLASS_NOTEBOOK,
     {ARG("FILE", VALUE_PATH)},
     {FORCE},
     "copy the notebook to a file",
     "As it is at this moment, while others may go on writing.",
     "db backup notebook-2026-01-31.db",
     cmd_db_backup},
    {"db vacuum",
     CLASS_NOTEBOOK,
     {{NULL}},
     {{NULL}},
     "give the room of deleted runs back",
     "Rewrites the file; nobody else may be using it. JSON keys: file, before_bytes, after_bytes.",
     "db vacuum",
     cmd_db_vacuum},
    {"db prune",
     CLASS_NOTEBOOK,
     {{NULL}},
     {CHOICE("status", "STATUS", run_states, "runs that ended so"),
      OTHER("before", "DATE", VALUE_TEXT, "runs started before this date"),
      OTHER("session", "NAME", VALUE_SESSION, "runs of this session"), FLAG("tensors", "only the tensors that they have kept"),
      FLAG("dry-run", "count, and delete nothing")},
     "delete runs from the notebook",
     "Those to which all of the options apply, with their measurements; then what other sessions keep for undo, plans, data sets "
     "and models that nothing refers to, and unnamed sessions of over thirty days ago without runs or notes. Numbers of runs are "
     "not used again. db vacuum gives the room back.",
     "db prune --status failed --before 2026-01-01",
     cmd_db_prune},

    /* --- shell --- */
    {"set",
     CLASS_SHELL,
     {MAYBE("SETTING", VALUE_SETTING), MAYBE("VALUE", VALUE_TEXT)},
     {{NULL}},
     "print or change settings",
     "Settings: format, color, ascii, size, seed, threads, checkpoints, pager, mouse; and what views look at: layer, head, q, k, "
     "site, "
     "neuron, unit, side.",
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
     "explain commands and words",
     "TOPIC is a command, a class (model, spikes, ugo, views, movement, study, notebook, shell), a word that is used here (site, "
     "UGO, quantum ...; words: all of them), a recipe or a view. Longer answers than the terminal go through the pager (set "
     "pager).",
     "help convert",
     cmd_help},
    {"apropos",
     CLASS_SHELL,
     {ARG("WORD", VALUE_LINE)},
     {{NULL}},
     "find commands, words, recipes, views and settings by what is said of them",
     "Case does not matter.",
     "apropos threshold",
     cmd_apropos},
    {"quit", CLASS_SHELL, {{NULL}}, {{NULL}}, "leave", "So does the end of input (Ctrl-D).", "quit", cmd_quit},
    {NULL, CLASS_SHELL, {{NULL}}, {{NULL}}, NULL, NULL, NULL, NULL},
};
