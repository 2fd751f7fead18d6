/*
 * Replays a corpus through a fuzz target in an ordinary build: every file of
 * the directories and files named as arguments.  A run that finds no file is a
 * failure: a corpus that is gone must not look like a pass.
 */
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define REPLAY_MAX (16u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool replay_path(const char *path, unsigned *count);

static bool
replay_file(const char *path, size_t size, unsigned *count)
{
	/* Exactly as large as the file, so that ASan sees a read beyond it. */
	uint8_t *data = malloc(size == 0 ? 1 : size);
	FILE *f = fopen(path, "rb");
	bool ok;

	ok = data != NULL && f != NULL && fread(data, 1, size, f) == size;
	if (f != NULL)
		fclose(f);
	if (!ok) {
		free(data);
		fprintf(stderr, "replay: cannot read %s\n", path);
		return false;
	}
	/* Flushed, so that the culprit of a crash is the last name. */
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	(*count)++;
	return true;
}

static int
entry_wanted(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static bool
replay_directory(const char *path, unsigned *count)
{
	struct dirent **entries;
	int n = scandir(path, &entries, entry_wanted, alphasort);
	bool ok = n >= 0;

	for (int i = 0; i < n; i++) {
		char inner[PATH_MAX];

		if (snprintf(inner, sizeof(inner), "%s/%s", path,
			entries[i]->d_name) >= (int)sizeof(inner))
			ok = false;
		else
			ok = replay_path(inner, count) && ok;
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return ok;
}

static bool
replay_path(const char *path, unsigned *count)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		fprintf(stderr, "replay: no %s\n", path);
		return false;
	}
	if (S_ISDIR(st.st_mode))
		return replay_directory(path, count);
	if ((size_t)st.st_size > REPLAY_MAX) {
		fprintf(stderr, "replay: %s is too large\n", path);
		return false;
	}
	return replay_file(path, (size_t)st.st_size, count);
}

int
main(int argc, char **argv)
{
	unsigned count = 0;
	bool ok = true;

	for (int i = 1; i < argc; i++)
		ok = replay_path(argv[i], &count) && ok;
	if (count == 0) {
		fprintf(stderr, "replay: no input was found\n");
		return 1;
	}
	printf("%u inputs replayed\n", count);
	return ok ? 0 : 1;
}
