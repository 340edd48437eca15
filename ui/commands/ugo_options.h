/* Options that the commands of the UGO laboratory share. */
#ifndef SPIKESCOPE_UI_UGO_OPTIONS_H
#define SPIKESCOPE_UI_UGO_OPTIONS_H

#include "ui/commands/commands.h"
#include "ui/workbench/ugo_lab.h"

/* Words of options, by their enums; end with NULL. */
extern const char *const ugo_objective_names[]; /* mse, relative, minimax */
extern const char *const ugo_density_names[];
extern const char *const ugo_method_names[]; /* newton, adam */
extern const char *const ugo_loss_names[];   /* of enum train_loss */
extern const char *const ugo_form_names[];   /* relu, ramps */
extern const char *const ugo_facing_names[]; /* of enum ugo_facing */
extern const char *const spike_threshold_names[];
extern const char *const spike_potential_names[];
extern const char *const nudge_names[];

enum ugo_density_name { DENSITY_UNIFORM, DENSITY_NORMAL, DENSITY_MIXTURE, DENSITY_OCTAVES, DENSITY_OBSERVED };

/* What a request borrows. */
struct request_parts {
	struct curve *curve;
	double density[OBSERVE_BINS];
};

/* Function, range, objective and density; hidden stays. parts: request_parts_done(). */
bool request_of_call(struct app *app, const struct call *call, struct ugo_request *request, struct request_parts *parts,
		     struct status *st);
void request_parts_done(struct request_parts *parts);

/* --density and what belongs to it, for a range that is known. */
bool density_of_call(struct app *app, const struct call *call, struct ugo_request *request, struct request_parts *parts,
		     struct status *st);

/* --neuron, --burst, --threshold, --potential, --refit, --form, --facing, --reduce. */
bool spike_options_of_call(const struct call *call, struct spike_plan *plan, struct status *st);

/* What the choices make non-spiking, or ask for: "" where there is nothing to say. */
const char *spike_price(const struct spike_plan *plan);

#endif
