/* Decoding by TurboJPEG, libpng and libwebp into plain RGB, encoding by TurboJPEG. See file_image.h. */
#include "core/file_image.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>
#include <turbojpeg.h>
#include <webp/decode.h>

enum { QUALITY_FULL = 85, QUALITY_THUMB = 75 };

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

static enum err jpeg_head(tjhandle h, struct str bytes, struct image *im)
{
	int w, ht, sampling, space;

	if (tjDecompressHeader3(h, (const unsigned char *)bytes.p, (unsigned long)bytes.n, &w, &ht, &sampling,
		    &space) != 0 || w <= 0 || ht <= 0)
		return ERR_INVALID;
	/* Printing inks cannot be turned into light without a profile. */
	if (space == TJCS_CMYK || space == TJCS_YCCK)
		return ERR_INVALID;
	return image_alloc(im, (size_t)w, (size_t)ht);
}

static enum err decode_jpeg(struct str bytes, struct image *im)
{
	tjhandle h = tjInitDecompress();
	enum err err = h != NULL ? jpeg_head(h, bytes, im) : ERR_NOMEM;

	/* A progressive picture may ask for endless passes over the same pixels: their number is limited. A
	 * warning (a few bytes lost at the end) still gives a picture. */
	if (err == OK && tjDecompress2(h, (const unsigned char *)bytes.p, (unsigned long)bytes.n, im->rgb,
				 (int)im->w, 0, (int)im->h, TJPF_RGB, TJFLAG_LIMITSCANS) != 0 &&
		tjGetErrorCode(h) != TJERR_WARNING)
		err = ERR_INVALID;
	if (h != NULL)
		tjDestroy(h);
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

	assert(n > 0);
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

/* The picture as shown, scaled down to w × h. */
static unsigned char *scaled(const struct image *im, size_t w, size_t h)
{
	unsigned char *to = malloc(w * h * 3);
	size_t fw, fh;

	if (to == NULL)
		return NULL;
	shown_size(im, &fw, &fh);
	for (size_t y = 0; y < h; y++) {
		for (size_t x = 0; x < w; x++) {
			unsigned char *p = to + (y * w + x) * 3;

			if (w == fw && h == fh)
				memcpy(p, shown_pixel(im, x, y), 3);
			else
				mean(im, x * fw / w, (x + 1) * fw / w, y * fh / h, (y + 1) * fh / h, p);
		}
	}
	return to;
}

static enum err encode(const struct image *im, size_t w, size_t h, int quality, struct buf *out)
{
	bool as_is = w == im->w && h == im->h && im->orientation == 1;
	unsigned char *turned = as_is ? NULL : scaled(im, w, h), *jpeg = NULL;
	const unsigned char *px = as_is ? im->rgb : turned;
	tjhandle t = tjInitCompress();
	unsigned long n = 0;
	enum err err = ERR_NOMEM;

	if (px != NULL && t != NULL && tjCompress2(t, px, (int)w, 0, (int)h, TJPF_RGB, &jpeg, &n, TJSAMP_420,
						quality, 0) == 0)
		err = OK;
	if (err == OK) {
		buf_put(out, jpeg, n);
		if (out->failed)
			err = ERR_LIMIT;
	}
	tjFree(jpeg);
	if (t != NULL)
		tjDestroy(t);
	free(turned);
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
