/* See io.h. */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum err io_write(int fd, struct str bytes)
{
	size_t at = 0;

	while (at < bytes.n) {
		ssize_t n = write(fd, bytes.p + at, bytes.n - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_IO;
		at += (size_t)n;
	}
	return OK;
}

enum err io_sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return ERR_IO;
	enum err err = fsync(fd) == 0 ? OK : ERR_IO;

	close(fd);
	return err;
}

enum err io_new_file(const char *path, struct str bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return ERR_IO;
	enum err err = io_write(fd, bytes);

	if (err == OK && fsync(fd) != 0)
		err = ERR_IO;
	if (close(fd) != 0)
		err = ERR_IO;
	if (err != OK)
		unlink(path);
	return err;
}
