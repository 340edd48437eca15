#include "ui/scene/lessons.h"

const struct lesson lessons[LESSONS] = {
    {"a picture and a network",
     "A small vision transformer has learned handwritten digits. It cuts the picture into 16 patches of 2 x 2 pixels; with the "
     "class token that makes 17 tokens. ann runs it as it was trained, with ordinary numbers: this is the reference for all that "
     "follows.",
     {"load @", "data @/test.safetensors", "image 12", "ann"},
     "image",
     "image 3"},
    {"spikes instead of numbers",
     "convert makes a spiking network of it without training: every number becomes a train of spikes whose mean is the number. "
     "It "
     "looks at some calibration pictures to choose thresholds. step lets one time step pass. The tree shows for every site its "
     "firing rate and its relative error against the reference; the line in red is the worst one.",
     {"convert --T 16", "step"},
     "model",
     "model blocks.0.*"},
    {"it makes up its mind",
     "After one step the trains are rough and so is the answer. Every further step makes the means better: the error of the "
     "logits "
     "falls about as 1/t. The curves are the logits by t, the dotted line is where the reference has the winner.",
     {"run 12"},
     "readout",
     "step 4"},
    {"attention, estimated and corrected",
     "Spiking attention multiplies two trains before all of their spikes have arrived. It estimates the product from what is "
     "there and, as more spikes come, sends corrections. From left to right: the estimate, the last correction, and how far it "
     "is "
     "from the reference. Rows are queries, columns are keys.",
     {"goto 12", "select layer 1", "select head 2", "select q 5 9"},
     "attention",
     "view patches"},
    {"one product, number by number",
     "The same for a single query and key: what arrived in each step, the product of the sums so far, the correction that was "
     "sent, the sum of all corrections, and the estimate that it stands for. The dotted line is the reference's number.",
     {"goto 12"},
     "product",
     "view product --q 2 --k 3"},
    {"back in time",
     "Nothing is lost: back returns to an earlier step with the same state, bit for bit. Compare the two state hashes: both are "
     "of t = 12.",
     {"goto 12", "back 7", "goto 12"},
     "raster",
     "goto 1"},
    {"stop where it goes wrong",
     "A breakpoint is a condition over sites; globs and and, or, not may be used. Stepping stops where it is true, says where, "
     "and "
     "selects the place. until does the same once.",
     {"reset", "break error(blocks.*.attn) > 0.5", "run", "info breakpoints", "delete", "until error(blocks.*) < 0.2"},
     "residual",
     "watch top"},
    {"inside a neuron",
     "find --worst (the key w) selects the site with the largest error. Every nonlinearity is a group of a few neurons, called a "
     "UGO. This is what one of them does: its membrane potential against its threshold, and the spikes it sent.",
     {"goto 12", "find --worst", "select site blocks.1.mlp.act", "select neuron 500"},
     "neuron",
     "view histogram"},
    {"how good can a group of neurons be?",
     "A UGO is fitted to a function over a range. More neurons make it better, up to a limit that is known; a range that is too "
     "narrow makes it useless outside. Compare the errors with the limit, and look at what the second one does at the ends of "
     "its range.",
     {"ugo fit gelu --hidden 8 --range -8,8 --name eight", "ugo fit gelu --hidden 16 --range -2,2 --name narrow", "ugo list"},
     "ugo --function narrow",
     "view ugo --function gelu --hidden 32"},
    {"ask the notebook",
     "How many steps are enough? eval measures accuracy against t over many pictures. Everything that was done here is in the "
     "notebook, with what is needed to repeat it; query asks it in SQL.",
     {"eval 60 --t 1,2,4,8,16", "query SELECT recipe, t, accuracy, agreement FROM v_accuracy_vs_t ORDER BY run DESC, t LIMIT 5"},
     "overview",
     "help"},
};
