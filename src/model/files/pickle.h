/* A reader of pickles that runs nothing.
 *
 * Python's pickles are programs for a small stack machine; what makes them dangerous is that they
 * may name any function and have it called. This reader executes the instructions that build
 * numbers, texts, lists and dicts, knows by name the few functions by which PyTorch writes
 * tensors, and refuses every other name before anything is done with it. It reads protocols 0 to
 * 4 as far as torch.save() and pickle.dump() of plain data use them.
 *
 * Source: the comments of Python's Lib/pickletools.py (the instructions), and torch/_utils.py
 * and torch/serialization.py (what a tensor is made of). */
#ifndef SPIKESCOPE_MODEL_PICKLE_H
#define SPIKESCOPE_MODEL_PICKLE_H

#include "base/arena.h"
#include "model/files/safetensors.h"

enum pickle_kind {
	PICKLE_NONE,
	PICKLE_INT, /* whole numbers and truth values; those beyond 64 bits are PICKLE_BIG */
	PICKLE_BIG,
	PICKLE_REAL,
	PICKLE_TEXT,
	PICKLE_LIST,    /* lists, tuples and sets */
	PICKLE_DICT,    /* keys and values in turn */
	PICKLE_STORAGE, /* a run of values that stands elsewhere in the file */
	PICKLE_TENSOR,
	PICKLE_FUNCTION, /* one of the names that are known */
	PICKLE_MARK,     /* on the stack alone */
};

struct pickle_value;

struct pickle_list {
	struct pickle_value *items;
	size_t count, room;
};

/* What torch.save() calls a persistent id: ('storage', type, key, place, count). */
struct pickle_storage {
	enum dtype dtype;
	const char *key;
	uint64_t count;                    /* elements, as the pickle claims */
	const struct pickle_storage *next; /* the one named before; a storage may be named more than once */
};

/* A window into a storage, in elements. */
struct pickle_tensor {
	const struct pickle_storage *storage;
	int64_t offset;
	int dims;
	int64_t dim[ST_DIMS], stride[ST_DIMS];
};

struct pickle_value {
	enum pickle_kind kind;
	union {
		int64_t number;
		double real;
		const char *text; /* without NUL bytes */
		struct pickle_list *list;
		const struct pickle_storage *storage;
		const struct pickle_tensor *tensor;
		int function;
	};
};

struct pickle {
	struct pickle_value root;
	const struct pickle_storage *storages; /* all that were named, the last first */
	size_t length;                         /* bytes of the pickle itself */
};

/* Reads the pickle that begins at bytes[0] and ends within length bytes. Values live in the arena
 * and take at most some hundred times the pickle's length there. Fails with STATUS_DATA, naming
 * path, for what is cut short, malformed, or names anything but tensors, storages and dicts. */
bool pickle_read(struct pickle *pickle, const unsigned char *bytes, size_t length, const char *path, struct arena *arena,
		 struct status *st);

/* The value of a text key in a dict, or NULL. Looks through the whole dict. */
const struct pickle_value *pickle_find(const struct pickle_value *dict, const char *key);

#endif
