/* What the rows are called that a row refers to: a list shows names and nobody has to ask for each. */
#include "mod/registry/registry_db.h"
#include "mod/registry/registry_rules.h"

#define NAME(member) { member, F_STR, .null = true }
#define NAMES(id, ...)                                                                             \
	static const struct member id##_member[] = { NAME("place_name"), __VA_ARGS__ };            \
	const struct shape id = { MEMBERS(id##_member) }

NAMES(person_names, NAME("household_name"));
NAMES(household_names, NAME("title"), NAME("head_name"));
NAMES(room_names, NAME("title"));
NAMES(venue_names, NAME("org_name"));
NAMES(thing_names, NAME("owner_unit_name"));
NAMES(link_names, NAME("from_name"), NAME("to_name"));
NAMES(consent_names, NAME("person_name"), NAME("guardian_name"));
NAMES(care_plan_names, NAME("target_name"), NAME("visitor_name"));
NAMES(care_visit_names, NAME("plan_name"));

/* In the order of the shapes. */
static const struct {
	const struct entity *e;
	const char *field, *member;
} named[] = {
	{ &person_entity, "household_id", "household_name" },
	{ &household_entity, "id", "title" },
	{ &household_entity, "head_id", "head_name" },
	{ &room_entity, "id", "title" },
	{ &venue_entity, "org_id", "org_name" },
	{ &link_entity, "from_id", "from_name" },
	{ &link_entity, "to_id", "to_name" },
	{ &consent_entity, "person_id", "person_name" },
	{ &consent_entity, "guardian_id", "guardian_name" },
	{ &care_plan_entity, "target_id", "target_name" },
	{ &care_plan_entity, "visitor_id", "visitor_name" },
	{ &care_visit_entity, "plan_id", "plan_name" },
};

struct str registry_home(struct req *rq, const struct object_row *o)
{
	bool unit = o->unit_no.n > 0 && !str_eqz(o->unit_no, "0");

	if (o->building.p == NULL || o->room_no.p == NULL)
		return o->building;
	return str_fmt(rq->arena, "%.*s %.*s%s%.*s", (int)o->building.n, o->building.p, unit ? (int)o->unit_no.n : 0,
		unit ? o->unit_no.p : "", unit ? "-" : "", (int)o->room_no.n, o->room_no.p);
}

struct str registry_title(struct req *rq, const struct object_row *o, bool full)
{
	if (o->name.p == NULL)
		return registry_home(rq, o);
	return o->person && !full ? entity_name_in_part(rq->arena, o->name) : o->name;
}

struct str registry_called(struct req *rq, const struct entity *e, const void *rec, bool full)
{
	struct object_row o = { .person = false };
	const struct field *code = fields_find(&e->fields, STR("code"));
	struct str name = { NULL, 0 };

	if (object_find(rq->db, field_int(&e->fields.v[0], rec), rq->arena, &o) == OK)
		name = registry_title(rq, &o, full);
	return name.p == NULL && code != NULL ? field_str(code, rec) : name;
}

/* A name that cannot be read is absent: the row itself is more important. */
static void write_name(struct req *rq, const char *member, int64_t id, bool full, struct jw *out)
{
	struct object_row o = { .person = false };
	struct str name = { NULL, 0 };

	if (id != NIL && object_find(rq->db, id, rq->arena, &o) == OK)
		name = registry_title(rq, &o, full);
	jw_kstr(out, member, name);
}

void registry_names(struct req *rq, const struct entity *e, const void *rec, struct jw *out)
{
	bool full = rq->who == NULL || scope_sees(rq->who, person_entity.full, registry_place(e, rec));

	entity_place_name(rq, e, rec, out);
	if (e == &thing_entity) {
		int64_t unit = field_int(fields_find(&e->fields, STR("owner_unit")), rec);

		jw_kstr(out, "owner_unit_name", unit != NIL ? snap_unit_name(req_snap(rq), unit) : (struct str){ NULL, 0 });
	}
	for (size_t i = 0; i < ARRAY_LEN(named); i++) {
		if (named[i].e == e)
			write_name(rq, named[i].member, field_int(fields_find(&e->fields, str_z(named[i].field)), rec), full, out);
	}
}
