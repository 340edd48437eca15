/* Memory that is worth large pages: what is walked through from end to end in every step
 * costs as much to translate as to read when it lies in many small ones. */
#ifndef SPIKESCOPE_BASE_PAGES_H
#define SPIKESCOPE_BASE_PAGES_H

#include <stddef.h>

enum { PAGES_ALIGN = 64 };

/* As malloc(), to be given to free(): aligned to PAGES_ALIGN, and from some megabytes on in
 * large pages where the system has them. */
void *pages_alloc(size_t size);

#endif
