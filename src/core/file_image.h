/*
 * Pictures as they may be shown to others: decoded, turned upright, encoded anew as JPEG. Nothing of the
 * original file but its pixels survives, so no place, device or time leaks, and no hidden payload.
 */
#ifndef GEZHI_CORE_FILE_IMAGE_H
#define GEZHI_CORE_FILE_IMAGE_H

#include "base/buf.h"
#include "base/err.h"

enum image_type { IMAGE_JPEG, IMAGE_PNG, IMAGE_WEBP };
enum { IMAGE_PIXELS_MAX = 40000000, IMAGE_SIDE_MAX = 30000, IMAGE_THUMB = 320 };

/* Appends the whole picture and one of at most IMAGE_THUMB pixels a side. ERR_INVALID: not a picture of
 * that type, or one that cannot be read; ERR_LIMIT: too many pixels. */
enum err image_clean(struct str bytes, enum image_type type, struct buf *ret_full,
	struct buf *ret_thumb) MUST_CHECK;
/* 1…8 as EXIF has it; 1 when the JPEG does not say. */
int image_orientation(struct str jpeg);

#endif
