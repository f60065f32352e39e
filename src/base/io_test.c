/* Files that are whole or not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"

static void test_new_file(void **state)
{
	char dir[] = "/tmp/gezhi-io-XXXXXX", path[64], got[8];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a", dir);
	assert_int_equal(io_new_file(path, STR("whole")), OK);
	assert_int_equal(io_new_file(path, STR("again")), ERR_IO); /* never over another */
	assert_int_equal(io_sync_dir(dir), OK);
	assert_int_equal(io_sync_dir(path), ERR_IO);
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, got, sizeof(got)), 5);
	assert_memory_equal(got, "whole", 5);
	assert_int_equal(io_write(fd, STR("x")), ERR_IO); /* open for reading */
	close(fd);
	unlink(path);
	rmdir(dir);
}

static void test_full_disk(void **state)
{
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(io_write(fd, STR("x")), ERR_IO);
	assert_int_equal(io_write(fd, STR("")), OK);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_new_file), cmocka_unit_test(test_full_disk) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
