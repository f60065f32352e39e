/*
 * Decoding by libjpeg, libpng and libwebp into plain RGB, encoding by libjpeg. See file_image.h.
 *
 * libjpeg reports errors through a function that must not return, so this file, and only this one,
 * uses setjmp; nothing that needs cleaning up is made between setjmp and the calls that may jump.
 */
#include "core/file_image.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>
#include <webp/decode.h>

enum { QUALITY_FULL = 85, QUALITY_THUMB = 75, SCANS_MAX = 200 };

struct image {
	unsigned char *rgb;
	size_t w, h;
	int orientation;
};

static enum err image_alloc(struct image *im, size_t w, size_t h)
{
	if (w == 0 || h == 0)
		return ERR_INVALID;
	if (w > IMAGE_SIDE_MAX || h > IMAGE_SIDE_MAX || w * h > IMAGE_PIXELS_MAX)
		return ERR_LIMIT;
	im->rgb = malloc(w * h * 3);
	im->w = w;
	im->h = h;
	return im->rgb != NULL ? OK : ERR_NOMEM;
}

/* ---- JPEG ---- */

struct jpeg_trap {
	struct jpeg_error_mgr mgr;
	jmp_buf back;
};

static void jpeg_fail(j_common_ptr c)
{
	struct jpeg_trap *t = (struct jpeg_trap *)c->err;

	longjmp(t->back, 1);
}

static void jpeg_silent(j_common_ptr c, int level)
{
	if (level < 0)
		c->err->num_warnings++;
}

/* A progressive picture may ask for endless passes over the same pixels. */
static void jpeg_progress(j_common_ptr c)
{
	if (((j_decompress_ptr)c)->input_scan_number > SCANS_MAX)
		jpeg_fail(c);
}

static struct jpeg_error_mgr *trap_init(struct jpeg_trap *t)
{
	struct jpeg_error_mgr *m = jpeg_std_error(&t->mgr);

	m->error_exit = jpeg_fail;
	m->emit_message = jpeg_silent;
	return m;
}

static enum err jpeg_rows(struct jpeg_decompress_struct *d, struct jpeg_trap *t, struct image *im)
{
	if (setjmp(t->back))
		return ERR_INVALID;
	jpeg_start_decompress(d);
	while (d->output_scanline < d->output_height) {
		JSAMPROW row = im->rgb + (size_t)d->output_scanline * im->w * 3;

		jpeg_read_scanlines(d, &row, 1);
	}
	jpeg_finish_decompress(d);
	return OK;
}

static enum err jpeg_head(struct jpeg_decompress_struct *d, struct jpeg_trap *t, struct str bytes)
{
	if (setjmp(t->back))
		return ERR_INVALID;
	jpeg_create_decompress(d);
	jpeg_mem_src(d, (const unsigned char *)bytes.p, (unsigned long)bytes.n);
	jpeg_read_header(d, TRUE);
	/* libjpeg cannot turn printing inks into light. */
	if (d->jpeg_color_space == JCS_CMYK || d->jpeg_color_space == JCS_YCCK)
		return ERR_INVALID;
	d->out_color_space = JCS_RGB;
	return OK;
}

static enum err decode_jpeg(struct str bytes, struct image *im)
{
	struct jpeg_decompress_struct d = { 0 };
	struct jpeg_progress_mgr progress = { .progress_monitor = jpeg_progress };
	struct jpeg_trap trap;

	d.err = trap_init(&trap);
	enum err err = jpeg_head(&d, &trap, bytes);

	d.progress = &progress;
	if (err == OK)
		err = image_alloc(im, d.image_width, d.image_height);
	if (err == OK)
		err = jpeg_rows(&d, &trap, im);
	jpeg_destroy_decompress(&d);
	im->orientation = image_orientation(bytes);
	return err;
}

/* ---- EXIF: the one tag that says which way is up ---- */

static unsigned get16(const unsigned char *p, bool big)
{
	return big ? (unsigned)p[0] << 8 | p[1] : (unsigned)p[1] << 8 | p[0];
}

static size_t get32(const unsigned char *p, bool big)
{
	unsigned a = get16(p, big), b = get16(p + 2, big);

	return big ? (size_t)a << 16 | b : (size_t)b << 16 | a;
}

static int tiff_orientation(const unsigned char *p, size_t n)
{
	if (n < 8 || (memcmp(p, "II", 2) != 0 && memcmp(p, "MM", 2) != 0))
		return 1;
	bool big = p[0] == 'M';
	size_t at = get32(p + 4, big);

	if (get16(p + 2, big) != 42 || at > n || n - at < 2)
		return 1;
	size_t count = get16(p + at, big);

	at += 2;
	for (size_t i = 0; i < count && n - at >= 12; i++, at += 12) {
		if (get16(p + at, big) != 0x0112)
			continue;
		unsigned v = get16(p + at + 8, big);

		return get16(p + at + 2, big) == 3 && v >= 1 && v <= 8 ? (int)v : 1;
	}
	return 1;
}

int image_orientation(struct str jpeg)
{
	const unsigned char *p = (const unsigned char *)jpeg.p;
	size_t at = 2;

	while (at + 4 <= jpeg.n && p[at] == 0xFF) {
		unsigned marker = p[at + 1];
		size_t len = get16(p + at + 2, true);

		if (marker == 0xFF) { /* filling */
			at++;
			continue;
		}
		if (marker == 0xDA || len < 2 || len > jpeg.n - at - 2)
			return 1;
		if (marker == 0xE1 && len > 8 && memcmp(p + at + 4, "Exif\0", 6) == 0)
			return tiff_orientation(p + at + 10, len - 8);
		at += 2 + len;
	}
	return 1;
}

/* ---- PNG, WebP ---- */

static enum err decode_png(struct str bytes, struct image *im)
{
	png_image p = { .version = PNG_IMAGE_VERSION };
	const png_color white = { 255, 255, 255 };

	if (!png_image_begin_read_from_memory(&p, bytes.p, bytes.n))
		return ERR_INVALID;
	p.format = PNG_FORMAT_RGB;
	enum err err = image_alloc(im, p.width, p.height);

	if (err == OK && !png_image_finish_read(&p, &white, im->rgb, 0, NULL))
		err = ERR_INVALID;
	png_image_free(&p);
	return err;
}

static enum err decode_webp(struct str bytes, struct image *im)
{
	const uint8_t *p = (const uint8_t *)bytes.p;
	int w, h;

	if (!WebPGetInfo(p, bytes.n, &w, &h) || w <= 0 || h <= 0)
		return ERR_INVALID;
	enum err err = image_alloc(im, (size_t)w, (size_t)h);

	if (err == OK && WebPDecodeRGBInto(p, bytes.n, im->rgb, im->w * im->h * 3, w * 3) == NULL)
		err = ERR_INVALID;
	return err;
}

/* ---- upright, smaller ---- */

/* The picture as shown: its size, and where a shown pixel comes from. */
static void shown_size(const struct image *im, size_t *ret_w, size_t *ret_h)
{
	bool turned = im->orientation >= 5;

	*ret_w = turned ? im->h : im->w;
	*ret_h = turned ? im->w : im->h;
}

static const unsigned char *shown_pixel(const struct image *im, size_t x, size_t y)
{
	size_t w = im->w, h = im->h, sx = x, sy = y;

	switch (im->orientation) {
	case 2: sx = w - 1 - x; break;
	case 3: sx = w - 1 - x; sy = h - 1 - y; break;
	case 4: sy = h - 1 - y; break;
	case 5: sx = y; sy = x; break;
	case 6: sx = y; sy = h - 1 - x; break;
	case 7: sx = w - 1 - y; sy = h - 1 - x; break;
	case 8: sx = w - 1 - y; sy = x; break;
	default: break;
	}
	return im->rgb + (sy * w + sx) * 3;
}

/* Mean of the shown pixels [x0,x1) × [y0,y1). */
static void mean(const struct image *im, size_t x0, size_t x1, size_t y0, size_t y1, unsigned char out[3])
{
	size_t sum[3] = { 0 }, n = (x1 - x0) * (y1 - y0);

	for (size_t y = y0; y < y1; y++) {
		for (size_t x = x0; x < x1; x++) {
			const unsigned char *p = shown_pixel(im, x, y);

			sum[0] += p[0];
			sum[1] += p[1];
			sum[2] += p[2];
		}
	}
	for (int i = 0; i < 3; i++)
		out[i] = (unsigned char)((sum[i] + n / 2) / n);
}

/* One row of the picture scaled down to w × h. */
static void scaled_row(const struct image *im, size_t w, size_t h, size_t y, unsigned char *row)
{
	size_t fw, fh;

	shown_size(im, &fw, &fh);
	for (size_t x = 0; x < w; x++) {
		if (w == fw && h == fh)
			memcpy(row + x * 3, shown_pixel(im, x, y), 3);
		else
			mean(im, x * fw / w, (x + 1) * fw / w, y * fh / h, (y + 1) * fh / h, row + x * 3);
	}
}

struct encoder {
	struct jpeg_compress_struct c;
	struct jpeg_trap trap;
	unsigned char *out;
	unsigned long n;
};

static enum err encode_rows(struct encoder *e, const struct image *im, size_t w, size_t h, int quality,
	unsigned char *row)
{
	if (setjmp(e->trap.back))
		return ERR_NOMEM;
	jpeg_create_compress(&e->c);
	jpeg_mem_dest(&e->c, &e->out, &e->n);
	e->c.image_width = (JDIMENSION)w;
	e->c.image_height = (JDIMENSION)h;
	e->c.input_components = 3;
	e->c.in_color_space = JCS_RGB;
	jpeg_set_defaults(&e->c);
	jpeg_set_quality(&e->c, quality, TRUE);
	jpeg_start_compress(&e->c, TRUE);
	while (e->c.next_scanline < e->c.image_height) {
		JSAMPROW at = row;

		scaled_row(im, w, h, e->c.next_scanline, row);
		jpeg_write_scanlines(&e->c, &at, 1);
	}
	jpeg_finish_compress(&e->c);
	return OK;
}

static enum err encode(const struct image *im, size_t w, size_t h, int quality, struct buf *out)
{
	unsigned char *row = malloc(w * 3);
	struct encoder *e = calloc(1, sizeof(*e));
	enum err err = ERR_NOMEM;

	if (row != NULL && e != NULL) {
		e->c.err = trap_init(&e->trap);
		err = encode_rows(e, im, w, h, quality, row);
		jpeg_destroy_compress(&e->c);
		if (err == OK)
			buf_put(out, e->out, e->n);
		free(e->out);
	}
	free(e);
	free(row);
	if (err == OK && out->failed)
		err = ERR_LIMIT;
	return err;
}

enum err image_clean(struct str bytes, enum image_type type, struct buf *ret_full, struct buf *ret_thumb)
{
	struct image im = { .orientation = 1 };
	size_t w, h, tw, th;
	enum err err = ERR_INVALID;

	if (type == IMAGE_JPEG)
		err = decode_jpeg(bytes, &im);
	else if (type == IMAGE_PNG)
		err = decode_png(bytes, &im);
	else if (type == IMAGE_WEBP)
		err = decode_webp(bytes, &im);
	if (err == OK) {
		size_t side;

		shown_size(&im, &w, &h);
		side = w > h ? w : h;
		tw = side > IMAGE_THUMB ? w * IMAGE_THUMB / side : w;
		th = side > IMAGE_THUMB ? h * IMAGE_THUMB / side : h;
		err = encode(&im, w, h, QUALITY_FULL, ret_full);
		if (err == OK)
			err = encode(&im, tw > 0 ? tw : 1, th > 0 ? th : 1, QUALITY_THUMB, ret_thumb);
	}
	free(im.rgb);
	return err;
}
