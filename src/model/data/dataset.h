/* Data sets: numbered, labelled pictures, read when asked for.
 *
 * Known forms, in the order in which a path is tried:
 * - a safetensors file with a `pixel_values` or `images` tensor of normalised floats
 *   [n, channels, size, size] (or one picture [channels, size, size]) and, if it
 *   likes, `labels` [n] of integers;
 * - NumPy arrays of bytes [n, height, width, 3] and integer labels [n]: a file
 *   *data.npy or *images.npy with its *labels.npy beside it, a folder with one such
 *   pair (CIFAR-10.1), or an .npz archive of `images` and `labels` (CIFAR-10.2). Files
 *   called cifar10... have CIFAR-10's class names, others those of a classes.txt;
 * - a CIFAR-100 binary batch (3074-byte records; the fine labels count), or a folder
 *   with test.bin or else train.bin; class names come from fine_label_names.txt;
 * - a CIFAR-10 binary batch (3073-byte records), or a folder with test_batch.bin
 *   or else data_batch_*.bin (all of them, by name); class names come from a
 *   batches.meta.txt beside them;
 * - tiny-imagenet-200 (its validation part, or else train), or its val or train folder;
 *   classes by the order of their synsets, names from words.txt;
 * - ImageNet's validation pictures in one folder with val.txt, labels.txt (a name and
 *   a class index, or indices alone in order of the names) or LOC_val_solution.csv (a
 *   name and a synset); class names from synset_words.txt or LOC_synset_mapping.txt in
 *   the folder or its parent;
 * - a folder of class folders with .jpg, .jpeg and .png files (a class is a folder's
 *   index by name; folders within class folders are not entered; synsets get their names
 *   as above);
 * - a folder of such files without classes.
 * Names sort by their bytes, hidden ones are left out, symbolic links are followed. */
#ifndef SPIKESCOPE_MODEL_DATASET_H
#define SPIKESCOPE_MODEL_DATASET_H

#include "base/hash.h"
#include "base/status.h"
#include "model/model.h"

struct dataset;

/* Fails with STATUS_DATA: not there, not a data set, no pictures, a batch of a wrong
 * size, labels that are none. Pictures themselves are first read by dataset_get(). */
struct dataset *dataset_open(const char *path, struct status *st);
void dataset_close(struct dataset *data); /* NULL is fine */

int dataset_count(const struct dataset *data);
int dataset_classes(const struct dataset *data);                  /* 0 when unlabelled */
const char *dataset_class(const struct dataset *data, int index); /* NULL when it has no name */
const char *dataset_path(const struct dataset *data);

/* Of the file's contents (of all batches in a CIFAR folder, so that the folder and its
 * test batch are the same data); of names, sizes and times (and labels that come from a
 * file) for folders of pictures. */
const char *dataset_hash(const struct dataset *data);

/* Picture `index` as the model wants it: pixels [channels, size, size]; *label is
 * its class or -1 (label may be NULL). Files are prepared as image_prepare() does,
 * except that CIFAR pictures of the model's own size are only normalised; tensors
 * must have the model's shape and be finite. Thread safe. */
bool dataset_get(const struct dataset *data, int index, const struct model *model, float *pixels, int *label, struct status *st);

/* The side of pictures that cannot be brought to another: square tensors; 0 for others. */
int dataset_side(const struct dataset *data);

/* One picture by what a user types:
 *	17				of data; STATUS_FAILED when data is NULL (a file of
 *					that name is ./17)
 *	cat.jpg				a JPEG or PNG
 *	FILE.safetensors:NAME[3]	of a tensor [n, C, S, S]; without [i] the first, or the
 *					whole of a tensor [C, S, S]
 * *title (for the status line: "image 17", "cat.jpg", "FILE.safetensors:NAME[3]", without
 * folders, escaped) is a new string that the caller frees; NULL on failure. */
bool picture_get(const char *text, const struct dataset *data, const struct model *model, float *pixels, int *label, char **title,
		 struct status *st);
/* Its side when it is a square tensor; 0 when it is something else or cannot be read. */
int picture_side(const char *text, const struct dataset *data);

#endif
