#include "cli/commands.h"
#include "cli/options.h"

int
version_run(struct cli *cli)
{
	struct err err = { 0 };
	size_t n;

	if (!options_parse(cli, NULL, 0, NULL, 0, &n, &err))
		return cli_fail(cli, EXIT_USAGE, &err);
	if (cli->json)
		return cli_print_json(cli,
		    json_pack("{s:s, s:s}", "name", "chancery", "version",
			CHANCERY_VERSION));
	puts("chancery " CHANCERY_VERSION);
	return EXIT_DONE;
}
