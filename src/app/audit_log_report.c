/* audit_log_report.c - see audit_log_report.h. */
#include "app/audit_log_report.h"

#include "base/time.h"
#include "contract/admin.h"
#include "saga/audit_log.h"
#include "wire/json.h"
#include "wire/message.h"

#define LOGS 5

static const char *const services[LOGS] = { "orders", "payments", "inventory", "webhooks",
                                            "identity" };

static const struct pgl_view *view_of(const struct pgl_audit_cut *cut, int log)
{
    const struct pgl_view *const views[LOGS] = { &cut->orders, &cut->payments, &cut->inventory,
                                                 &cut->webhooks, &cut->identity };
    return views[log];
}

/* ---- a list ---- */

struct pile {
    struct pgl_rows rows; /* newest first */
    struct pgl_audit_row row;
    bool is_there;
};

static pgl_status next_of(struct pile *pile)
{
    PGL_TRY(pgl_rows_next(&pile->rows));
    pile->is_there = pile->rows.has_row;
    if (pile->is_there)
        pgl_audit_log_read(&pile->rows, &pile->row);
    return PGL_OK;
}

/* Takes one after another off the piles, the newest of them each time. */
static pgl_status gather(struct pile piles[LOGS], struct pgl_arena *arena, int64_t limit,
                         AuditEntry **entries, int64_t *count)
{
    for (*count = 0; *count < limit; ++*count) {
        int newest = -1;
        for (int i = 0; i < LOGS; i++)
            if (piles[i].is_there && (newest < 0 || piles[i].row.at_ns > piles[newest].row.at_ns))
                newest = i;
        if (newest < 0)
            return PGL_OK;
        const struct pgl_audit_row *row = &piles[newest].row;
        AuditEntry *entry = pgl_message_new(AUDIT_ENTRY_DESCRIPTOR, arena);
        char *hash = pgl_arena_zalloc(arena, 2 * PGL_AUDIT_HASH_BYTES + 1);
        if (entry == NULL || hash == NULL)
            return PGL_NO_MEMORY;
        pgl_hex_encode(row->hash, sizeof row->hash, hash);
        entry->seq = row->seq;
        entry->service = pgl_message_string(services[newest]);
        entry->at_ns = row->at_ns;
        entry->tenant = pgl_arena_string(arena, row->tenant);
        entry->actor = pgl_arena_string(arena, row->actor);
        entry->action = pgl_arena_string(arena, row->action);
        entry->target = pgl_arena_string(arena, row->target);
        entry->reason = pgl_arena_string(arena, row->reason);
        entry->outcome = pgl_arena_string(arena, row->outcome);
        entry->hash = hash;
        entries[*count] = entry;
        PGL_TRY(next_of(&piles[newest]));
    }
    return arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

static void write_entry(const AuditEntry *entry, bool is_json, struct pgl_buffer *out)
{
    char at[PGL_TIME_TEXT_BYTES];
    if (is_json) {
        pgl_json_write(&entry->base, out);
        pgl_buffer_add_char(out, '\n');
        return;
    }
    pgl_time_format(entry->at_ns, at);
    pgl_buffer_printf(out, "%.*s  %-9s %5lld  %s  %s  %s", (int)sizeof at, at, entry->service,
                      (long long)entry->seq, entry->actor, entry->action, entry->target);
    if (entry->reason[0] != '\0')
        pgl_buffer_printf(out, "  \"%s\"", entry->reason);
    pgl_buffer_printf(out, "  %s\n", entry->outcome);
}

pgl_status pgl_audit_log_write(const struct pgl_audit_cut *cut, int64_t limit, bool is_json,
                               struct pgl_buffer *out)
{
    struct pile piles[LOGS];
    struct pgl_arena *arena = cut->orders.arena;
    int64_t count = 0;
    pgl_status status = PGL_OK;
    AuditEntry **entries = pgl_arena_alloc(arena, (size_t)limit * sizeof entries[0]);
    for (int i = 0; i < LOGS; i++) {
        piles[i] = (struct pile){ .rows = pgl_audit_log_below(view_of(cut, i), 0, NULL) };
        if (pgl_is_ok(status))
            status = entries != NULL ? next_of(&piles[i]) : PGL_NO_MEMORY;
    }
    if (pgl_is_ok(status))
        status = gather(piles, arena, limit, entries, &count);
    for (int i = 0; i < LOGS; i++)
        pgl_rows_end(&piles[i].rows);
    while (pgl_is_ok(status) && count > 0)
        write_entry(entries[--count], is_json, out);
    return status;
}

/* ---- the chains ---- */

static void write_chain(const char *service, const struct pgl_audit_chain *chain, bool is_json,
                        struct pgl_buffer *out)
{
    char hash[2 * PGL_AUDIT_HASH_BYTES + 1] = "";
    pgl_hex_encode(chain->hash, sizeof chain->hash, hash);
    if (is_json) {
        pgl_buffer_printf(out,
                          "{\"service\":\"%s\",\"ok\":%s,\"entries\":%lld,\"hash\":\"%s\","
                          "\"brokenAt\":%lld}\n",
                          service, chain->broken_seq == 0 ? "true" : "false",
                          (long long)chain->entries, hash, (long long)chain->broken_seq);
        return;
    }
    pgl_buffer_printf(out, "%-9s %6lld entries  newest %s  ", service, (long long)chain->entries,
                      hash);
    if (chain->broken_seq == 0)
        pgl_buffer_add_literal(out, "whole\n");
    else
        pgl_buffer_printf(out, "BROKEN at entry %lld\n", (long long)chain->broken_seq);
}

pgl_status pgl_audit_log_check(const struct pgl_audit_cut *cut, bool is_json,
                               struct pgl_buffer *out, bool *is_whole)
{
    *is_whole = true;
    for (int i = 0; i < LOGS; i++) {
        struct pgl_audit_chain chain;
        PGL_TRY(pgl_audit_log_verify(view_of(cut, i), &chain));
        write_chain(services[i], &chain, is_json, out);
        *is_whole &= chain.broken_seq == 0;
    }
    return PGL_OK;
}
