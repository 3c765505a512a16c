/*
 * commands.h - the commands of the program, a file each. `argv` begins behind the command's name;
 * the result is the exit code: 0 done, 1 it could not be done or something is wrong, 2 called in a
 * wrong way.
 */
#ifndef PGL_APP_COMMANDS_H
#define PGL_APP_COMMANDS_H

#include "platform/platform.h"

#define PGL_EXIT_DONE  0
#define PGL_EXIT_WRONG 1
#define PGL_EXIT_USAGE 2

int pgl_serve_command(struct pgl_platform *platform, int argc, char **argv);
int pgl_config_command(struct pgl_platform *platform, int argc, char **argv);
int pgl_token_command(struct pgl_platform *platform, int argc, char **argv);
int pgl_verify_command(struct pgl_platform *platform, int argc, char **argv);
int pgl_reconcile_command(struct pgl_platform *platform, int argc, char **argv);
int pgl_ctl_command(struct pgl_platform *platform, int argc, char **argv);
int pgl_call_command(struct pgl_platform *platform, int argc, char **argv);
int pgl_audit_log_command(struct pgl_platform *platform, int argc, char **argv);
int pgl_backup_command(struct pgl_platform *platform, int argc, char **argv);
int pgl_restore_command(struct pgl_platform *platform, int argc, char **argv);
int pgl_import_command(struct pgl_platform *platform, int argc, char **argv);
int pgl_bench_command(struct pgl_platform *platform, int argc, char **argv);
int pgl_provider_command(struct pgl_platform *platform, int argc, char **argv);
int pgl_sim_command(struct pgl_platform *platform, int argc, char **argv);
int pgl_version_command(struct pgl_platform *platform, int argc, char **argv);

#endif
