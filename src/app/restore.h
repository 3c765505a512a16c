/*
 * restore.h - a folder made of a backup (backup.h), for a platform to start in.
 *
 * How:      the files are checked against the manifest while they are copied into a folder beside,
 *           which takes its name at the very end: what is there under the name is whole. In between
 *           every log's epoch is raised and the positions in it go along (events/epoch.h), and
 *           nothing is sent to the provider until reconciliation has run
 *           (payments/provider_hold.h).
 * Owner:    a command's own thread.
 * Errors:   PGL_CONFLICT when the folder is not empty, PGL_DATA_LOSS when the backup is not what
 *           its manifest says.
 */
#ifndef PGL_APP_RESTORE_H
#define PGL_APP_RESTORE_H

#include "app/boot.h"

PGL_MUST_USE pgl_status pgl_restore(struct pgl_platform *platform, const char *from,
                                    const char *folder);

#endif
