/* After migrating, each module inserts the rows it cannot live without, in one transaction. */
#include "core/account.h"
#include "core/migrations.h"
#include "core/secret.h"
#include "core/snap_sources.h"

static enum err seed_tx(struct dbc *c, void *arg)
{
	struct app *app = arg;
	enum err err = calendar_seed(c);

	if (err == OK)
		err = secret_keys_keep(app, c);

	for (size_t i = 0; i < app->nmodule && err == OK; i++) {
		if (app->module[i]->seed != NULL)
			err = app->module[i]->seed(app, c);
	}
	return err;
}

enum err app_seed(struct app *app)
{
	return db_write(app->db, seed_tx, app);
}
