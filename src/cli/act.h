/*
 * An operator's act on the CAs themselves: what `ca new`, `rollover`, `cross`,
 * `retire` and `crl` have in common.  The key files are opened here, by the
 * person who has their passphrase, and never by the server (design section 4).
 *
 * An act goes key → certificate → record → configuration, each durable before
 * the next.  Nothing counts before the configuration names it, so whoever is
 * killed half-way runs the same command again: what fits is taken up, what does
 * not fit is never written over.
 *
 * One thread; texts lie in cli->arena.
 */
#ifndef CLI_ACT_H
#define CLI_ACT_H

#include "ca/ceremony.h"
#include "ca/load.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "config/edit.h"

#define ACT_EDITS_MAX 64u

struct act {
	struct cli *cli;
	const char *what; /* "ca-rollover", for the record */
	const char *passphrase_file, *root_passphrase_file, *root_key;
	bool dry_run, no_reload;

	struct config *config;
	struct bytes text; /* of its file */
	struct loaded_ca *cas;
	struct lane *lane;
	int64_t now;
	uint8_t node;
	int state; /* descriptor of the state directory */
	int keys; /* of its keys/, locked */
	struct secret *passphrase, *root_passphrase;
	struct config_edit edits[ACT_EDITS_MAX];
	size_t edits_n;
	json_t *report; /* what is printed at the end; in the arena */
};

/* The options that all of them have; the caller's own go before. */
#define ACT_OPTIONS(act)                                                       \
	{ "passphrase-file", OPTION_TEXT, &(act)->passphrase_file, 0, 0 },     \
	    { "root-passphrase-file", OPTION_TEXT,                             \
		    &(act)->root_passphrase_file, 0, 0 },                      \
	    { "root-key", OPTION_TEXT, &(act)->root_key, 0, 0 },               \
	    { "dry-run", OPTION_FLAG, &(act)->dry_run, 0, 0 },                 \
	{                                                                      \
		"no-reload", OPTION_FLAG, &(act)->no_reload, 0, 0              \
	}

/* Loads configuration and certificates.  ERR_CONFIG: mistakes, told already in
 * full. */
bool act_open(struct act *act, struct err *err) MUST_CHECK;
void act_close(struct act *act);

/* ERR_NOT_FOUND names those that there are. */
bool act_ca(const struct act *act, const char *name,
    const struct loaded_ca **out, struct err *err) MUST_CHECK;
/* A name that no CA, key, certificate or CRL has yet. */
bool act_check_new_name(
    const struct act *act, const char *name, struct err *err) MUST_CHECK;
/* That of the CAs' online keys; the act owns it. */
bool act_passphrase(
    struct act *act, const struct secret **out, struct err *err) MUST_CHECK;
/* Opens a CA's key, offline or not, and holds it against the certificate. */
bool act_open_key(struct act *act, const struct loaded_ca *ca,
    struct privkey **out, struct err *err) MUST_CHECK;

/* keys/NAME.key under the CAs' passphrase, or the root's: made, or taken up
 * from an act that was not finished. */
bool act_make_key(struct act *act, const char *name, const char *kind,
    bool offline, struct privkey **out, struct err *err) MUST_CHECK;
/* Is there a certificate for the key by that issuer already?  ERR_CONFLICT:
 * there is another one. */
bool act_find_cert(struct act *act, const char *path, struct bytes spki,
    const struct cert *issuer, struct cert *out, bool *found,
    struct err *err) MUST_CHECK;
/* Writes a new one and parses it. */
bool act_write_cert(struct act *act, const char *path, struct bytes der,
    struct cert *out, struct err *err) MUST_CHECK;
/* As a leaf of the log: through the running server, else into the store. */
bool act_record_cert(struct act *act, const char *ca, const char *by,
    const struct cert *cert, struct err *err) MUST_CHECK;
bool act_record(struct act *act, const char *kind, json_t *event,
    struct err *err) MUST_CHECK;

/* An edit that act_commit makes; text NULL: null. */
void act_edit(struct act *act, const char *path, const char *text);
void act_edit_list(
    struct act *act, const char *path, const struct config_strings *list);
/* The configuration with all edits: checked as `check` does, the old file kept
 * beside it, then replaced. */
bool act_commit(struct act *act, struct err *err) MUST_CHECK;
/* Has a running server take it up: until /cas/NAME has the text.  What it says
 * goes into the report. */
void act_reload(struct act *act, const char *ca, const char *text);
/* The same for what another path of the control socket answers. */
void act_reload_seen(struct act *act, const char *path, const char *text);

/* Members of the report, in the order in which they are printed. */
void act_say(struct act *act, const char *key, const char *text);
void act_say_cert(struct act *act, const struct cert *cert);
int act_end(struct act *act, bool ok, const struct err *err);

/* Shorthands. */
#define act_printf(act, ...) arena_printf((act)->cli->arena, __VA_ARGS__)
struct ceremony act_ceremony(const struct act *act, int64_t lifetime);
/* NULL when nobody knows the port that certificates would name. */
const char *act_base_url(const struct act *act);
const char *act_hex(const struct act *act, struct bytes b);

#endif
