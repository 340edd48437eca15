#include "study/timeline.h"

#include <stdlib.h>
#include <string.h>

void
timeline_init(struct timeline *line, size_t budget)
{
	*line = (struct timeline){.budget = budget, .every = 1};
}

void
timeline_clear(struct timeline *line)
{
	for (int i = 0; i < line->count; i++)
		free(line->kept[i].state);
	line->count = 0;
	line->bytes = 0;
	line->every = 1;
}

void
timeline_done(struct timeline *line)
{
	timeline_clear(line);
	free(line->kept);
	line->kept = NULL;
	line->capacity = 0;
}

/* Twice as far between checkpoints. */
static void
thin_out(struct timeline *line, size_t size)
{
	int left = 0;

	line->every *= 2;
	for (int i = 0; i < line->count; i++)
		if (line->kept[i].t % line->every == 0) {
			line->kept[left++] = line->kept[i];
		} else {
			free(line->kept[i].state);
			line->bytes -= size;
		}
	line->count = left;
}

static bool
reserve(struct timeline *line)
{
	int capacity = line->capacity ? 2 * line->capacity : 16;
	struct checkpoint *grown;

	if (line->count < line->capacity)
		return true;
	grown = realloc(line->kept, (size_t)capacity * sizeof(*grown));
	if (!grown)
		return false;
	line->kept = grown;
	line->capacity = capacity;
	return true;
}

static void
add(struct timeline *line, const struct snn *snn, size_t size)
{
	void *state = reserve(line) ? malloc(size) : NULL;

	if (!state)
		return;
	snn_state_save(snn, state);
	line->kept[line->count++] = (struct checkpoint){snn_time(snn), state};
	line->bytes += size;
}

void
timeline_keep(struct timeline *line, const struct snn *snn)
{
	size_t size = snn_state_size(snn);
	int t = snn_time(snn);

	if (size > line->budget || (line->count > 0 && line->kept[line->count - 1].t >= t))
		return;
	while (t % line->every == 0 && line->count > 0 && line->bytes + size > line->budget)
		thin_out(line, size);
	if (t % line->every == 0)
		add(line, snn, size);
}

int
timeline_restore(const struct timeline *line, struct snn *snn, int t)
{
	int i = line->count - 1;

	while (i >= 0 && line->kept[i].t > t)
		i--;
	if (i >= 0)
		snn_state_load(snn, line->kept[i].state);
	else
		snn_reset(snn);
	return snn_time(snn);
}

void
timeline_set_budget(struct timeline *line, size_t budget)
{
	line->budget = budget;
	if (line->bytes > budget)
		timeline_clear(line);
}
