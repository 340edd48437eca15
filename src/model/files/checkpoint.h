/* What torch.save() writes: pytorch_model.bin, .pt and .pth files with a state dict.
 *
 * Both containers are read: the zip archive of PyTorch 1.6 and later, and the run of pickles
 * before it. The state dict may be the file's only value or stand under "state_dict", "model",
 * "model_state_dict" or "state_dict_ema", as training scripts keep it. Nothing of the file is run
 * (model/files/pickle.h). Values of an archive are copied, those of the old container stay in its
 * bytes. A tensor whose elements do not follow each other is laid out anew. */
#ifndef SPIKESCOPE_MODEL_CHECKPOINT_H
#define SPIKESCOPE_MODEL_CHECKPOINT_H

#include "model/files/tensor_file.h"

/* Whether the file begins as torch.save() begins one. */
bool checkpoint_knows(const unsigned char *bytes, size_t size);

/* Adds the tensors of source, whose bytes are all there, to the file. *kept: values lie in these bytes. Fails with
 * STATUS_DATA. */
bool checkpoint_read(struct safetensors *file, const struct st_source *source, bool *kept, struct status *st);

#endif
