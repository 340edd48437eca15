/* The views, in the order in which they are listed. Each is one `const struct view NAME_view`
 * at the end of its file. */
#ifndef SPIKESCOPE_UI_VIEW_LIST_H
#define SPIKESCOPE_UI_VIEW_LIST_H

#define VIEWS(X)                                                                                                                 \
	X(overview)                                                                                                              \
	X(model)                                                                                                                 \
	X(attention)                                                                                                             \
	X(features)                                                                                                              \
	X(patches)                                                                                                               \
	X(product)                                                                                                               \
	X(selected)                                                                                                              \
	X(neuron)                                                                                                                \
	X(raster)                                                                                                                \
	X(histogram)                                                                                                             \
	X(readout)                                                                                                               \
	X(error)                                                                                                                 \
	X(residual)                                                                                                              \
	X(image)                                                                                                                 \
	X(ugo)                                                                                                                   \
	X(sizes)                                                                                                                 \
	X(pareto)                                                                                                                \
	X(inputs)                                                                                                                \
	X(loss)                                                                                                                  \
	X(ladder)                                                                                                                \
	X(attribution)                                                                                                           \
	X(bench)                                                                                                                 \
	X(energy)                                                                                                                \
	X(front)                                                                                                                 \
	X(plot)                                                                                                                  \
	X(table)                                                                                                                 \
	X(single)                                                                                                                \
	X(log)                                                                                                                   \
	X(tutorial)

#endif
