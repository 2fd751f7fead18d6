/*
 * Holds docs/config.md and the man page of the configuration file against the
 * option rows: config_doc markdown|man FILE.  With --write in front it makes
 * the file.
 */
#include <stdio.h>
#include <stdlib.h>
#include "config/config.h"

static bool
read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL)
		return false;
	do {
		buf_reserve(out, 65536);
		n = fread(out->p + out->n, 1, 65536, f);
		out->n += n;
	} while (n > 0);
	fclose(f);
	return true;
}

static int
write_file(const char *path, struct bytes text)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL || fwrite(text.p, 1, text.n, f) != text.n ||
	    fclose(f) != 0) {
		perror(path);
		return 1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	bool write = argc == 4 && strcmp(argv[1], "--write") == 0;
	AUTO_BUF want = { 0 };
	AUTO_BUF have = { 0 };

	argv += write ? 2 : 1;
	if (argc != (write ? 4 : 3)) {
		fprintf(
		    stderr, "usage: config_doc [--write] markdown|man FILE\n");
		return 2;
	}
	if (strcmp(argv[0], "markdown") == 0)
		config_print_markdown(&want);
	else
		config_print_man_page(&want);
	if (write)
		return write_file(argv[1], buf_bytes(&want));
	if (read_file(argv[1], &have) &&
	    bytes_equal(buf_bytes(&have), buf_bytes(&want)))
		return 0;
	fprintf(stderr,
	    "%s differs from the option rows; make it again with "
	    "config_doc --write %s %s\n",
	    argv[1], argv[0], argv[1]);
	return 1;
}
