#include "kernels/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

static const char *const names[KERNELS_WAYS] = {"plain", "avx2", "avx512", "vnni", "amx"};

const char *
kernels_name(enum kernels way)
{
	return names[way];
}

#if defined(__x86_64__)
/* The system saves tiles only for processes that ask for it (Linux, Documentation/arch/x86/xstate.rst). */
static bool
ask_for_tiles(void)
{
#if defined(__linux__)
	enum { REQUEST = 0x1023, TILE_DATA = 18 };

	return __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-int8") &&
	       syscall(SYS_arch_prctl, REQUEST, TILE_DATA) == 0;
#else
	return false;
#endif
}

static bool
processor_has(enum kernels way)
{
	switch (way) {
	case KERNELS_AVX2:
		return __builtin_cpu_supports("x86-64-v3");
	case KERNELS_AVX512:
		return __builtin_cpu_supports("x86-64-v4");
	case KERNELS_VNNI:
		return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512vnni");
	case KERNELS_AMX:
		return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512vnni") && ask_for_tiles();
	default:
		return way == KERNELS_PLAIN;
	}
}
#else
static bool
processor_has(enum kernels way)
{
	return way == KERNELS_PLAIN;
}
#endif

bool
kernels_has(enum kernels way)
{
	return processor_has(way);
}

static enum kernels
best(void)
{
	enum kernels way = KERNELS_WAYS - 1;

	while (!kernels_has(way))
		way--;
	return way;
}

/* The way of that name, the best for none; -1 when unknown or absent. */
static int
find(const char *name)
{
	if (!name || name[0] == '\0')
		return (int)best();
	for (int way = 0; way < KERNELS_WAYS; way++)
		if (strcmp(names[way], name) == 0)
			return kernels_has((enum kernels)way) ? way : -1;
	return -1;
}

static int used = -1; /* not yet chosen. Threads that choose at once choose the same */

bool
kernels_choose(const char *name, struct status *st)
{
	char has[64] = "";
	int way = find(name);

	if (way >= 0) {
		__atomic_store_n(&used, way, __ATOMIC_RELAXED);
		return true;
	}
	for (int k = 0; k < KERNELS_WAYS; k++)
		if (kernels_has((enum kernels)k))
			snprintf(has + strlen(has), sizeof(has) - strlen(has), "%s%s", has[0] ? ", " : "", names[k]);
	return status_fail(st, STATUS_USAGE, "SPIKESCOPE_KERNELS: this machine has no kernels '%.40s'; it has %s", name, has);
}

enum kernels
kernels_used(void)
{
	int way = __atomic_load_n(&used, __ATOMIC_RELAXED);

	if (way >= 0)
		return (enum kernels)way;
	way = find(getenv("SPIKESCOPE_KERNELS"));
	way = way >= 0 ? way : (int)best();
	__atomic_store_n(&used, way, __ATOMIC_RELAXED);
	return (enum kernels)way;
}

void
cpu_name(char *name, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[256];

	snprintf(name, size, "unknown processor");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "model name", 10) == 0 && strchr(line, ':')) {
			char *text = strchr(line, ':') + 1;

			text += strspn(text, " \t");
			text[strcspn(text, "\n")] = '\0';
			snprintf(name, size, "%s", text);
			break;
		}
	if (f)
		fclose(f);
}
