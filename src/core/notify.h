/*
 * Transactional outbox. A change writes its message in the same transaction; after the commit the
 * dispatcher reads messages in order of `seq` and hands them to event streams (under scope), later to
 * digests, webhooks and SMS. At least once; the message id is the idempotency key.
 */
#ifndef GEZHI_CORE_NOTIFY_H
#define GEZHI_CORE_NOTIFY_H

#include "core/scope.h"
#include "db/db.h"
#include "http/route.h"

struct app;

struct message {
	const char *topic; /* "matter", "alert", "inbox", "config" */
	int64_t at;
	struct matter_view about; /* id NIL: not about a matter, goes to everybody signed in */
	int64_t user_id;	  /* NIL, or only for this user */
	struct str data;	  /* JSON object */
};

/* In a writing transaction. */
enum err notify_add(struct dbc *c, const struct message *m) MUST_CHECK;
/* The dispatcher's loop body: publishes what is new. Called by its thread after each commit. */
enum err notify_pump(struct app *app, struct dbc *c, int64_t *last) MUST_CHECK;
enum err notify_start(struct app *app) MUST_CHECK;
void notify_stop(struct app *app);

extern const struct route notify_routes[];
extern const size_t notify_nroutes;
extern const char *const notify_sql[];
extern const size_t notify_nsql;

#endif
