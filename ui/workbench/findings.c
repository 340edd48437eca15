#include "ui/workbench/findings.h"

#include <stdlib.h>

struct findings *
findings_of(struct app *app)
{
	static struct findings none;

	return app->findings ? app->findings : &none;
}

void
energy_finding_done(struct energy_finding *energy)
{
	ledger_free(energy->network);
	ledger_free(energy->reference);
	rules_done(&energy->rules);
	*energy = (struct energy_finding){.network = NULL};
}

void
findings_forget(struct app *app)
{
	ladder_done(&app->findings->ladder);
	attribution_done(&app->findings->attribution);
	profile_done(&app->findings->profile);
	energy_finding_done(&app->findings->energy);
	tune_done(&app->findings->tune.tune);
}

void
findings_free(struct app *app)
{
	if (!app->findings)
		return;
	findings_forget(app);
	free(app->findings);
	app->findings = NULL;
}
