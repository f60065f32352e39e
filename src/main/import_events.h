/* gezhi import events: another system's reports, by a mapping file. */
#ifndef GEZHI_MAIN_IMPORT_EVENTS_H
#define GEZHI_MAIN_IMPORT_EVENTS_H

#include "main/cli.h"

/* Returns the exit code. */
int import_events(struct run *r, struct app *app);

#endif
