/* Products of bytes by tiles, on a machine without any: the kernel itself, with the unit for matrices of bytes
 * played by C as Intel's manual describes its instructions (SDM 2, TDPBSSD and TDPBSUD). */
#include "spikescope.h"

#include "kernels/fixed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>

enum { TILE_COUNT = 8, TILE_HIGH = 16, TILE_BYTES = 64 };

static int played_rows[TILE_COUNT];
static union {
	int8_t bytes[TILE_HIGH][TILE_BYTES];
	int32_t sums[TILE_HIGH][TILE_BYTES / 4];
} played[TILE_COUNT];

static void
load(int tile, const void *from, size_t stride)
{
	for (int r = 0; r < played_rows[tile]; r++)
		memcpy(played[tile].bytes[r], (const char *)from + (size_t)r * stride, TILE_BYTES);
}

static void
store(int tile, void *to, size_t stride)
{
	for (int r = 0; r < played_rows[tile]; r++)
		memcpy((char *)to + (size_t)r * stride, played[tile].bytes[r], TILE_BYTES);
}

static void
multiply_add(int to, int a, int b, bool has_sign)
{
	for (int r = 0; r < played_rows[to]; r++)
		for (int k = 0; k < played_rows[b]; k++)
			for (int c = 0; c < TILE_BYTES; c++) {
				int w = has_sign ? played[b].bytes[k][c] : (uint8_t)played[b].bytes[k][c];

				played[to].sums[r][c / 4] += played[a].bytes[r][k * 4 + c % 4] * w;
			}
}

static void
configure(const uint8_t *rows)
{
	for (int i = 0; i < TILE_COUNT; i++)
		played_rows[i] = rows[i];
}

#undef _tile_loadd
#undef _tile_stored
#undef _tile_zero
#undef _tile_dpbssd
#undef _tile_dpbsud
#define _tile_loadd(tile, from, stride) load(tile, from, stride)
#define _tile_stored(tile, to, stride)  store(tile, to, stride)
#define _tile_zero(tile)                memset(&played[tile], 0, sizeof(played[tile]))
#define _tile_dpbssd(to, a, b)          multiply_add(to, a, b, true)
#define _tile_dpbsud(to, a, b)          multiply_add(to, a, b, false)
#define CONFIGURE_TILES(shapes)         configure((shapes).rows)
#define RELEASE_TILES()                 memset(played_rows, 0, sizeof(played_rows))
#define fixed_run_amx                   run_played_tiles
#define fixed_run_vnni                  run_vectors
#include "src/kernels/fixed_bytes.c"

static void
tiles_give_the_same_sums(void **state)
{
	static const int shape[][3] = {{1, 5, 3}, {17, 70, 50}, {33, 400, 10}, {65, 192, 96}, {197, 100, 37}, {50, 1000, 33}};
	struct rng rng;

	(void)state;
	if (!kernels_has(KERNELS_VNNI)) {
		print_message("skipped: no vnni on this machine\n");
		skip();
	}
	assert_true(kernels_choose("vnni", NULL));
	rng_seed(&rng, 1);
	for (size_t i = 0; i < sizeof(shape) / sizeof(*shape); i++) {
		int rows = shape[i][0], in = shape[i][1], out = shape[i][2], chunks = (in + FIXED_CHUNK - 1) / FIXED_CHUNK;
		struct arena *arena = arena_new();
		float *w = arena_floats(arena, (size_t)(in * out)), *quantum = arena_floats(arena, (size_t)in);
		float *y = arena_floats(arena, (size_t)(rows * out)), *again = arena_floats(arena, (size_t)(rows * out));
		int8_t *counts = arena_alloc(arena, fixed_counts_size(rows, in));
		struct fixed_part *part = arena_alloc(arena, (size_t)(rows * chunks) * sizeof(*part));
		struct fixed *f = fixed_new(arena, in, out);
		struct fixed_job job = {.f = f,
					.counts = counts,
					.rows = rows,
					.chunks = chunks,
					.grain = 0.5f,
					.y = again,
					.part = part,
					.dense_rows = rows};

		for (int k = 0; k < in * out; k++)
			w[k] = (float)rng_normal(&rng);
		for (int k = 0; k < in; k++)
			quantum[k] = (float)(0.1 + rng_uniform(&rng));
		for (int r = 0; r < rows; r++)
			for (int k = 0; k < in; k++) {
				int count = (int)rng_below(&rng, r % 2 ? 3 : 255) - (r % 2 ? 1 : 127);

				counts[(size_t)r * fixed_row(in) + (size_t)k] = (int8_t)count;
				part[r * chunks + k / FIXED_CHUNK].quanta += abs(count);
			}
		fixed_fill(f, w, quantum);
		fixed_add_as(FIXED_EVENTS, f, counts, rows, 0.5f, fixed_room_new(arena, rows, in), y);
		run_played_tiles(&job, 0, (out + FIXED_PANEL - 1) / FIXED_PANEL);
		assert_memory_equal(y, again, (size_t)(rows * out) * sizeof(float));
		arena_free(arena);
	}
}
#else
static void
tiles_give_the_same_sums(void **state)
{
	(void)state;
	print_message("skipped: this processor has no such tiles\n");
	skip();
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(tiles_give_the_same_sums)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
