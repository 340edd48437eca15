#include "ui/findings.h"

#include <stdlib.h>

struct findings *
findings_of(struct app *app)
{
	static struct findings none;

	return app->findings ? app->findings : &none;
}

void
findings_forget(struct app *app)
{
	ladder_done(&app->findings->ladder);
	attribution_done(&app->findings->attribution);
	profile_done(&app->findings->profile);
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
