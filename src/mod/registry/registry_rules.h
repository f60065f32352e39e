/* Private to the module: the rules the entities run through, and the routes beside them. */
#ifndef GEZHI_MOD_REGISTRY_REGISTRY_RULES_H
#define GEZHI_MOD_REGISTRY_REGISTRY_RULES_H

#include "mod/registry/registry.h"

/*
 * Where something lies: as given, else by its point. It must be a grid or a micro-grid in force, so that the
 * figures of a place are the sum of those below it.
 */
enum err registry_settle(struct req *rq, const int64_t *old_place, double lon, double lat, int64_t *place) MUST_CHECK;
/* Source and freshness of a row about to be written. */
void registry_stamp(const struct req *rq, const struct entity *e, void *rec);
/* Has the field a source of its own? Not what itself says where values come from. */
bool registry_is_fact(const struct field *f);
/* Where the values of a row came from: those that changed later, and the rest from when it was made. */
struct origins {
	struct fact made, fact[FIELD_MAX];
	size_t n;
};
enum err registry_origins(struct req *rq, const struct entity *e, const void *rec, struct origins *ret) MUST_CHECK;
const struct fact *registry_origin(const struct origins *o, const char *field);
/* Remembers where each changed value came from. */
enum err registry_facts(struct req *rq, const struct entity *e, const void *old, const void *rec) MUST_CHECK;
/* Loads an object in the asker's sight into the request's arena; names `field` when there is none. */
enum err registry_object(struct req *rq, int64_t object, int64_t id, const char *field, const void **ret) MUST_CHECK;
/* "1栋 2-301": where an object is, in the request's arena; absent where no building is known. */
struct object_row;
struct str registry_home(struct req *rq, const struct object_row *o);
/* What it is called: a person's name masked unless `full`, a household and a room by where they are. */
struct str registry_title(struct req *rq, const struct object_row *o, bool full);
/* An extra_row: names of the places and rows that a row refers to. */
void registry_names(struct req *rq, const struct entity *e, const void *rec, struct jw *out);
extern const struct shape person_names, household_names, room_names, venue_names, thing_names, link_names, consent_names,
	care_plan_names, care_visit_names;
/* Replaces a telephone number by its plain form. */
enum err registry_phone(struct req *rq, const char *field, struct str *phone) MUST_CHECK;
enum data_source registry_channel(const struct req *rq);

enum err building_check(struct req *rq, const void *old, void *rec) MUST_CHECK;
enum err building_after(struct req *rq, const void *old, const void *rec) MUST_CHECK;
enum err room_check(struct req *rq, const void *old, void *rec) MUST_CHECK;
enum err room_after(struct req *rq, const void *old, const void *rec) MUST_CHECK;
enum err household_check(struct req *rq, const void *old, void *rec) MUST_CHECK;
enum err household_after(struct req *rq, const void *old, const void *rec) MUST_CHECK;
enum err venue_check(struct req *rq, const void *old, void *rec) MUST_CHECK;
enum err venue_after(struct req *rq, const void *old, const void *rec) MUST_CHECK;
enum err thing_class_check(struct req *rq, const void *old, void *rec) MUST_CHECK;
enum err thing_check(struct req *rq, const void *old, void *rec) MUST_CHECK;
enum err thing_after(struct req *rq, const void *old, const void *rec) MUST_CHECK;
enum err organisation_check(struct req *rq, const void *old, void *rec) MUST_CHECK;
enum err organisation_after(struct req *rq, const void *old, const void *rec) MUST_CHECK;
enum err person_check(struct req *rq, const void *old, void *rec) MUST_CHECK;
enum err person_after(struct req *rq, const void *old, const void *rec) MUST_CHECK;
enum err link_check(struct req *rq, const void *old, void *rec) MUST_CHECK;
enum err link_after(struct req *rq, const void *old, const void *rec) MUST_CHECK;
enum err consent_check(struct req *rq, const void *old, void *rec) MUST_CHECK;
enum err consent_after(struct req *rq, const void *old, const void *rec) MUST_CHECK;
enum err care_plan_check(struct req *rq, const void *old, void *rec) MUST_CHECK;
enum err care_plan_after(struct req *rq, const void *old, const void *rec) MUST_CHECK;
enum err care_visit_check(struct req *rq, const void *old, void *rec) MUST_CHECK;
enum err care_visit_after(struct req *rq, const void *old, const void *rec) MUST_CHECK;

/* What was opened for visits follows its plans: ended with them, given to another visitor, due on another day. */
enum visits_of { VISITS_ALL, VISITS_OF_PLAN, VISITS_ABOUT, VISITS_ON_CONSENT };
enum err visits_settle(struct req *rq, enum visits_of of, int64_t id) MUST_CHECK;
/* The day on which a plan's next visit is due, `last` (NIL: none) being the last that counts. */
int64_t care_due(const struct care_plan *p, int64_t last);
/* A visit was made; `done`: it is the first of its day that counts, and none that counts is later. */
enum err visit_made(struct req *rq, const struct care_plan *p, const struct care_visit *v, bool done) MUST_CHECK;
/* The job: opens what comes due, and has all follow. */
enum err visits_turn(struct app *app, struct dbc *reader, int64_t now) MUST_CHECK;

/* Handlers. */
enum err registry_unmask(struct req *rq, struct jw *out) MUST_CHECK;
enum err registry_readers(struct req *rq, struct jw *out) MUST_CHECK;
enum err registry_facts_of(struct req *rq, struct jw *out) MUST_CHECK;
enum err registry_verify(struct req *rq, struct jw *out) MUST_CHECK;
enum err registry_counts(struct req *rq, struct jw *out) MUST_CHECK;
enum err building_floors(struct req *rq, struct jw *out) MUST_CHECK;
enum err care_coverage_report(struct req *rq, struct jw *out) MUST_CHECK;
enum err care_due_report(struct req *rq, struct jw *out) MUST_CHECK;
enum err care_confirmed_report(struct req *rq, struct jw *out) MUST_CHECK;
enum err care_visitors(struct req *rq, struct jw *out) MUST_CHECK;

extern const struct fields unmask_fields;

#endif
