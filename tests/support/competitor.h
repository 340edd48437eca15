/* What other programs take for the same: seconds of one forward pass of one picture, the
 * median of some; 0 where they cannot be had. */
#ifndef SPIKESCOPE_TESTS_COMPETITOR_H
#define SPIKESCOPE_TESTS_COMPETITOR_H

#include "model/model.h"

/* ONNX Runtime, from the folder BENCH_ONNX with node_modules/onnxruntime-node
 * (scripts/bench-deps). model: an .onnx for 3 channels of size x size; NULL: none. */
double competitor_onnx(const char *model, int size, int threads);
/* PyTorch, from Debian's python3-torch, with a transformer of the same sizes. */
double competitor_torch(const struct model *model, int threads);

#endif
