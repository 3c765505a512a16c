/*
 * kept_sql.h - the bank's records in a file: what was kept last, by kind and number.
 */
#ifndef PGL_APP_PROVIDER_KEPT_SQL_H
#define PGL_APP_PROVIDER_KEPT_SQL_H

#include "app/provider/bank.h"
#include "store/database.h"

/* Makes the table where there is none. */
PGL_MUST_USE pgl_status pgl_kept_open(struct pgl_database *db);

/* Gives everything that is there to the bank. */
PGL_MUST_USE pgl_status pgl_kept_load(struct pgl_database *db, struct pgl_bank *bank);

/* Inside a transaction; an empty record takes the earlier one away. */
PGL_MUST_USE pgl_status pgl_kept_write(struct pgl_database *db, enum pgl_bank_kind kind,
                                       uint64_t number, struct pgl_text record);

#endif
