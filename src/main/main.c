/*
 * chancery: a certification authority server.  `chancery help` lists what it
 * does; docs/architecture.md tells how it is built.
 */
#include <stdio.h>
#include <string.h>

#include "main/child.h"
#include "main/init.h"
#include "main/supervisor.h"
#include "util/fault.h"

/* The commands that wire processes together; all others are in cli/. */
static const struct cli_command commands[] = {
	{ "init",
	    "--name NAME --host HOST [--https-port N] [--http-port N] "
	    "[--est-port N] [--ops-port N] [--key KIND] [--sub-ca] "
	    "[--passphrase-file F] [--root-passphrase-file F] [--testing]",
	    "makes a CA: keys, certificates, configuration, store",
	    main_init },
	{ "serve",
	    "[--ready-fd N] [--testing] [--passphrase-file F] "
	    "[--list-faults]",
	    "serves it", main_serve },
	{ NULL, NULL, NULL, NULL },
};

int
main(int argc, char **argv)
{
	/* Exec'ed by the supervisor, with the boot channel as descriptor 3. */
	if (argc == 3 && strcmp(argv[1], "--child") == 0)
		return strcmp(argv[2], "signer") == 0 ? child_signer() :
							child_server();
	if (!fault_init()) {
		dprintf(2, "chancery: CHANCERY_FAULT is not "
			   "<point>:<n>:kill|eio|enospc of a known point\n");
		return EXIT_USAGE;
	}
	return cli_main(argc, argv, commands);
}
