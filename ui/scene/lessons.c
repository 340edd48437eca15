#include "ui/scene/lessons.h"

/* Beside its picture on 80 columns a scene has 38 of them and 16 lines. */
const struct lesson lessons[LESSONS] = {
    {"a picture and a network",
     "A small vision transformer has learned handwritten digits. It cuts the picture into 16 patches; with the class token that "
     "makes 17 tokens. ann runs it as it was trained, with ordinary numbers: the reference for all that follows.",
     {"load @", "data @/test.safetensors", "image 12", "ann"},
     "image",
     "image 3"},
    {"spikes instead of numbers",
     "convert makes a spiking network of it without training: a number becomes a train of spikes whose mean is the number. Some "
     "calibration pictures set the thresholds. step lets one time step pass. The tree has the rate and the relative error of "
     "every site; ! is the worst.",
     {"convert --T 16", "step"},
     "model",
     "model blocks.0.*"},
    {"it makes up its mind",
     "After one step the trains are rough and so is the answer. Every further step makes the means better: the error of the "
     "logits falls about as 1/t. The curves are the logits by t, the dotted line is where the reference has the winner.",
     {"run 12"},
     "readout",
     "step 4"},
    {"attention, estimated and corrected",
     "Spiking attention multiplies two trains before all spikes are there. It estimates the product from what has arrived and "
     "sends corrections as more comes: the estimate, the last correction, how far it is off. Rows are queries, columns keys.",
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
     "Nothing is lost: back returns to an earlier step, and what follows is the same, bit for bit. The state hash covers every "
     "membrane and sum: compare those of the two goto 12.",
     {"goto 12", "back 7", "goto 12"},
     "log",
     "goto 5"},
    {"stop where it goes wrong",
     "A breakpoint is a condition over sites. A glob holds when one site does, all() when every one does. Stepping stops where "
     "it is true, says where, and selects the place; until does so once.",
     {"reset", "break error(blocks.*.attn) > 0.5", "run", "delete", "until all(error(blocks.*)) < 0.2"},
     "residual",
     "watch top"},
    {"inside a neuron",
     "Every nonlinearity is a group of a few neurons, called a UGO (help words). This is one of them: its membrane potential "
     "against its threshold, and the spikes it sent. find --worst (the key w) goes to the site with the largest error.",
     {"goto 12", "find --worst", "select site blocks.1.mlp.act", "select neuron 500"},
     "neuron",
     "view histogram"},
    {"how good can a group of neurons be?",
     "A UGO is fitted to a function over a range. More neurons make it better; too narrow a range makes it useless outside. "
     "Compare the errors, and look at the ends of the second one.",
     {"ugo fit gelu --hidden 8 --range -8,8 --name eight", "ugo fit gelu --hidden 16 --range -2,2 --name narrow", "ugo list"},
     "ugo",
     "ugo show eight"},
    {"ask the notebook",
     "How many steps are enough? eval measures accuracy against t over many pictures. All that was done is in the notebook, with "
     "what is needed to repeat it; query asks it in SQL.",
     {"eval 60 --t 1,2,4,8,16", "query SELECT t, accuracy, agreement FROM v_accuracy_vs_t ORDER BY run DESC, t LIMIT 5"},
     "log",
     "view plot"},
};
