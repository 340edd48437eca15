/* spikescope: convert a pretrained vision transformer or residual network to a spiking network without
 * training, and step it.
 *
 * This header is the whole engine for programs that link libspikescope.a:
 *
 *	struct status st = {0};
 *	struct model *model = model_load("examples/digits-vit", &st);
 *	struct dataset *data = dataset_open("examples/digits-vit/calibration.safetensors", &st);
 *	...fill pixels with calibration pictures by dataset_get()...
 *	struct plan *plan = plan_build(model, &(struct plan_options){.T = 16, .pixels = pixels, .pictures = 32}, NULL, &st);
 *	struct snn *snn = snn_new(plan, &st);
 *	snn_show(snn, picture);
 *	for (int t = 0; t < 16; t++)
 *		snn_step(snn);
 *	snn_logits(snn, logits);
 *
 * Every function that can fail says so in its last parameter (base/status.h).
 * Objects are made by thing_new/load/open/build and given back by
 * thing_free/close; nothing in the engine prints, exits or knows a terminal. */
#ifndef SPIKESCOPE_H
#define SPIKESCOPE_H

#include "ann/ann.h"
#include "ann/text.h"
#include "ann/zero_shot.h"
#include "base/arena.h"
#include "base/hash.h"
#include "base/progress.h"
#include "base/rng.h"
#include "base/status.h"
#include "base/tensor.h"
#include "base/text.h"
#include "kernels/ceiling.h"
#include "kernels/cpu.h"
#include "model/clip/text_tower.h"
#include "model/data/dataset.h"
#include "model/files/safetensors.h"
#include "model/graph.h"
#include "model/image/image.h"
#include "model/model.h"
#include "model/site.h"
#include "model/text/tokenizer.h"
#include "snn/plan/plan.h"
#include "snn/probe/excerpt.h"
#include "snn/snn.h"
#include "study/assign.h"
#include "study/audit.h"
#include "study/energy/account.h"
#include "study/energy/energy.h"
#include "study/energy/ledger.h"
#include "study/energy/rules.h"
#include "study/eval.h"
#include "study/ladder.h"
#include "study/observe.h"
#include "study/profile.h"
#include "study/spike.h"
#include "study/tune.h"
#include "study/walk/walk.h"
#include "ugo/fit/train.h"
#include "ugo/ugo.h"

#define SPIKESCOPE_VERSION "0.1.0"

/* What networks compute is the same to the bit on every machine, with all kernels and on any number of threads. A change
 * that changes a bit changes this number, and tests/fixtures/arithmetic with it. */
#define SPIKESCOPE_ARITHMETIC 1

#endif
