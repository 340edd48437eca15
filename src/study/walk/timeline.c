#include "study/walk/timeline.h"

#include "base/pages.h"

#include <stdlib.h>
#include <string.h>

void
timeline_init(struct timeline *line, size_t budget)
{
	*line = (struct timeline){.budget = budget};
}

/* New memory costs more than copying into it, so the room of states is used again. */
void
timeline_clear(struct timeline *line)
{
	line->spares += line->count;
	line->count = 0;
	line->every = 0;
}

static void
drop_all(struct timeline *line)
{
	for (int i = 0; i < line->count + line->spares; i++)
		free(line->kept[i].state);
	line->count = line->spares = 0;
	line->bytes = 0;
	line->every = 0;
}

void
timeline_done(struct timeline *line)
{
	drop_all(line);
	free(line->kept);
	line->kept = NULL;
	line->capacity = 0;
}

/* Twice as far between checkpoints; those in between become spare. */
static void
thin_out(struct timeline *line)
{
	int left = 0;

	line->every *= 2;
	for (int i = 0; i < line->count; i++)
		if (line->kept[i].t % line->every == 0) {
			struct checkpoint stays = line->kept[i];

			line->kept[i] = line->kept[left];
			line->kept[left++] = stays;
		}
	line->spares += line->count - left;
	line->count = left;
}

/* Room for one more state, at the end of those in use. */
static bool
make_room(struct timeline *line, size_t size)
{
	int used = line->count + line->spares, capacity = line->capacity ? 2 * line->capacity : 16;
	struct checkpoint *grown;
	void *state;

	if (line->spares > 0)
		return true;
	if (used == line->capacity) {
		grown = realloc(line->kept, (size_t)capacity * sizeof(*grown));
		if (!grown)
			return false;
		line->kept = grown;
		line->capacity = capacity;
	}
	state = pages_alloc(size);
	if (!state)
		return false;
	line->kept[used].state = state;
	line->spares++;
	line->bytes += size;
	return true;
}

static void
add(struct timeline *line, const struct snn *snn, size_t size)
{
	if (!make_room(line, size))
		return;
	snn_state_save(snn, line->kept[line->count].state);
	line->kept[line->count++].t = snn_time(snn);
	line->spares--;
}

static void
choose_spacing(struct timeline *line, size_t size)
{
	line->every = TIMELINE_EVERY;
	while ((size_t)(TIMELINE_STEPS / line->every) * size > line->budget && line->every < TIMELINE_STEPS)
		line->every *= 2;
}

void
timeline_keep(struct timeline *line, const struct snn *snn)
{
	size_t size = snn_state_size(snn);
	int t = snn_time(snn);

	if (size > line->budget || (line->count > 0 && line->kept[line->count - 1].t >= t))
		return;
	if (line->every == 0)
		choose_spacing(line, size);
	while (t % line->every == 0 && line->count > 0 && line->spares == 0 && line->bytes + size > line->budget)
		thin_out(line);
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
	drop_all(line);
}
