/* Bytes into files: all of them or an error, and on disk where it is said. */
#ifndef GEZHI_BASE_IO_H
#define GEZHI_BASE_IO_H

#include "base/err.h"
#include "base/str.h"

/* Every byte, however many calls it takes. */
enum err io_write(int fd, struct str bytes) MUST_CHECK;
/* What a folder lists is on disk. */
enum err io_sync_dir(const char *dir) MUST_CHECK;
/* A file that did not exist, mode 0600, its bytes on disk; after a failure there is none. The folder is the
 * caller's to sync. */
enum err io_new_file(const char *path, struct str bytes) MUST_CHECK;

#endif
