#include "model/files/pickle.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 256 };

/* What may be called, and the storages' types, which name dtypes. Nothing else is let in. */
enum { CALL_DICT, CALL_TENSOR, CALL_TENSOR_V2, CALL_PARAMETER, CALL_SIZE, FIRST_STORAGE };

static const struct {
	const char *module, *name;
	int function;
} known[] = {
    {"collections", "OrderedDict", CALL_DICT},
    {"torch._utils", "_rebuild_tensor", CALL_TENSOR},
    {"torch._utils", "_rebuild_tensor_v2", CALL_TENSOR_V2},
    {"torch._utils", "_rebuild_parameter", CALL_PARAMETER},
    {"torch", "Size", CALL_SIZE},
    {"torch", "FloatStorage", FIRST_STORAGE + DTYPE_F32},
    {"torch", "HalfStorage", FIRST_STORAGE + DTYPE_F16},
    {"torch", "BFloat16Storage", FIRST_STORAGE + DTYPE_BF16},
    {"torch", "DoubleStorage", FIRST_STORAGE + DTYPE_F64},
    {"torch", "LongStorage", FIRST_STORAGE + DTYPE_I64},
    {"torch", "IntStorage", FIRST_STORAGE + DTYPE_I32},
    {"torch", "ShortStorage", FIRST_STORAGE + DTYPE_I16},
    {"torch", "CharStorage", FIRST_STORAGE + DTYPE_I8},
    {"torch", "ByteStorage", FIRST_STORAGE + DTYPE_U8},
    {"torch", "BoolStorage", FIRST_STORAGE + DTYPE_BOOL},
};

struct machine {
	const unsigned char *bytes;
	size_t length, at;
	const char *path;
	struct arena *arena;
	struct pickle_value *stack, *memo;
	size_t depth, stack_room, memo_room, memo_next;
	const struct pickle_storage *storages;
	bool stopped;
	struct status *st;
};

static bool
damaged(struct machine *m, const char *what)
{
	return status_fail(m->st, STATUS_DATA, "%s: the pickle %s at byte %zu; download the file again", m->path, what, m->at);
}

static bool
no_memory(struct machine *m)
{
	return status_nomem(m->st, "the values of a pickle");
}

/* The next n bytes, or NULL when the pickle ends before. */
static const unsigned char *
take(struct machine *m, size_t n)
{
	const unsigned char *here = m->bytes + m->at;

	if (n > m->length - m->at) {
		damaged(m, "is cut short");
		return NULL;
	}
	m->at += n;
	return here;
}

/* A little-endian number of n <= 8 bytes. */
static bool
take_number(struct machine *m, size_t n, uint64_t *out)
{
	const unsigned char *p = take(m, n);

	*out = 0;
	for (size_t i = n; p && i-- > 0;)
		*out = *out << 8 | p[i];
	return p != NULL;
}

/* Grows an array of values to hold index `at`. */
static bool
grow(struct pickle_value **values, size_t *room, size_t at)
{
	size_t more = *room ? *room : 64;
	struct pickle_value *larger;

	while (more <= at)
		more *= 2;
	if (more == *room)
		return true;
	larger = realloc(*values, more * sizeof(*larger));
	if (!larger)
		return false;
	memset(larger + *room, 0, (more - *room) * sizeof(*larger));
	*values = larger;
	*room = more;
	return true;
}

static bool
push(struct machine *m, struct pickle_value value)
{
	if (!grow(&m->stack, &m->stack_room, m->depth))
		return no_memory(m);
	m->stack[m->depth++] = value;
	return true;
}

static bool
push_kind(struct machine *m, enum pickle_kind kind)
{
	return push(m, (struct pickle_value){.kind = kind});
}

static bool
push_int(struct machine *m, int64_t number)
{
	return push(m, (struct pickle_value){.kind = PICKLE_INT, .number = number});
}

/* The topmost value, taken off; a mark is none. */
static bool
pop(struct machine *m, struct pickle_value *value)
{
	if (m->depth == 0 || m->stack[m->depth - 1].kind == PICKLE_MARK)
		return damaged(m, "takes more than it has");
	*value = m->stack[--m->depth];
	return true;
}

/* Where the values above the topmost mark begin. */
static bool
find_mark(struct machine *m, size_t *first)
{
	size_t i = m->depth;

	while (i > 0 && m->stack[i - 1].kind != PICKLE_MARK)
		i--;
	*first = i;
	return i > 0 || damaged(m, "asks for a mark that is not there");
}

static struct pickle_list *
new_list(struct machine *m)
{
	struct pickle_list *list = arena_alloc(m->arena, sizeof(*list));

	if (!list)
		no_memory(m);
	return list;
}

static bool
append(struct machine *m, struct pickle_list *list, const struct pickle_value *items, size_t count)
{
	if (list->count + count > list->room) {
		size_t room = list->room * 2 > list->count + count ? list->room * 2 : list->count + count;
		struct pickle_value *larger = arena_alloc(m->arena, room * sizeof(*larger));

		if (!larger)
			return no_memory(m);
		if (list->count)
			memcpy(larger, list->items, list->count * sizeof(*larger));
		list->items = larger;
		list->room = room;
	}
	if (count)
		memcpy(list->items + list->count, items, count * sizeof(*items));
	list->count += count;
	return true;
}

/* Makes a list or dict of the topmost `count` values. */
static bool
collect(struct machine *m, enum pickle_kind kind, size_t count)
{
	struct pickle_list *list;

	if (count > m->depth || (kind == PICKLE_DICT && count % 2))
		return damaged(m, "takes more than it has");
	list = new_list(m);
	if (!list || !append(m, list, m->stack + m->depth - count, count))
		return false;
	m->depth -= count;
	return push(m, (struct pickle_value){.kind = kind, .list = list});
}

static bool
collect_marked(struct machine *m, enum pickle_kind kind)
{
	size_t first, count;

	if (!find_mark(m, &first))
		return false;
	count = m->depth - first;
	memmove(m->stack + first - 1, m->stack + first, count * sizeof(*m->stack));
	m->depth--;
	return collect(m, kind, count);
}

/* Adds the values above `first` to the list or dict below them. */
static bool
extend(struct machine *m, enum pickle_kind kind, size_t first, size_t below)
{
	size_t count = m->depth - first;
	struct pickle_value *to;

	if (first < below + 1 || m->stack[first - below - 1].kind != kind || (kind == PICKLE_DICT && count % 2))
		return damaged(m, "adds to what holds nothing");
	to = &m->stack[first - below - 1];
	if (!append(m, to->list, m->stack + first, count))
		return false;
	m->depth = first - below;
	return true;
}

static bool
extend_marked(struct machine *m, enum pickle_kind kind)
{
	size_t first;

	return find_mark(m, &first) && extend(m, kind, first, 1);
}

static bool
extend_by(struct machine *m, enum pickle_kind kind, size_t count)
{
	if (m->depth < count)
		return damaged(m, "takes more than it has");
	return extend(m, kind, m->depth - count, 0);
}

static bool
push_text(struct machine *m, size_t count_bytes)
{
	uint64_t length;
	const unsigned char *p;
	char *text;

	if (!take_number(m, count_bytes, &length) || !(p = take(m, length)))
		return false;
	if (memchr(p, 0, length))
		return damaged(m, "has a text with NUL bytes");
	text = arena_alloc(m->arena, length + 1);
	if (!text)
		return no_memory(m);
	memcpy(text, p, length);
	return push(m, (struct pickle_value){.kind = PICKLE_TEXT, .text = text});
}

/* A whole number of any length: beyond 64 bits it is only kept apart from others. */
static bool
push_long(struct machine *m, size_t count_bytes)
{
	uint64_t length, number = 0;
	const unsigned char *p;

	if (!take_number(m, count_bytes, &length) || !(p = take(m, length)))
		return false;
	if (length > 8)
		return push_kind(m, PICKLE_BIG);
	for (size_t i = length; i-- > 0;)
		number = number << 8 | p[i];
	if (length > 0 && length < 8 && p[length - 1] & 0x80)
		number |= UINT64_MAX << (8 * length);
	return push_int(m, (int64_t)number);
}

static bool
push_fixed(struct machine *m, size_t bytes)
{
	uint64_t number;

	if (!take_number(m, bytes, &number))
		return false;
	return push_int(m, bytes == 4 ? (int32_t)(uint32_t)number : (int64_t)number);
}

/* The only big-endian value there is. */
static bool
push_real(struct machine *m)
{
	const unsigned char *p = take(m, 8);
	uint64_t bits = 0;
	double real;

	if (!p)
		return false;
	for (int i = 0; i < 8; i++)
		bits = bits << 8 | p[i];
	memcpy(&real, &bits, sizeof(real));
	return push(m, (struct pickle_value){.kind = PICKLE_REAL, .real = real});
}

static bool
remember(struct machine *m, size_t index)
{
	if (m->depth == 0)
		return damaged(m, "remembers what is not there");
	if (index > m->length) /* each number takes two bytes: a larger one is a lie */
		return damaged(m, "remembers under an impossible number");
	if (!grow(&m->memo, &m->memo_room, index))
		return no_memory(m);
	m->memo[index] = m->stack[m->depth - 1];
	if (index >= m->memo_next)
		m->memo_next = index + 1;
	return true;
}

static bool
recall(struct machine *m, size_t index)
{
	if (index >= m->memo_next)
		return damaged(m, "recalls what it never had");
	return push(m, m->memo[index]);
}

static bool
push_function(struct machine *m, const char *module, const char *name)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(module, known[i].module) == 0 && strcmp(name, known[i].name) == 0)
			return push(m, (struct pickle_value){.kind = PICKLE_FUNCTION, .function = known[i].function});
	if (strncmp(module, "__torch__", 9) == 0)
		return status_fail(m->st, STATUS_DATA,
				   "%s: a TorchScript program ('%.60s.%.60s'); save its weights: "
				   "torch.save(torch.jit.load(FILE).state_dict(), \"pytorch_model.bin\")",
				   m->path, module, name);
	return status_fail(m->st, STATUS_DATA,
			   "%s: the pickle names '%.60s.%.60s'; only tensors, storages and dicts are read, and nothing is run: "
			   "save the weights alone, torch.save(model.state_dict(), \"pytorch_model.bin\")",
			   m->path, module, name);
}

/* A line of at most NAME_MAX_BYTES. */
static bool
take_line(struct machine *m, char out[NAME_MAX_BYTES])
{
	const unsigned char *from = m->bytes + m->at, *end = memchr(from, '\n', m->length - m->at);
	size_t n = end ? (size_t)(end - from) : 0;

	if (!end || n >= NAME_MAX_BYTES || memchr(from, 0, n))
		return damaged(m, "has no proper name");
	memcpy(out, from, n);
	out[n] = 0;
	m->at += n + 1;
	return true;
}

static bool
name_by_lines(struct machine *m)
{
	char module[NAME_MAX_BYTES], name[NAME_MAX_BYTES];

	return take_line(m, module) && take_line(m, name) && push_function(m, module, name);
}

static bool
name_by_stack(struct machine *m)
{
	struct pickle_value module, name;

	if (!pop(m, &name) || !pop(m, &module))
		return false;
	if (module.kind != PICKLE_TEXT || name.kind != PICKLE_TEXT)
		return damaged(m, "has no proper name");
	return push_function(m, module.text, name.text);
}

/* ('storage', type, key, place, count), older files with a sixth value for views, which is None. */
static bool
push_storage(struct machine *m)
{
	struct pickle_value id;
	const struct pickle_value *v;
	struct pickle_storage *storage;

	if (!pop(m, &id))
		return false;
	v = id.kind == PICKLE_LIST ? id.list->items : NULL;
	if (!v || id.list->count < 5 || id.list->count > 6 || v[0].kind != PICKLE_TEXT || strcmp(v[0].text, "storage") != 0 ||
	    v[1].kind != PICKLE_FUNCTION || v[1].function < FIRST_STORAGE || v[2].kind != PICKLE_TEXT ||
	    v[4].kind != PICKLE_INT || v[4].number < 0)
		return damaged(m, "refers to something that is no storage");
	if (id.list->count == 6 && v[5].kind != PICKLE_NONE)
		return damaged(m, "refers to a view of a storage");
	storage = arena_alloc(m->arena, sizeof(*storage));
	if (!storage)
		return no_memory(m);
	*storage =
	    (struct pickle_storage){(enum dtype)(v[1].function - FIRST_STORAGE), v[2].text, (uint64_t)v[4].number, m->storages};
	m->storages = storage;
	return push(m, (struct pickle_value){.kind = PICKLE_STORAGE, .storage = storage});
}

/* The whole numbers of a tuple, none negative. */
static bool
read_numbers(const struct pickle_value *from, int64_t out[ST_DIMS], int *count)
{
	if (from->kind != PICKLE_LIST || from->list->count > ST_DIMS)
		return false;
	*count = (int)from->list->count;
	for (int i = 0; i < *count; i++) {
		const struct pickle_value *v = &from->list->items[i];

		if (v->kind != PICKLE_INT || v->number < 0)
			return false;
		out[i] = v->number;
	}
	return true;
}

/* _rebuild_tensor(storage, offset, size, stride), _v2 with more behind it. */
static bool
call_tensor(struct machine *m, const struct pickle_list *arguments)
{
	const struct pickle_value *a = arguments->items;
	struct pickle_tensor *tensor;
	int strides;

	if (arguments->count < 4 || a[0].kind != PICKLE_STORAGE || a[1].kind != PICKLE_INT || a[1].number < 0)
		return damaged(m, "makes a tensor of something else");
	tensor = arena_alloc(m->arena, sizeof(*tensor));
	if (!tensor)
		return no_memory(m);
	tensor->storage = a[0].storage;
	tensor->offset = a[1].number;
	if (!read_numbers(&a[2], tensor->dim, &tensor->dims) || !read_numbers(&a[3], tensor->stride, &strides) ||
	    strides != tensor->dims)
		return damaged(m, "makes a tensor of an impossible shape");
	return push(m, (struct pickle_value){.kind = PICKLE_TENSOR, .tensor = tensor});
}

/* OrderedDict() or OrderedDict([[key, value], ...]), as Python 2 wrote it. */
static bool
call_dict(struct machine *m, const struct pickle_list *arguments)
{
	const struct pickle_value *pairs = arguments->count ? &arguments->items[0] : NULL;
	struct pickle_list *dict = new_list(m);

	if (!dict)
		return false;
	if (arguments->count > 1 || (pairs && pairs->kind != PICKLE_LIST))
		return damaged(m, "makes a dict of something else");
	for (size_t i = 0; pairs && i < pairs->list->count; i++) {
		const struct pickle_value *pair = &pairs->list->items[i];

		if (pair->kind != PICKLE_LIST || pair->list->count != 2)
			return damaged(m, "makes a dict of something else");
		if (!append(m, dict, pair->list->items, 2))
			return false;
	}
	return push(m, (struct pickle_value){.kind = PICKLE_DICT, .list = dict});
}

static bool
call(struct machine *m)
{
	struct pickle_value arguments, callee;
	const struct pickle_list *list;

	if (!pop(m, &arguments) || !pop(m, &callee))
		return false;
	if (callee.kind != PICKLE_FUNCTION || arguments.kind != PICKLE_LIST)
		return damaged(m, "calls what is no function");
	list = arguments.list;
	switch (callee.function) {
	case CALL_DICT:
		return call_dict(m, list);
	case CALL_TENSOR:
	case CALL_TENSOR_V2:
		return call_tensor(m, list);
	case CALL_PARAMETER:
	case CALL_SIZE:
		return list->count > 0 ? push(m, list->items[0]) : damaged(m, "calls without arguments");
	default:
		return damaged(m, "calls a storage's type");
	}
}

/* A dict's attributes (PyTorch keeps the versions of modules there) are nothing to us. */
static bool
set_attributes(struct machine *m)
{
	struct pickle_value attributes;

	if (!pop(m, &attributes))
		return false;
	if (m->depth == 0 || m->stack[m->depth - 1].kind != PICKLE_DICT)
		return damaged(m, "sets attributes of what has none");
	return true;
}

static bool
drop_marked(struct machine *m)
{
	size_t first;

	if (!find_mark(m, &first))
		return false;
	m->depth = first - 1;
	return true;
}

/* Instructions with an argument that counts or numbers something. */
static bool
execute_numbered(struct machine *m, unsigned char op)
{
	uint64_t number;

	switch (op) {
	case 0x80: /* PROTO */
		return take_number(m, 1, &number) && (number <= 5 || damaged(m, "has an unknown protocol"));
	case 0x95: /* FRAME */
		return take_number(m, 8, &number);
	case 'q': /* BINPUT */
		return take_number(m, 1, &number) && remember(m, number);
	case 'r': /* LONG_BINPUT */
		return take_number(m, 4, &number) && remember(m, number);
	case 'h': /* BINGET */
		return take_number(m, 1, &number) && recall(m, number);
	case 'j': /* LONG_BINGET */
		return take_number(m, 4, &number) && recall(m, number);
	default:
		m->at--;
		return status_fail(m->st, STATUS_DATA,
				   "%s: the pickle has the instruction 0x%02x at byte %zu, which plain tensors need not; "
				   "save the weights alone, torch.save(model.state_dict(), \"pytorch_model.bin\")",
				   m->path, op, m->at);
	}
}

static bool
execute(struct machine *m, unsigned char op)
{
	struct pickle_value unused;

	switch (op) {
	case '.':
		m->stopped = true;
		return true;
	case '(':
		return push_kind(m, PICKLE_MARK);
	case 'N':
		return push_kind(m, PICKLE_NONE);
	case 0x88: /* NEWTRUE */
	case 0x89: /* NEWFALSE */
		return push_int(m, op == 0x88);
	case 'K':
		return push_fixed(m, 1);
	case 'M':
		return push_fixed(m, 2);
	case 'J':
		return push_fixed(m, 4);
	case 0x8a: /* LONG1 */
		return push_long(m, 1);
	case 0x8b: /* LONG4 */
		return push_long(m, 4);
	case 'G':
		return push_real(m);
	case 'U':  /* SHORT_BINSTRING */
	case 0x8c: /* SHORT_BINUNICODE */
		return push_text(m, 1);
	case 'T': /* BINSTRING */
	case 'X': /* BINUNICODE */
		return push_text(m, 4);
	case 0x8d: /* BINUNICODE8 */
		return push_text(m, 8);
	case ')':
	case ']':
	case 0x8f: /* EMPTY_SET */
		return collect(m, PICKLE_LIST, 0);
	case '}':
		return collect(m, PICKLE_DICT, 0);
	case 0x85: /* TUPLE1 */
	case 0x86: /* TUPLE2 */
	case 0x87: /* TUPLE3 */
		return collect(m, PICKLE_LIST, (size_t)op - 0x84);
	case 't':
	case 'l':
		return collect_marked(m, PICKLE_LIST);
	case 'd':
		return collect_marked(m, PICKLE_DICT);
	case 'a':
		return extend_by(m, PICKLE_LIST, 1);
	case 's':
		return extend_by(m, PICKLE_DICT, 2);
	case 'e':
	case 0x90: /* ADDITEMS */
		return extend_marked(m, PICKLE_LIST);
	case 'u':
		return extend_marked(m, PICKLE_DICT);
	case 0x94: /* MEMOIZE */
		return remember(m, m->memo_next);
	case 'c':
		return name_by_lines(m);
	case 0x93: /* STACK_GLOBAL */
		return name_by_stack(m);
	case 'Q':
		return push_storage(m);
	case 'R':
		return call(m);
	case 'b':
		return set_attributes(m);
	case '0':
		return pop(m, &unused);
	case '1':
		return drop_marked(m);
	default:
		return execute_numbered(m, op);
	}
}

bool
pickle_read(struct pickle *pickle, const unsigned char *bytes, size_t length, const char *path, struct arena *arena,
	    struct status *st)
{
	struct machine m = {.bytes = bytes, .length = length, .path = path, .arena = arena, .st = st};
	bool ok = true;

	while (ok && !m.stopped) {
		const unsigned char *op = take(&m, 1);

		ok = op && execute(&m, *op);
	}
	ok = ok && pop(&m, &pickle->root);
	pickle->storages = m.storages;
	pickle->length = m.at;
	free(m.stack);
	free(m.memo);
	return ok;
}

const struct pickle_value *
pickle_find(const struct pickle_value *dict, const char *key)
{
	for (size_t i = 0; dict->kind == PICKLE_DICT && i + 1 < dict->list->count; i += 2) {
		const struct pickle_value *k = &dict->list->items[i];

		if (k->kind == PICKLE_TEXT && strcmp(k->text, key) == 0)
			return k + 1;
	}
	return NULL;
}
