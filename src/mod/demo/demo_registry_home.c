/* Invented households: who lives together, of what age, and who is visited. */
#include "mod/demo/demo_registry.h"

#include <stdio.h>
#include <string.h>

#include "mod/demo/demo_text.h"

enum { HOME_MAX = 5, ELDER = 70 };

struct dweller {
	enum relation relation;
	enum sex sex;
	int age;
};

static enum sex any_sex(struct settle *s)
{
	return demo_rand_below(&s->r, 2) == 0 ? SEX_MALE : SEX_FEMALE;
}

/* Alone, a couple, parents with children, three generations. */
static void draw_members(struct settle *s, int size, struct dweller v[HOME_MAX])
{
	int head = size == 1 ? (demo_rand_below(&s->r, 3) == 0 ? demo_rand_range(&s->r, 66, 90) : demo_rand_range(&s->r, 23, 62))
		 : size == 2 ? demo_rand_range(&s->r, 26, 78)
			     : demo_rand_range(&s->r, 28, 52);
	enum sex sex = demo_rand_below(&s->r, 10) < 7 ? SEX_MALE : SEX_FEMALE;

	v[0] = (struct dweller){ RELATION_HEAD, sex, head };
	v[1] = (struct dweller){ RELATION_SPOUSE, sex == SEX_MALE ? SEX_FEMALE : SEX_MALE, head + demo_rand_range(&s->r, -3, 3) };
	v[2] = (struct dweller){ RELATION_CHILD, any_sex(s), demo_rand_range(&s->r, 0, head - 24) };
	v[3] = (struct dweller){ RELATION_PARENT, SEX_FEMALE, head + demo_rand_range(&s->r, 23, 32) };
	v[4] = (struct dweller){ RELATION_PARENT, SEX_MALE, head + demo_rand_range(&s->r, 24, 34) };
	if (size == 4 && demo_rand_below(&s->r, 2) == 0)
		v[3] = (struct dweller){ RELATION_CHILD, any_sex(s), demo_rand_range(&s->r, 0, head - 24) };
}

/*
 * A day of birth and a serial that nobody else of the district has: within one class of 500 nobody shares a
 * serial, and no two classes have the same day for the same serial.
 */
static void draw_number(struct settle *s, const struct dweller *m, struct person *p)
{
	size_t k = s->person / SERIALS, of = s->person % SERIALS;
	int day = (int)((k + 101 * of) % BIRTHDAYS);
	int64_t year = s->today / 10000 - m->age;
	char no[48];

	p->birth = date_add((year - 1) * 10000 + 1231, day + 1);
	if (p->birth > s->today)
		p->birth = date_add((year - 2) * 10000 + 1231, day + 1);
	snprintf(no, sizeof(no), "%lld%08lld%03zu", (long long)settle_county(s), (long long)p->birth,
		of * 2 + (m->sex == SEX_MALE));
	no[17] = id18_digit(no);
	if (demo_rand_below(&s->r, 100) < 97)
		p->id_no = str_dup(s->w->batch, (struct str){ no, ID18_LEN });
}

/* Children have the name of the head of the household. */
static struct str name_of(struct settle *s, enum relation relation, struct str head)
{
	struct str name = demo_text_person(&s->r, s->w->batch);
	size_t of_head = 0, of_name = 0;

	if (relation != RELATION_CHILD || name.p == NULL || head.p == NULL)
		return name;
	(void)str_rune(head, &of_head);
	(void)str_rune(name, &of_name);
	return str_fmt(s->w->batch, "%.*s%.*s", (int)of_head, head.p, (int)(name.n - of_name), name.p + of_name);
}

static enum err put_person(struct settle *s, const struct dweller *m, const struct household *h, enum residence kind,
			   struct str head, struct person *p, int64_t *ret_id)
{
	fields_clear(&person_entity.fields, p);
	p->name = name_of(s, m->relation, head);
	p->sex = m->sex;
	draw_number(s, m, p);
	if (m->age >= 12 && demo_rand_below(&s->r, 10) < 9)
		p->phone = demo_text_phone(&s->r, s->w->batch);
	p->residence_kind = kind;
	p->household_id = h->id;
	p->relation = m->relation;
	p->place = h->place;
	p->active = 1;
	s->person++;
	s->people++;
	return settle_put(s, &person_entity, p, ret_id);
}

/* ---- visits ---- */

static enum err put_visit(struct settle *s, int64_t plan, int64_t day, enum care_outcome outcome, int64_t place)
{
	struct care_visit v;
	int64_t id;

	fields_clear(&care_visit_entity.fields, &v);
	v.plan_id = plan;
	v.day = day;
	v.at = date_start(day) + demo_rand_range(&s->r, 9 * 60, 17 * 60) * (int64_t)MS_MINUTE;
	v.outcome = outcome;
	v.place = place;
	return settle_put(s, &care_visit_entity, &v, &id);
}

/* Most were visited in their cycle; a few were not at home, a few are overdue. */
static enum err put_visits(struct settle *s, const struct care_plan *p, int64_t last)
{
	int64_t before = date_add(last, -p->cycle_days + 1);
	enum err err = before > p->started ? put_visit(s, p->id, before, CARE_MET, p->place) : OK;

	if (err == OK)
		err = put_visit(s, p->id, last, CARE_MET, p->place);
	if (err == OK && p->next_due < s->today && demo_rand_below(&s->r, 2) == 0) {
		err = put_visit(s, p->id, date_add(s->today, -2), CARE_NOT_HOME, p->place);
		if (err == OK)
			err = put_visit(s, p->id, date_add(s->today, -1), CARE_NOT_HOME, p->place);
	}
	return err;
}

static enum err put_consent(struct settle *s, int64_t person, int64_t given, int64_t place, int64_t *ret_id)
{
	struct consent c;

	fields_clear(&consent_entity.fields, &c);
	c.person_id = person;
	c.purpose = STR("探访关爱");
	c.given_at = date_start(given) + 10 * (int64_t)MS_HOUR;
	c.place = place;
	return settle_put(s, &consent_entity, &c, ret_id);
}

enum err settle_plan(struct settle *s, int64_t kind, int64_t target, enum care_type type, int64_t place)
{
	static const char *const basis[] = { [CARE_LONE_ELDER] = "独居老人探访关爱，本人同意", [CARE_DISABILITY] = "残疾人需求登记，本人同意",
		[CARE_HARDSHIP] = "困难家庭走访，本人同意", [CARE_LEFT_CHILD] = "未成年人保护工作站走访",
		[CARE_HAZARD_VENUE] = "安全生产巡查清单", [CARE_HAZARD_STRUCTURE] = "房屋安全排查结果" };
	static const int cycle[] = { [CARE_LONE_ELDER] = 15, [CARE_DISABILITY] = 30, [CARE_HARDSHIP] = 30,
		[CARE_LEFT_CHILD] = 15, [CARE_HAZARD_VENUE] = 30, [CARE_HAZARD_STRUCTURE] = 7 };
	bool person = kind == OBJECT_PERSON, late = demo_rand_below(&s->r, 100) < 7;
	struct care_plan p;
	int64_t last;
	enum err err = OK;

	fields_clear(&care_plan_entity.fields, &p);
	p.target_kind = kind;
	p.target_id = target;
	p.type = type;
	p.basis = str_z(basis[type]);
	p.started = date_add(s->today, -180);
	p.expires = date_add(s->today, 180);
	p.cycle_days = cycle[type];
	p.mode = type == CARE_HARDSHIP ? CARE_PHONE_ALLOWED : CARE_VISIT;
	p.visitor_id = s->visitor;
	p.place = place;
	if (type == CARE_LEFT_CHILD)
		p.law = STR("未成年人保护法");
	else if (person)
		err = put_consent(s, target, p.started, place, &p.consent_id);
	last = date_add(s->today, -(late ? p.cycle_days + demo_rand_range(&s->r, 1, 20)
					 : demo_rand_range(&s->r, 0, (int)p.cycle_days - 1)));
	p.next_due = date_add(last, p.cycle_days);
	if (err == OK)
		err = settle_put(s, &care_plan_entity, &p, &p.id);
	return err == OK ? put_visits(s, &p, last) : err;
}

static enum err maybe_plan(struct settle *s, const struct dweller *m, int size, int64_t id, int64_t place)
{
	if (size == 1 && m->age >= ELDER)
		return settle_plan(s, OBJECT_PERSON, id, CARE_LONE_ELDER, place);
	if (demo_rand_below(&s->r, 125) == 0)
		return settle_plan(s, OBJECT_PERSON, id, CARE_DISABILITY, place);
	if (m->relation == RELATION_HEAD && demo_rand_below(&s->r, 80) == 0)
		return settle_plan(s, OBJECT_PERSON, id, CARE_HARDSHIP, place);
	if (m->relation == RELATION_CHILD && m->age < 16 && demo_rand_below(&s->r, 60) == 0)
		return settle_plan(s, OBJECT_PERSON, id, CARE_LEFT_CHILD, place);
	return OK;
}

/* ---- a household ---- */

static enum err put_owner(struct settle *s, int64_t person, const struct room *room)
{
	struct link l;
	int64_t id;

	fields_clear(&link_entity.fields, &l);
	l.role = room->use == ROOM_RENT ? LINK_TENANT : LINK_OWNER;
	l.from_kind = OBJECT_PERSON;
	l.from_id = person;
	l.to_kind = OBJECT_ROOM;
	l.to_id = room->id;
	l.valid_from = date_add(s->today, -demo_rand_range(&s->r, 100, 4000));
	l.place = room->place;
	return settle_put(s, &link_entity, &l, &id);
}

enum err settle_home(struct settle *s, const struct room *room, int household)
{
	int size = settle_size(s->w, s->grid, household);
	enum residence kind = room->use == ROOM_RENT ? RESIDENCE_FLOATING
			      : demo_rand_below(&s->r, 12) == 0 ? RESIDENCE_ELSEWHERE : RESIDENCE_RESIDENT;
	struct dweller v[HOME_MAX];
	struct household h;
	struct person p;
	struct str family = { NULL, 0 };
	int64_t id = NIL, head = NIL;
	enum err err;

	draw_members(s, size, v);
	fields_clear(&household_entity.fields, &h);
	h.code = str_fmt(s->w->batch, "%.*s/1", (int)room->code.n, room->code.p);
	h.room_id = room->id;
	h.size = size;
	h.place = room->place;
	h.active = 1;
	if (demo_rand_below(&s->r, 3) == 0)
		h.self_confirmed_at = s->w->now - demo_rand_range(&s->r, 1, 200) * (int64_t)MS_DAY;
	err = settle_put(s, &household_entity, &h, &h.id);
	s->households++;
	for (int i = 0; i < size && err == OK; i++) {
		err = put_person(s, &v[i], &h, kind, family, &p, &id);
		head = i == 0 ? id : head;
		family = i == 0 ? p.name : family;
		if (err == OK)
			err = maybe_plan(s, &v[i], size, id, h.place);
	}
	if (err == OK)
		err = db_exec(s->rq.db, demo_sql[Q_DEMO_HEAD], ARGS(I(h.id), I(head)), NULL);
	return err == OK ? put_owner(s, head, room) : err;
}
