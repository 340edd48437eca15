/* Loops that are compiled for several instruction sets; the fastest that the
 * machine has is chosen when the program starts. Every version does the same
 * operations in the same order per element, so results are the same bits (but where
 * a file says otherwise). */
#ifndef SPIKESCOPE_BASE_KERNEL_H
#define SPIKESCOPE_BASE_KERNEL_H

/* The sanitizers cannot run code before relocation, which resolvers do. */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KERNEL
#endif

/* Unlike fminf() and fmaxf() these are one instruction; with NaN they give the second. */
static inline float
lesser(float a, float b)
{
	return a < b ? a : b;
}

static inline float
greater(float a, float b)
{
	return a > b ? a : b;
}

#endif
