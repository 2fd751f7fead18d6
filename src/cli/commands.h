/* The commands' entries; each lies in the file of its noun. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"

int check_run(struct cli *cli);
int config_run(struct cli *cli);
int urls_run(struct cli *cli);
int version_run(struct cli *cli);
int backup_run(struct cli *cli);
int cert_issue_run(struct cli *cli);
int cert_list_run(struct cli *cli);
int cert_show_run(struct cli *cli);
int cert_revoke_run(struct cli *cli);
int account_list_run(struct cli *cli);
int account_show_run(struct cli *cli);
int account_deactivate_run(struct cli *cli);
int order_list_run(struct cli *cli);
int order_show_run(struct cli *cli);
int ca_list_run(struct cli *cli);
int ca_show_run(struct cli *cli);
int ca_export_run(struct cli *cli);
int ca_import_run(struct cli *cli);
int ca_new_run(struct cli *cli);
int ca_rollover_run(struct cli *cli);
int ca_cross_run(struct cli *cli);
int ca_retire_run(struct cli *cli);
int ra_show_run(struct cli *cli);
int ra_rotate_run(struct cli *cli);
int ra_retire_run(struct cli *cli);
int ca_crl_run_command(struct cli *cli);
int crl_now_run(struct cli *cli);
int crl_show_run(struct cli *cli);
int log_checkpoint_run(struct cli *cli);
int log_verify_run(struct cli *cli);
int log_prove_run(struct cli *cli);
int log_check_proof_run(struct cli *cli);
int log_replay_run(struct cli *cli);
int log_export_run(struct cli *cli);
int token_create_run(struct cli *cli);
int token_list_run(struct cli *cli);
int token_revoke_run(struct cli *cli);
int operator_add_run(struct cli *cli);
int operator_list_run(struct cli *cli);
int operator_remove_run(struct cli *cli);
int approval_list_run(struct cli *cli);
int approval_show_run(struct cli *cli);
int approval_approve_run(struct cli *cli);
int approval_reject_run(struct cli *cli);

#endif
