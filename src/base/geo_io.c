/*
 * Shapes as WKB (little-endian out, either order in; two dimensions, no SRID) and as GeoJSON text.
 *
 * WKB is read by hand rather than by GEOS: the counts in it are checked against the bytes that are
 * really there, and nothing recurses. Self-crossing rings are not looked for here, because what is
 * stored was checked when it came in as GeoJSON.
 */
#include "base/geo_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DECIMALS_MAX = 12 };

struct wkb {
	const unsigned char *p;
	size_t n, at;
	bool big;
	bool bad; /* sticky */
};

static uint32_t wkb_u32(struct wkb *w)
{
	if (w->bad || w->n - w->at < 4) {
		w->bad = true;
		return 0;
	}
	const unsigned char *p = w->p + w->at;

	w->at += 4;
	if (w->big)
		return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static double wkb_double(struct wkb *w)
{
	uint64_t a = wkb_u32(w), b = wkb_u32(w);
	uint64_t bits = w->big ? a << 32 | b : b << 32 | a;
	double v;

	memcpy(&v, &bits, sizeof v);
	return v;
}

static uint32_t wkb_head(struct wkb *w)
{
	if (w->bad || w->at >= w->n || w->p[w->at] > 1) {
		w->bad = true;
		return 0;
	}
	w->big = w->p[w->at++] == 0;
	return wkb_u32(w);
}

/* A count of things that take at least `size` bytes each. */
static uint32_t wkb_count(struct wkb *w, size_t size, uint32_t least)
{
	uint32_t n = wkb_u32(w);

	if (w->bad || n < least || n > (w->n - w->at) / size) {
		w->bad = true;
		return 0;
	}
	return n;
}

/* Counts with s == NULL, fills otherwise. */
struct wkb_sink {
	struct geo_shape *s;
	size_t parts, rings, points;
};

static void wkb_points(struct wkb *w, struct wkb_sink *o, uint32_t n)
{
	if (o->s != NULL)
		o->s->ring[o->rings] = (uint32_t)o->points;
	o->rings++;
	for (uint32_t i = 0; i < n && !w->bad; i++) {
		double x = wkb_double(w), y = wkb_double(w);

		if (!(fabs(x) <= 180 && fabs(y) <= 90))
			w->bad = true;
		if (o->s != NULL) {
			o->s->pt[o->points][0] = x;
			o->s->pt[o->points][1] = y;
		}
		o->points++;
	}
}

static void wkb_ring(struct wkb *w, struct wkb_sink *o)
{
	uint32_t n = wkb_count(w, 16, 4);
	size_t first = o->points;

	wkb_points(w, o, n);
	if (w->bad || o->s == NULL)
		return;
	double(*pt)[2] = o->s->pt;
	size_t last = o->points - 1;

	if (pt[first][0] < pt[last][0] || pt[first][0] > pt[last][0] ||
		pt[first][1] < pt[last][1] || pt[first][1] > pt[last][1])
		w->bad = true;
}

static void wkb_polygon(struct wkb *w, struct wkb_sink *o)
{
	uint32_t rings = wkb_count(w, 4, 1);

	if (o->s != NULL)
		o->s->part[o->parts] = (uint32_t)o->rings;
	o->parts++;
	for (uint32_t i = 0; i < rings && !w->bad; i++)
		wkb_ring(w, o);
}

static enum geo_kind wkb_shape(struct wkb *w, struct wkb_sink *o)
{
	uint32_t type = wkb_head(w), n;

	switch (type) {
	case GEO_POINT:
		o->parts = 1;
		wkb_points(w, o, 1);
		break;
	case GEO_LINE:
		o->parts = 1;
		wkb_points(w, o, wkb_count(w, 16, 2));
		break;
	case GEO_POLYGON:
		wkb_polygon(w, o);
		break;
	case GEO_MULTIPOLYGON:
		n = wkb_count(w, 9, 1);
		for (uint32_t i = 0; i < n && !w->bad; i++) {
			if (wkb_head(w) != GEO_POLYGON)
				w->bad = true;
			wkb_polygon(w, o);
		}
		break;
	default:
		w->bad = true;
	}
	if (w->at != w->n || o->points > GEO_POINTS_MAX)
		w->bad = true;
	return (enum geo_kind)type;
}

enum err geo_from_wkb(struct geo *g, struct str wkb, struct geo_shape **ret)
{
	struct wkb w = { .p = (const unsigned char *)wkb.p, .n = wkb.n };
	struct wkb_sink o = { .s = NULL };

	if (wkb.p == NULL || wkb.n > GEO_BYTES_MAX)
		return ERR_INVALID;
	enum geo_kind kind = wkb_shape(&w, &o);

	if (w.bad)
		return ERR_INVALID;
	struct geo_shape *s = geo_shape_alloc(kind, o.parts, o.rings, o.points);

	if (s == NULL)
		return ERR_NOMEM;
	w = (struct wkb){ .p = w.p, .n = w.n };
	o = (struct wkb_sink){ .s = s };
	(void)wkb_shape(&w, &o);
	if (w.bad) {
		geo_shape_free(g, s);
		return ERR_INVALID;
	}
	geo_shape_seal(s);
	*ret = s;
	return OK;
}

static void put_u32(struct buf *out, uint32_t v)
{
	unsigned char b[4];

	for (int i = 0; i < 4; i++)
		b[i] = (unsigned char)(v >> 8 * i & 255);
	buf_put(out, b, sizeof b);
}

static void put_head(struct buf *out, uint32_t type)
{
	buf_char(out, 1);
	put_u32(out, type);
}

static void put_points(struct buf *out, const struct geo_shape *s, uint32_t r)
{
	for (uint32_t i = s->ring[r]; i < s->ring[r + 1]; i++) {
		for (int k = 0; k < 2; k++) {
			uint64_t bits;

			memcpy(&bits, &s->pt[i][k], sizeof bits);
			put_u32(out, (uint32_t)bits);
			put_u32(out, (uint32_t)(bits >> 32));
		}
	}
}

static void put_polygon(struct buf *out, const struct geo_shape *s, uint32_t p)
{
	put_head(out, GEO_POLYGON);
	put_u32(out, s->part[p + 1] - s->part[p]);
	for (uint32_t r = s->part[p]; r < s->part[p + 1]; r++) {
		put_u32(out, s->ring[r + 1] - s->ring[r]);
		put_points(out, s, r);
	}
}

enum err geo_to_wkb(struct geo *g, const struct geo_shape *s, struct buf *out)
{
	(void)g;
	if (s->kind == GEO_POINT || s->kind == GEO_LINE) {
		put_head(out, s->kind);
		if (s->kind == GEO_LINE)
			put_u32(out, s->points);
		put_points(out, s, 0);
	} else if (s->kind == GEO_POLYGON) {
		put_polygon(out, s, 0);
	} else {
		put_head(out, GEO_MULTIPOLYGON);
		put_u32(out, s->parts);
		for (uint32_t p = 0; p < s->parts; p++)
			put_polygon(out, s, p);
	}
	return out->failed ? ERR_LIMIT : OK;
}

/* Fixed point without trailing zeros: shorter than %g and the same on every machine. */
static void put_decimal(struct buf *out, double v, int decimals)
{
	int64_t unit = 1;
	char digit[DECIMALS_MAX] = { 0 };
	size_t n = (size_t)decimals;

	for (int i = 0; i < decimals; i++)
		unit *= 10;
	int64_t scaled = llround(v * (double)unit);
	int64_t whole = llabs(scaled) / unit, rest = llabs(scaled) % unit;

	if (scaled < 0)
		buf_char(out, '-');
	buf_i64(out, whole);
	for (size_t i = n; i > 0; i--, rest /= 10)
		digit[i - 1] = (char)('0' + rest % 10);
	while (n > 0 && digit[n - 1] == '0')
		n--;
	if (n > 0)
		buf_char(out, '.');
	buf_put(out, digit, n);
}

static void put_positions(struct buf *out, const struct geo_shape *s, uint32_t r, int decimals)
{
	for (uint32_t i = s->ring[r]; i < s->ring[r + 1]; i++) {
		if (i > s->ring[r])
			buf_char(out, ',');
		buf_char(out, '[');
		put_decimal(out, s->pt[i][0], decimals);
		buf_char(out, ',');
		put_decimal(out, s->pt[i][1], decimals);
		buf_char(out, ']');
	}
}

static void put_rings(struct buf *out, const struct geo_shape *s, uint32_t p, int decimals)
{
	buf_char(out, '[');
	for (uint32_t r = s->part[p]; r < s->part[p + 1]; r++) {
		buf_z(out, r > s->part[p] ? ",[" : "[");
		put_positions(out, s, r, decimals);
		buf_char(out, ']');
	}
	buf_char(out, ']');
}

enum err geo_to_geojson(struct geo *g, const struct geo_shape *s, int decimals, struct buf *out)
{
	(void)g;
	decimals = decimals < 0 ? 0 : decimals > DECIMALS_MAX ? DECIMALS_MAX : decimals;
	switch (s->kind) {
	case GEO_POINT:
		buf_z(out, "{\"type\":\"Point\",\"coordinates\":");
		put_positions(out, s, 0, decimals);
		break;
	case GEO_LINE:
		buf_z(out, "{\"type\":\"LineString\",\"coordinates\":[");
		put_positions(out, s, 0, decimals);
		buf_char(out, ']');
		break;
	case GEO_POLYGON:
		buf_z(out, "{\"type\":\"Polygon\",\"coordinates\":");
		put_rings(out, s, 0, decimals);
		break;
	case GEO_MULTIPOLYGON:
		buf_z(out, "{\"type\":\"MultiPolygon\",\"coordinates\":[");
		for (uint32_t p = 0; p < s->parts; p++) {
			if (p > 0)
				buf_char(out, ',');
			put_rings(out, s, p, decimals);
		}
		buf_char(out, ']');
		break;
	}
	buf_char(out, '}');
	return out->failed ? ERR_LIMIT : OK;
}
