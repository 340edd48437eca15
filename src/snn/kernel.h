/* Loops that are compiled for several instruction sets; the fastest that the
 * machine has is chosen when the program starts. Every version does the same
 * operations in the same order per element, so results are the same bits. */
#ifndef SPIKESCOPE_SNN_KERNEL_H
#define SPIKESCOPE_SNN_KERNEL_H

/* The sanitizers cannot run code before relocation, which resolvers do. */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define KERNEL                                                                                                                   \
	__attribute__((target_clones("arch=x86-64-v4", "avx2", "default"), optimize("O3", "no-math-errno", "no-trapping-math")))
#else
#define KERNEL __attribute__((optimize("O3", "no-math-errno", "no-trapping-math")))
#endif

#endif
