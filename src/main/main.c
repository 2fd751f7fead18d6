/*
 * chancery: a certification authority server.  `chancery help` lists what it
 * does; docs/architecture.md tells how it is built.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "main/child.h"
#include "main/init.h"
#include "main/supervisor.h"
#include "util/fault.h"
#include "util/log.h"

#define PASSPHRASE_FILE                                                        \
	{                                                                      \
		"--passphrase-file", "F",                                      \
		    "Read the passphrase of the CA keys from the first line "  \
		    "of F."                                                    \
	}

static const struct cli_option init_help[] = {
	{ "--name", "NAME", "The CA's name as people read it." },
	{ "--host", "HOST",
	    "The name or address that clients reach this server by." },
	{ "--https-port", "N", "Port of ACME, default 8443." },
	{ "--http-port", "N",
	    "Port of CRLs and CA certificates, default "
	    "8080." },
	{ "--est-port", "N", "Port of EST, default 8444." },
	{ "--ops-port", "N",
	    "Port of the metrics, on 127.0.0.1, default "
	    "9464." },
	{ "--key", "KIND",
	    "Keys of the CAs: ec-p256 (default), ec-p384, rsa-2048, "
	    "rsa-3072, rsa-4096 or ed25519." },
	{ "--sub-ca", NULL,
	    "Make no root: the issuing CA's key and a certificate signing "
	    "request for another CA; see ca import." },
	PASSPHRASE_FILE,
	{ "--root-passphrase-file", "F",
	    "Read the passphrase of the root's key from the first line of "
	    "F." },
	{ "--testing", NULL,
	    "Make a CA for tests: its names say so, loopback addresses are "
	    "validated, serve --testing accepts it." },
	{ NULL, NULL, NULL },
};

static const struct cli_option serve_help[] = {
	{ "--ready-fd", "N",
	    "Write ready and a newline to descriptor N when the server "
	    "answers." },
	{ "--testing", NULL,
	    "Obey the testing section of the configuration; refused unless "
	    "the CA was made by init --testing." },
	PASSPHRASE_FILE,
	{ "--list-faults", NULL,
	    "Print the fault points of this build and exit." },
	{ NULL, NULL, NULL },
};

/* The commands that wire processes together; all others are in cli/. */
static const struct cli_command commands[] = {
	{ "init",
	    "--name NAME --host HOST [--https-port N] [--http-port N] "
	    "[--est-port N] [--ops-port N] [--key KIND] [--sub-ca] "
	    "[--passphrase-file F] [--root-passphrase-file F] [--testing]",
	    "makes a CA: keys, certificates, configuration, store", main_init,
	    init_help },
	{ "serve",
	    "[--ready-fd N] [--testing] [--passphrase-file F] "
	    "[--list-faults]",
	    "serves the CA of the state directory", main_serve, serve_help },
	{ NULL, NULL, NULL, NULL, NULL },
};

int
main(int argc, char **argv)
{
	int fd;

	/* A socket or a key that is opened must never become standard error. */
	while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO)
		continue;
	if (fd > STDERR_FILENO)
		close(fd);
	/* Exec'ed by the supervisor, with the boot channel as descriptor 3. */
	if (argc == 3 && strcmp(argv[1], "--child") == 0)
		return strcmp(argv[2], "signer") == 0 ? child_signer()
						      : child_server();
	/* Commands speak on standard output; only what went wrong is logged. */
	log_init(LOG_TEXT, LOG_WARN, "chancery");
	if (!fault_init()) {
		dprintf(2,
		    "chancery: CHANCERY_FAULT is not "
		    "<point>:<n>:kill|eio|enospc of a known point\n");
		return EXIT_USAGE;
	}
	return cli_main(argc, argv, commands);
}
