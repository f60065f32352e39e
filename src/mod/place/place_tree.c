/*
 * The tree with figures. Places come from the snapshot, where a subtree is a slice: the children of a
 * place are found by jumping from one subtree to the next. The figures are one grouped query at the
 * deepest level asked for, summed up over the slices.
 */
#include "mod/place/place_db.h"

enum { TREE_MAX = 20000, DEPTH_MAX = 6 };

struct tree {
	struct req *rq;
	const struct snap *s;
	const struct open_count *count;
	size_t ncount;
	struct open_count *sum; /* sum[i]: of counts before i */
	int64_t today, items;
};

static enum err add_up(struct tree *t)
{
	t->sum = arena_array(t->rq->arena, t->ncount + 1, sizeof(*t->sum));
	if (t->sum == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < t->ncount; i++) {
		t->sum[i + 1].open = t->sum[i].open + t->count[i].open;
		t->sum[i + 1].overdue = t->sum[i].overdue + t->count[i].overdue;
	}
	return OK;
}

static size_t before(const struct tree *t, int64_t code)
{
	size_t lo = 0, hi = t->ncount;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->count[mid].code < code)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool in_force(const struct tree *t, const struct place *p)
{
	return place_in_force(p->valid_to, t->today);
}

static int64_t children(const struct tree *t, size_t first, size_t n)
{
	int64_t count = 0;

	for (size_t i = first + 1; i < first + n;) {
		size_t f, m;

		snap_subtree(t->s, t->s->place[i].code, &f, &m);
		count += in_force(t, &t->s->place[i]);
		i = f + m;
	}
	return count;
}

static const struct member node_member[] = {
	{ "code", F_CODE },
	{ "name", F_STR },
	{ "level", F_ENUM, .vocab = &level_vocab },
	{ "kind", F_ENUM, .vocab = &place_kind_vocab },
	{ "parent", F_CODE, .null = true },
	{ "households", F_INT, .null = true },
	{ "children", F_INT },
	{ "open", F_INT },
	{ "overdue", F_INT },
};
const struct shape place_node_shape = { .name = "PlaceNode", MEMBERS(node_member) };

static void write_node(struct tree *t, size_t first, size_t n, struct jw *out)
{
	const struct place *p = &t->s->place[first];
	size_t from = before(t, p->code), to = before(t, place_end(p->code));

	jw_obj(out);
	jw_kid(out, "code", p->code);
	jw_kstr(out, "name", p->name);
	jw_kz(out, "level", vocab_word(&level_vocab, p->level));
	jw_kz(out, "kind", vocab_word(&place_kind_vocab, p->kind));
	jw_kid(out, "parent", p->parent);
	jw_kint(out, "households", p->households);
	jw_kint(out, "children", children(t, first, n));
	jw_kint(out, "open", t->sum[to].open - t->sum[from].open);
	jw_kint(out, "overdue", t->sum[to].overdue - t->sum[from].overdue);
	jw_end_obj(out);
	t->items++;
}

static enum err walk(struct tree *t, int64_t code, int64_t depth, struct jw *out)
{
	size_t first, n;
	enum err err = OK;

	if (t->items >= TREE_MAX)
		return req_fail(t->rq, ERR_LIMIT, "place.tree_size", "depth", "more than %d places; ask for fewer levels",
				TREE_MAX);
	snap_subtree(t->s, code, &first, &n);
	write_node(t, first, n, out);
	for (size_t i = first + 1; depth > 0 && err == OK && i < first + n;) {
		size_t f, m;
		int64_t child = t->s->place[i].code;

		snap_subtree(t->s, child, &f, &m);
		if (in_force(t, &t->s->place[i]))
			err = walk(t, child, depth - 1, out);
		i = f + m;
	}
	return err;
}

static enum err write_root(struct tree *t, int64_t root, int64_t depth, struct jw *out)
{
	int deepest = (int)place_level(root) + (int)depth;
	struct open_count *count;
	enum err err = place_open_counts(t->rq, root, (enum level)(deepest < LEVEL_MICRO ? deepest : LEVEL_MICRO),
					 &count, &t->ncount);

	t->count = count;
	if (err == OK)
		err = add_up(t);
	return err != OK ? err : walk(t, root, depth, out);
}

/* The places of the asker's posts, without those below another one. */
static size_t own_roots(const struct principal *who, int64_t out[POSTS_MAX])
{
	uint64_t roles = perm_roles("place.read");
	size_t n = 0;

	for (size_t i = 0; i < who->nposts; i++) {
		const struct post *p = &who->post[i];
		bool below = false;

		for (size_t k = 0; k < who->nposts; k++) {
			const struct post *q = &who->post[k];
			bool wider = q->lo <= p->lo && q->hi >= p->hi && (k < i || q->lo < p->lo || q->hi > p->hi);

			below = below || (k != i && ((roles >> q->role) & 1) && wider);
		}
		if (((roles >> p->role) & 1) && !below)
			out[n++] = p->lo;
	}
	return n;
}

enum err place_tree(struct req *rq, struct jw *out)
{
	struct tree t = { .rq = rq, .s = req_snap(rq), .today = date_of(rq->now) };
	int64_t root = req_query_int(rq, "root"), depth = req_query_int(rq, "depth"), roots[POSTS_MAX];
	size_t n = 1;
	enum err err = OK;

	roots[0] = root;
	if (depth == NIL)
		depth = 1;
	if (depth < 0 || depth > DEPTH_MAX)
		return req_fail(rq, ERR_INVALID, "range", "depth", "depth is 0 to %d", DEPTH_MAX);
	if (root != NIL && (snap_place(t.s, root) == NULL || !scope_sees(rq->who, "place.read", root)))
		return req_fail(rq, ERR_NOT_FOUND, "not_found", "root", "there is no such place");
	if (root == NIL)
		n = own_roots(rq->who, roots);
	jw_obj(out);
	jw_karr(out, "items");
	for (size_t i = 0; i < n && err == OK; i++) {
		if (snap_place(t.s, roots[i]) != NULL)
			err = write_root(&t, roots[i], depth, out);
	}
	jw_end_arr(out);
	jw_kz(out, "next", NULL);
	jw_end_obj(out);
	rq->rows = t.items;
	return err;
}
