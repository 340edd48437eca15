#include "model/files/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What follows a key of the header's dictionary, which is written by repr(); NULL: not there. */
static const char *
value_of(const char *dictionary, const char *key)
{
	char quoted[32];
	const char *at;

	snprintf(quoted, sizeof(quoted), "'%s':", key);
	at = strstr(dictionary, quoted);
	if (!at)
		return NULL;
	at += strlen(quoted);
	return at + strspn(at, " ");
}

static bool
parse_type(struct npy_header *h, const char *text, const char *name, struct status *st)
{
	char order, kind;
	int size, used = 0;

	if (!text || *text != '\'')
		return status_fail(st, STATUS_DATA, "%s: not an array of plain numbers ('descr')", name);
	if (text[1] == 'O' || (text[1] && text[2] == 'O'))
		return status_fail(
		    st, STATUS_DATA,
		    "%s: holds pickled Python objects, which are not read (they can run programs); save it as numbers", name);
	if (sscanf(text, "'%c%c%d'%n", &order, &kind, &size, &used) != 3 || used == 0 || !strchr("|<=>", order) ||
	    !strchr("uif", kind) || (size != 1 && size != 2 && size != 4 && size != 8))
		return status_fail(st, STATUS_DATA, "%s: elements of the type %.12s are not supported; integers and floats are",
				   name, text);
	if (order == '>' && size > 1)
		return status_fail(st, STATUS_DATA, "%s: big-endian numbers are not supported", name);
	h->kind = kind;
	h->size = size;
	return true;
}

/* "(2000, 32, 32, 3)" */
static bool
parse_shape(struct npy_header *h, const char *text, const char *name, struct status *st)
{
	char *end;

	h->count = 1;
	if (!text || *text++ != '(')
		return status_fail(st, STATUS_DATA, "%s: the header has no 'shape'", name);
	while (text += strspn(text, " ,"), *text && *text != ')') {
		long long n = strtoll(text, &end, 10);

		if (end == text || n < 0 || h->dims == NPY_DIMS || (n > 0 && h->count > SIZE_MAX / 16 / (size_t)n))
			return status_fail(st, STATUS_DATA, "%s: the header's 'shape' is impossible", name);
		h->dim[h->dims++] = n;
		h->count *= (size_t)n;
		text = end;
	}
	return *text == ')' || status_fail(st, STATUS_DATA, "%s: the header's 'shape' does not end", name);
}

static bool
parse_dictionary(struct npy_header *h, const char *text, const char *name, struct status *st)
{
	const char *fortran = value_of(text, "fortran_order");

	if (!parse_type(h, value_of(text, "descr"), name, st) || !parse_shape(h, value_of(text, "shape"), name, st))
		return false;
	if (!fortran || strncmp(fortran, "False", 5) != 0)
		return status_fail(st, STATUS_DATA, "%s: arrays in Fortran's order are not supported", name);
	return true;
}

bool
npy_parse(struct npy_header *header, const uint8_t *bytes, size_t size, const char *name, struct status *st)
{
	size_t fixed = size > 6 && bytes[6] >= 2 ? 12 : 10, length;
	char *text;
	bool ok;

	*header = (struct npy_header){0};
	if (size < fixed || memcmp(bytes, "\x93NUMPY", 6) != 0 || bytes[6] < 1 || bytes[6] > 3)
		return status_fail(st, STATUS_DATA, "%s: not a NumPy array", name);
	length = bytes[8] | (size_t)bytes[9] << 8;
	if (fixed == 12)
		length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
	if (length > NPY_HEADER_MAX || length > size - fixed)
		return status_fail(st, STATUS_DATA, "%s: a header of %zu bytes is too long, or cut short", name, length);
	text = strndup((const char *)bytes + fixed, length);
	header->start = fixed + length;
	ok = text ? parse_dictionary(header, text, name, st) : status_nomem(st, name);
	free(text);
	return ok;
}

int
npy_integer(const struct npy_header *header, const uint8_t *data, size_t index)
{
	const uint8_t *at = data + index * (size_t)header->size;
	uint64_t bits = 0;

	for (int i = 0; i < header->size; i++)
		bits |= (uint64_t)at[i] << (8 * i);
	/* A negative number's highest bit is set. */
	return bits <= (UINT64_C(1) << 30) && !(header->kind == 'i' && at[header->size - 1] & 0x80) ? (int)bits : -1;
}
