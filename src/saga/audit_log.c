/* audit_log.c - see audit_log.h. */
#include "saga/audit_log.h"

#include "base/buffer.h"
#include "saga/audit_log_sql.h"
#include "saga/caller.h"
#include "wire/digest.h"

pgl_status pgl_reason_check(const char *reason)
{
    size_t size = reason != NULL ? strlen(reason) : 0;
    if (size == 0)
        return PGL_FAIL(PGL_INVALID, "reason: it is required; it is kept in the audit log");
    return size <= PGL_REASON_BYTES_MAX ? PGL_OK
                                        : PGL_FAIL(PGL_INVALID, "reason: at most 500 bytes");
}

/* ---- the hash ---- */

static void add_number(struct pgl_buffer *out, uint64_t number, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        pgl_buffer_add_char(out, (char)(uint8_t)(number >> (8 * i)));
}

/* SHA-256 of: the hash before (32 bytes, zero for the first), seq and at_ns (8 bytes each, big
 * endian), and each text with its size (4 bytes) before it. */
static pgl_status hash_row(const uint8_t before[PGL_AUDIT_HASH_BYTES],
                           const struct pgl_audit_row *row, uint8_t hash[PGL_AUDIT_HASH_BYTES])
{
    const struct pgl_text texts[] = { row->tenant, row->actor,  row->action,
                                      row->target, row->reason, row->outcome };
    struct pgl_buffer out;
    pgl_buffer_init(&out, SIZE_MAX);
    pgl_buffer_add(&out, before, PGL_AUDIT_HASH_BYTES);
    add_number(&out, (uint64_t)row->seq, 8);
    add_number(&out, (uint64_t)row->at_ns, 8);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        add_number(&out, texts[i].size, 4);
        pgl_buffer_add_text(&out, texts[i]);
    }
    bool is_whole = !out.is_full;
    pgl_sha256(pgl_buffer_text(&out), hash);
    pgl_buffer_free(&out);
    return is_whole ? PGL_OK : PGL_NO_MEMORY;
}

/* ---- writing ---- */

/* Cut between two characters. */
static struct pgl_text cut(const char *text)
{
    struct pgl_text whole = pgl_text_of(text);
    if (whole.size <= PGL_AUDIT_TEXT_BYTES)
        return whole;
    whole.size = PGL_AUDIT_TEXT_BYTES;
    while (whole.size > 0 && ((uint8_t)whole.data[whole.size] & 0xC0) == 0x80)
        whole.size--;
    return whole;
}

pgl_status pgl_audit_log_append(struct pgl_tx *tx, const Caller *caller, const char *action,
                                const char *target, const char *reason, const char *outcome)
{
    if (!pgl_caller_is_staff(caller))
        return PGL_OK;
    int64_t last_seq;
    uint8_t before[PGL_AUDIT_HASH_BYTES];
    PGL_TRY(audit_log_last(&tx->view, &last_seq, before));
    struct pgl_audit_row row = { .seq = last_seq + 1,
                                 .at_ns = pgl_tx_now_ns(tx),
                                 .tenant = cut(caller->tenant),
                                 .actor = cut(caller->subject),
                                 .action = cut(action),
                                 .target = cut(target),
                                 .reason = cut(reason),
                                 .outcome = cut(outcome) };
    PGL_TRY(hash_row(before, &row, row.hash));
    return audit_log_insert(tx, &row);
}

/* ---- reading ---- */

pgl_status pgl_audit_log_verify(const struct pgl_view *view, struct pgl_audit_chain *chain)
{
    *chain = (struct pgl_audit_chain){ 0 };
    struct pgl_rows rows = pgl_audit_log_behind(view, 0);
    pgl_status status;
    while (pgl_is_ok(status = pgl_rows_next(&rows)) && rows.has_row) {
        struct pgl_audit_row row;
        uint8_t hash[PGL_AUDIT_HASH_BYTES];
        pgl_audit_log_read(&rows, &row);
        status = hash_row(chain->hash, &row, hash);
        if (!pgl_is_ok(status))
            break;
        bool follows = row.seq == chain->entries + 1 && memcmp(hash, row.hash, sizeof hash) == 0;
        if (chain->broken_seq == 0 && !follows)
            chain->broken_seq = row.seq;
        chain->entries = row.seq;
        memcpy(chain->hash, row.hash, sizeof chain->hash);
    }
    pgl_rows_end(&rows);
    return status;
}
