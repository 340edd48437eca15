#include "base/pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Large pages are of 2 MB; smaller blocks would waste much of one. */
enum { LARGE = 2 << 20, WORTH = 2 * LARGE };

void *
pages_alloc(size_t size)
{
	size_t align = size >= WORTH ? LARGE : PAGES_ALIGN;
	void *at = size > SIZE_MAX - align ? NULL : aligned_alloc(align, (size + align - 1) / align * align);

#ifdef MADV_HUGEPAGE
	if (at && size >= WORTH)
		madvise(at, size, MADV_HUGEPAGE); /* a wish: what it says does not matter */
#endif
	return at;
}
