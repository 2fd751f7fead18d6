#include "cli/commands.h"
#include "cli/options.h"

int
config_run(struct cli *cli)
{
	bool markdown = false;
	const struct option_row rows[] = {
		{ "markdown", OPTION_FLAG, &markdown, 0, 0 },
	};
	struct err err = { 0 };
	AUTO_BUF text = { 0 };
	size_t n;

	if (!options_parse(cli, rows, COUNT_OF(rows), NULL, 0, &n, &err))
		return cli_fail(cli, EXIT_USAGE, &err);
	if (markdown)
		config_print_markdown(&text);
	else
		config_print_commented(&text);
	if (cli->json)
		return cli_print_json(cli,
		    json_pack("{s:s}", markdown ? "markdown" : "yaml",
			buf_cstr(&text)));
	fputs(buf_cstr(&text), stdout);
	return EXIT_DONE;
}
