/* Loops that are compiled for several instruction sets; the fastest that the
 * machine has is chosen when the program starts. Every version does the same
 * operations in the same order per element, so results are the same bits (but where
 * a file says otherwise). */
#ifndef SPIKESCOPE_BASE_KERNEL_H
#define SPIKESCOPE_BASE_KERNEL_H

#include <stdint.h>
#include <string.h>

/* The sanitizers cannot run code before relocation, which resolvers do. */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KERNEL
#endif

/* What a kernel is made of, which becomes a part of it. */
#define INLINE __attribute__((always_inline)) inline

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

/* Floats as their bits: those of two numbers that are not negative compare as the numbers
 * do, and integers have more places to be compared in than floats have. */
static inline int32_t
bits_of(float a)
{
	int32_t bits;

	memcpy(&bits, &a, sizeof(bits));
	return bits;
}

static inline float
float_of(int32_t bits)
{
	float a;

	memcpy(&a, &bits, sizeof(a));
	return a;
}

/* b where the condition is 1, a where it is 0. */
static inline int32_t
choose(int32_t a, int32_t b, int32_t condition)
{
	return a ^ ((a ^ b) & -condition);
}

#endif
