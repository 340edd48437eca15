/* Which of the processor's units the kernels use.
 *
 * There are five ways through the same arithmetic, and all give the same bits:
 *
 *	plain	C that any processor runs
 *	avx2	256-bit vectors with fused multiply-adds
 *	avx512	512-bit vectors (x86-64-v4)
 *	vnni	the same, and sums of four products of bytes (AVX512-VNNI)
 *	amx	the same, and products of matrices of bytes
 *
 * The best that the machine has is used unless SPIKESCOPE_KERNELS in the environment names another. */
#ifndef SPIKESCOPE_KERNELS_CPU_H
#define SPIKESCOPE_KERNELS_CPU_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

enum kernels { KERNELS_PLAIN, KERNELS_AVX2, KERNELS_AVX512, KERNELS_VNNI, KERNELS_AMX, KERNELS_WAYS };

const char *kernels_name(enum kernels way);
/* Does this machine have them, and may this process use them? */
bool kernels_has(enum kernels way);

/* The way of that name from now on; NULL or "": the best there is. STATUS_USAGE, with those that the machine has, when
 * it is unknown or absent. Not while kernels run: weights are laid out for the way. */
bool kernels_choose(const char *name, struct status *st);

/* The way in use. Who has not chosen has what SPIKESCOPE_KERNELS says where that is one the machine has, else the best. */
enum kernels kernels_used(void);

/* The processor's name as it gives it; "unknown processor" where it gives none. */
void cpu_name(char *name, size_t size);

#endif
