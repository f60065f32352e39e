/* The schemas that the routes use; see openapi_model.h. */
#include "core/openapi_model.h"

#include <stdlib.h>
#include <string.h>

enum { SHAPE_DEPTH = 12, MODEL_ARENA = 1 << 20 };

static const struct member error_member[] = {
	{ "code", F_STR, .help = "for programs; does not change" },
	{ "field", F_STR, .help = "the member or parameter at fault, or empty" },
	{ "message", F_STR },
};
const struct shape error_body_shape = { .name = "ErrorBody", MEMBERS(error_member) };
static const struct member error_whole[] = { { "error", .of = &error_body_shape } };
const struct shape error_shape = { .name = "Error", MEMBERS(error_whole) };

/* ---- members ---- */

static void put(struct prop out[PROPS_MAX], size_t *n, struct prop p)
{
	size_t i = 0;

	while (i < *n && strcmp(out[i].name, p.name) != 0)
		i++;
	if (i == PROPS_MAX)
		return;
	out[i] = p;
	*n += i == *n;
}

static bool lists_word(const char *words, const char *name)
{
	struct str rest = str_z(words), word;

	while (words != NULL && str_split(&rest, ' ', &word)) {
		if (str_eqz(word, name))
			return true;
	}
	return false;
}

/* What field_encode writes: a field that a stored row need not have is null then, a private one may be
 * left out. */
static void put_fields(const struct shape *s, struct prop out[PROPS_MAX], size_t *n)
{
	for (size_t i = 0; s->fields != NULL && i < s->fields->n; i++) {
		const struct field *f = &s->fields->v[i];
		bool sure = i < 2 || ((f->flags & (FIELD_REQUIRED | FIELD_ALWAYS)) && !(f->flags & FIELD_WITHHELD));

		if (!(f->flags & FIELD_HIDDEN) && !lists_word(s->without, f->name))
			put(out, n, (struct prop){ .name = f->name, .f = f, .required = !(f->flags & FIELD_PRIVATE),
				.null = !sure });
	}
}

static void put_shape(const struct shape *s, int depth, struct prop out[PROPS_MAX], size_t *n)
{
	if (s->base != NULL && depth < SHAPE_DEPTH)
		put_shape(s->base, depth + 1, out, n);
	put_fields(s, out, n);
	for (size_t i = 0; i < s->n; i++)
		put(out, n, (struct prop){ .name = s->v[i].name, .m = &s->v[i], .required = !s->v[i].maybe,
			.null = s->v[i].null });
}

size_t shape_props(const struct shape *s, struct prop out[PROPS_MAX])
{
	size_t n = 0;

	put_shape(s, 0, out, &n);
	return n;
}

bool shape_open(const struct shape *s)
{
	return s->open || (s->base != NULL && shape_open(s->base));
}

static const struct entity *entity_of(const struct app *app, const struct fields *f)
{
	for (size_t i = 0; i < app->nentity; i++) {
		if (&app->entity[i]->fields == f)
			return app->entity[i];
	}
	return NULL;
}

size_t body_props(const struct app *app, const struct schema *s, struct prop out[PROPS_MAX])
{
	bool entity = entity_of(app, s->in) != NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->in->n; i++) {
		const struct field *f = &s->in->v[i];
		bool must = (f->flags & FIELD_REQUIRED) != 0;
		/* a patch carries the version that was read */
		bool required = s->use == USE_PATCH ? entity && i == 1 : must;

		if (!(f->flags & (FIELD_HIDDEN | FIELD_READONLY)))
			put(out, &n, (struct prop){ .name = f->name, .f = f, .required = required, .null = !must });
	}
	return n;
}

size_t schema_props(const struct app *app, const struct schema *s, struct prop out[PROPS_MAX])
{
	return s->shape != NULL ? shape_props(s->shape, out) : body_props(app, s, out);
}

/* ---- the list of schemas ---- */

static enum use use_of(const struct route *r)
{
	return r->method == M_PATCH || (r->flags & ROUTE_PATCH_BODY) ? USE_PATCH : USE_IN;
}

static bool known(const struct model *m, const struct shape *shape, const struct fields *in, enum use use)
{
	for (size_t i = 0; i < m->n; i++) {
		if (m->v[i].shape == shape && m->v[i].in == in && m->v[i].use == use)
			return true;
	}
	return false;
}

static struct schema *add(struct model *m, const struct shape *shape, const struct fields *in, enum use use)
{
	if (m->n == SCHEMAS_MAX)
		return NULL;
	m->v[m->n] = (struct schema){ .shape = shape, .in = in, .use = use };
	return &m->v[m->n++];
}

/* A shape that the entity engine makes, by its name. */
static bool is_reference(const struct shape *s)
{
	return s->name != NULL && s->n == 0 && s->base == NULL && s->fields == NULL && !s->open;
}

/* The shape and all it holds. */
static bool add_shape(struct model *m, const struct shape *s, int depth)
{
	struct prop *p;
	bool ok = true;

	if (s == NULL || is_reference(s) || (s->name != NULL && known(m, s, NULL, USE_OUT)))
		return true;
	if (depth > SHAPE_DEPTH)
		return false;
	if (s->name != NULL) {
		struct schema *e = add(m, s, NULL, USE_OUT);

		if (e == NULL)
			return false;
		e->name = s->name;
	}
	p = calloc(PROPS_MAX, sizeof(*p));
	if (p == NULL)
		return false;
	for (size_t i = 0, n = shape_props(s, p); i < n && ok; i++)
		ok = p[i].m == NULL || add_shape(m, p[i].m->of, depth + 1);
	free(p);
	return ok;
}

/* The first route that takes a table names its schema, unless it is an entity's. */
static bool add_body(struct model *m, const struct route *r)
{
	static const char *const tail[] = { [USE_OUT] = "", [USE_IN] = "Input", [USE_PATCH] = "Patch" };
	const struct entity *e;
	struct schema *s;

	if (r->in == NULL || known(m, NULL, r->in, use_of(r)))
		return true;
	s = add(m, NULL, r->in, use_of(r));
	if (s == NULL)
		return false;
	e = entity_of(m->app, r->in);
	s->name = name_camel(m->arena, "", e != NULL ? e->name : r->id, e != NULL ? tail[s->use] : "Body");
	return s->name != NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct schema *)a)->name, ((const struct schema *)b)->name);
}

bool model_init(struct model *m, const struct app *app)
{
	bool ok;

	*m = (struct model){ .app = app, .arena = arena_new(MODEL_ARENA), .v = calloc(SCHEMAS_MAX, sizeof(*m->v)) };
	ok = m->arena != NULL && m->v != NULL && add_shape(m, &error_shape, 0);
	for (size_t i = 0; ok && i < router_count(app->router); i++) {
		const struct route *r = router_at(app->router, i);

		ok = add_body(m, r) && add_shape(m, r->reply, 0) && add_shape(m, r->other, 0);
	}
	if (ok)
		qsort(m->v, m->n, sizeof(*m->v), by_name);
	else
		model_free(m);
	return ok;
}

void model_free(struct model *m)
{
	free(m->v);
	arena_free(m->arena);
	*m = (struct model){ .app = m->app };
}

const struct schema *model_body(const struct model *m, const struct route *r)
{
	for (size_t i = 0; r->in != NULL && i < m->n; i++) {
		if (m->v[i].in == r->in && m->v[i].use == use_of(r))
			return &m->v[i];
	}
	return NULL;
}
