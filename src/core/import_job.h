/*
 * Imports that are too large for one request. The file is durable before the import is accepted; the jobs'
 * thread carries it through a few hundred milliseconds at a time. Each batch of rows is one transaction
 * that also says how far the import has come, so that after an end of any kind it goes on where it was.
 * By choice all rows or none: then everything is checked first, and written in one transaction.
 */
#ifndef GEZHI_CORE_IMPORT_JOB_H
#define GEZHI_CORE_IMPORT_JOB_H

#include "core/app.h"

enum { IMPORT_FILE_MAX = 100 << 20, IMPORT_KEEP_DAYS = 7 };

enum import_state {
	IMPORT_QUEUED,
	IMPORT_CHECKING, /* nothing is written */
	IMPORT_WRITING,
	IMPORT_DONE,
	IMPORT_FAILED,
	IMPORT_CANCELLED
};

struct importer;

/* What the jobs' thread holds between two turns; NULL allowed. */
void importer_free(struct importer *w);
extern const struct module import_module;

#endif
