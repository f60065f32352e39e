/* The replies of the entity routes as shapes: a row of a list, one alone, a preview, an import. */
#include "core/entity_plan.h"

/* A row alone comes without its times. */
static const struct member row_member[] = {
	{ "created_at", F_TIME, .maybe = true },
	{ "updated_at", F_TIME, .maybe = true },
};

static const struct member place_name_member[] = { { "place_name", F_STR, .null = true } };
const struct shape entity_place_name_shape = { .name = NULL, MEMBERS(place_name_member) };

static const struct member change_member[] = {
	{ "field", F_STR },
	{ "from", F_STR, .null = true },
	{ "to", F_STR, .null = true },
};
static const struct shape change_shape = { .name = "Change", MEMBERS(change_member) };

static const char *const keeps_word[] = { "clocks", "places", "version", "answers", "unit", "steps", NULL };
const struct vocab keeps_vocab = { "keeps", keeps_word };

static const struct member affects_member[] = {
	{ "open_matters", F_INT, .maybe = true },
	{ "forgets", F_INT, .maybe = true, .help = "rows whose time is over by the edited rule" },
	{ "keeps", F_ENUM, .vocab = &keeps_vocab, .maybe = true },
};
const struct shape affects_shape = { .name = "Affects", MEMBERS(affects_member) };

static const struct member preview_member[] = {
	{ "changes", .of = &change_shape, .list = 1 },
	{ "affects", .of = &affects_shape },
};
const struct shape preview_shape = { .name = "Preview", MEMBERS(preview_member) };

static const struct member deleted_member[] = { { "deleted", F_ID } };
const struct shape deleted_shape = { .name = "Deleted", MEMBERS(deleted_member) };

/* ---- what entity_meta writes ---- */

static const struct member perms_member[] = { { "read", F_STR }, { "write", F_STR }, { "export", F_STR } };
static const struct shape perms_shape = { .name = NULL, MEMBERS(perms_member) };

static const char *const type_word[] = { "str", "int", "bool", "real", "time", "date", "id", "code", "money", "enum",
	"json", "secret", NULL };
const struct vocab field_type_vocab = { .name = "field_type", .word = type_word };

static const struct member field_member[] = {
	{ "name", F_STR },
	{ "type", F_ENUM, .vocab = &field_type_vocab },
	{ "required", F_BOOL, .maybe = true },
	{ "readonly", F_BOOL, .maybe = true },
	{ "private", F_BOOL, .maybe = true },
	{ "search", F_BOOL, .maybe = true },
	{ "filter", F_BOOL, .maybe = true },
	{ "sort", F_BOOL, .maybe = true },
	{ "unique", F_BOOL, .maybe = true },
	{ "create_only", F_BOOL, .maybe = true },
	{ "masked", F_BOOL, .maybe = true, .help = "shown in part to whoever may not see people in full" },
	{ "withheld", F_BOOL, .maybe = true, .help = "absent for whoever may not see the row in full" },
	{ "min", F_INT, .maybe = true },
	{ "max", F_INT, .maybe = true },
	{ "ref", F_STR, .maybe = true, .help = "entity whose ids it holds" },
	{ "purpose", F_STR, .maybe = true, .help = "why it is held" },
	{ "label_zh", F_STR, .maybe = true },
	{ "label_en", F_STR, .maybe = true },
	{ "words", F_STR, .list = 1, .maybe = true },
	{ "words_zh", F_STR, .list = 1, .maybe = true, .help = "what people call each word; empty where there is no name" },
	{ "words_en", F_STR, .list = 1, .maybe = true },
};
static const struct shape field_shape = { .name = "MetaField", MEMBERS(field_member) };

static const struct member meta_member[] = {
	{ "name", F_STR },
	{ "path", F_STR },
	{ "label_zh", F_STR, .maybe = true },
	{ "label_en", F_STR, .maybe = true },
	{ "perms", .of = &perms_shape },
	{ "create", F_BOOL },
	{ "import", F_BOOL },
	{ "delete", F_BOOL },
	{ "preview", F_BOOL },
	{ "order", F_STR, .null = true },
	{ "fields", .of = &field_shape, .list = 1 },
};
const struct shape meta_entity_shape = { .name = "MetaEntity", MEMBERS(meta_member) };

/* ---- of an entity ---- */

void name_in_camel(const char *name, struct buf *out)
{
	bool up = true;

	for (; *name != '\0'; name++) {
		if (*name != '_' && *name != '-')
			buf_char(out, (char)(up && *name >= 'a' && *name <= 'z' ? *name - 'a' + 'A' : *name));
		up = *name == '_' || *name == '-';
	}
}

const char *name_camel(struct arena *a, const char *head, const char *name, const char *tail)
{
	struct buf b;

	buf_init(&b, 128);
	buf_z(&b, head);
	name_in_camel(name, &b);
	buf_z(&b, tail);
	const char *z = str_cstr(a, buf_view(&b));

	buf_release(&b);
	return z;
}

const struct shape *entity_row_shape(const struct entity *e, struct arena *a)
{
	struct shape *s = ARENA_NEW(a, struct shape);

	if (s != NULL)
		*s = (struct shape){ .name = name_camel(a, "", e->name, ""), .base = e->more_row, .fields = &e->fields,
			MEMBERS(row_member), .open = e->extra_row != NULL && e->more_row == NULL };
	return s;
}

const struct shape *entity_one_shape(const struct entity *e, const struct shape *row, struct arena *a)
{
	struct shape *s;

	if (e->extra == NULL || row == NULL)
		return row;
	s = ARENA_NEW(a, struct shape);
	if (s != NULL)
		*s = (struct shape){ .name = name_camel(a, "", e->name, "Detail"), .base = row,
			.v = e->more != NULL ? e->more->v : NULL, .n = e->more != NULL ? e->more->n : 0,
			.open = e->more == NULL };
	return s;
}
