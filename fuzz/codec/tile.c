/* A tile has one path. */
#include "codec/tile.h"
#include "require.h"
#include "util/arena.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA *a = arena_new();
	char *path = arena_str(a, bytes_of(data, size)), *slash;
	AUTO_BUF again = { 0 };
	struct tile t;

	if (size == 0 || memchr(data, 0, size) != NULL)
		return 0;
	slash = strchr(path, '/');
	if (slash == NULL)
		return 0;
	*slash = '\0';
	if (!tile_path_parse(path, slash + 1, &t))
		return 0;
	REQUIRE(t.width > 0 && t.width <= TILE_WIDTH);
	tile_path_print(&t, &again);
	REQUIRE(bytes_equal(buf_bytes(&again), bytes_of(data, size)));
	return 0;
}
