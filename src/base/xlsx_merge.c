/*
 * Workbooks: merged areas. A sheet names them behind its rows, so they are looked for in a pass of their
 * own over the unpacked bytes, without parsing them, before the first row is given.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xlsx_impl.h"

enum { TAG = 160 }; /* longest piece of a tag that is looked at */

static bool add_area(struct xlsx *x, const struct xlsx_area *a)
{
	if (x->narea == XLSX_MERGES)
		return true;
	if (x->narea == x->cap_area) {
		size_t cap = x->cap_area > 0 ? x->cap_area * 2 : 64;
		struct xlsx_area *p = realloc(x->area, cap * sizeof(*p));

		if (p == NULL)
			return false;
		x->area = p;
		x->cap_area = cap;
	}
	x->area[x->narea++] = *a;
	return true;
}

/* `mergeCell ref="A2:B5"`, after the word; what is not so is no area. */
static bool read_area(struct xlsx *x, const char *p, size_t n)
{
	char from[16] = "", to[16] = "", *at = from;
	struct xlsx_area a;
	size_t len = 0;
	const char *ref = memmem(p, n, "ref=", 4), *close = memchr(p, '>', n);

	if (ref == NULL || (close != NULL && ref > close) || n - (size_t)(ref - p) < 6)
		return true;
	for (const char *c = ref + 5; c < p + n && *c != ref[4] && len < sizeof(from) - 1; c++) {
		if (*c == ':') {
			at = to;
			len = 0;
			continue;
		}
		at[len++] = *c;
	}
	if (!xlsx_cell_ref(from, &a.top, &a.left) || !xlsx_cell_ref(to, &a.bottom, &a.right) || a.bottom < a.top ||
	    a.right < a.left || a.left >= XLSX_COLS)
		return true;
	return add_area(x, &a);
}

static int by_top(const void *a, const void *b)
{
	const struct xlsx_area *p = a, *q = b;

	return (p->top > q->top) - (p->top < q->top);
}

/* Looks through a window that overlaps the next one by TAG bytes; returns how much of it is done with. */
static bool scan(struct xlsx *x, const char *p, size_t n, bool last, size_t *ret_done)
{
	size_t at = 0;

	while (at < n) {
		const char *hit = memmem(p + at, n - at, "mergeCell", 9);

		if (hit == NULL) {
			*ret_done = last || n - at < 9 ? at : n - 8;
			return true;
		}
		at = (size_t)(hit - p);
		if (n - at < TAG && !last)
			break;
		/* Not "mergeCells". */
		if (n - at > 10 && hit[9] != 's' && !read_area(x, hit + 9, n - at - 9 < TAG ? n - at - 9 : TAG))
			return false;
		at += 9;
	}
	*ret_done = at;
	return true;
}

enum err xlsx_read_merges(struct xlsx *x, size_t sheet)
{
	char *win = malloc(XLSX_CHUNK + TAG + 16);
	struct xlsx_part part;
	size_t have = 0, n = 1, done;

	if (win == NULL)
		return xlsx_fail(x, ERR_NOMEM, "no_memory", "Out of memory.");
	enum err err = xlsx_part_open(x, x->sheet[sheet].path, &part);

	x->narea = 0;
	if (err != OK) {
		free(win);
		return err;
	}
	while (err == OK && n > 0) {
		err = xlsx_part_read(x, &part, win + have, XLSX_CHUNK, &n);
		if (err != OK)
			break;
		have += n;
		if (!scan(x, win, have, n == 0, &done))
			err = xlsx_fail(x, ERR_NOMEM, "no_memory", "Out of memory.");
		else if (n > 0) {
			memmove(win, win + done, have - done);
			have -= done;
		}
	}
	xlsx_part_close(&part);
	free(win);
	if (x->narea > 1)
		qsort(x->area, x->narea, sizeof(*x->area), by_top);
	return err;
}

static void mark(struct xlsx_reading *r, const struct xlsx_area *a)
{
	size_t right = a->right < XLSX_COLS - 1 ? a->right : XLSX_COLS - 1;

	for (size_t c = a->left; c <= right; c++) {
		if (r->row == a->top && c == a->left)
			continue;
		for (; r->n <= c; r->n++) {
			r->cell[r->n] = (struct str){ "", 0 };
			r->flag[r->n] = 0;
		}
		r->flag[c] |= XLSX_MERGED;
	}
}

/* Areas come by their first row; the ones that reach the current row are remembered. */
void xlsx_mark_merged(struct xlsx *x)
{
	struct xlsx_reading *r = &x->r;
	size_t n = 0;

	while (r->next_area < x->narea && x->area[r->next_area].top <= r->row) {
		if (r->nactive < sizeof(r->active) / sizeof(r->active[0]))
			r->active[r->nactive++] = r->next_area;
		r->next_area++;
	}
	for (size_t i = 0; i < r->nactive; i++) {
		const struct xlsx_area *a = &x->area[r->active[i]];

		if (a->bottom < r->row)
			continue;
		mark(r, a);
		r->active[n++] = r->active[i];
	}
	r->nactive = n;
}
