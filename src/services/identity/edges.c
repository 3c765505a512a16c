/* edges.c - what edges ask about keys: whose a secret is, what has changed; and what they tell. */
#include "services/identity/identity_sql.h"

#include "wire/message.h"

/* Versions are told one higher than they are, so that 0 is behind none. */
static pgl_status newest(const struct pgl_view *view, int64_t *version)
{
    PGL_TRY(key_newest_version(view, version));
    ++*version;
    return PGL_OK;
}

/* ---- whose secret ---- */

/* Every key is compared with both, so that the time tells nothing. */
static bool lets_in(const struct key_row *row, const uint8_t digest[PGL_DIGEST_BYTES],
                    int64_t now_ns, int64_t *until_ns)
{
    bool is_new = pgl_digest_equal(row->secret, digest);
    bool is_old = pgl_digest_equal(row->old_secret, digest) && row->has_old_secret;
    *until_ns = row->expires_at_ns;
    if (!is_new && (*until_ns == 0 || row->old_secret_until_ns < *until_ns))
        *until_ns = row->old_secret_until_ns;
    bool is_over = *until_ns != 0 && *until_ns <= now_ns;
    return (is_new || is_old) && !is_over && row->revoked_at_ns == 0;
}

pgl_status pgl_identity_verify(const struct pgl_view *view, const struct identity_verify *verify,
                               VerifyKeyResponse *reply)
{
    static const pgl_status refused = { PGL_UNAUTHENTICATED, "the API key is not valid" };
    const VerifyKeyRequest *ask = verify->ask;
    struct key_row row;
    if (ask->digest.len != PGL_DIGEST_BYTES)
        return PGL_FAIL(PGL_INVALID, "a digest has 32 bytes");
    pgl_status found = key_get(view, pgl_text_of(ask->id), NULL, &row);
    if (found.code == PGL_NOT_FOUND)
        return refused;
    PGL_TRY(found);
    if (!lets_in(&row, ask->digest.data, verify->now_ns, &reply->until_at_ns))
        return refused;
    reply->tenant = pgl_message_string(row.tenant.data);
    reply->subject = pgl_message_string(row.subject.data);
    reply->role = row.role;
    reply->plan = pgl_message_string(row.plan.data);
    reply->used_at_ns = row.used_at_ns;
    reply->day_count = row.day_count;
    reply->month_count = row.month_count;
    PGL_TRY(key_split(view->arena, row.scopes, PGL_SCOPE_COUNT, &reply->scopes, &reply->n_scopes));
    PGL_TRY(key_split(view->arena, row.cidrs, PGL_KEY_CIDRS_MAX, &reply->cidrs, &reply->n_cidrs));
    return newest(view, &reply->version);
}

/* ---- news ---- */

pgl_status pgl_identity_news(const struct pgl_view *view, const WatchKeysRequest *ask,
                             WatchKeysResponse *reply)
{
    int count = 0;
    PGL_TRY(newest(view, &reply->version));
    if (ask->after == 0)
        return PGL_OK;
    reply->ids = pgl_arena_alloc(view->arena, (PGL_KEY_NEWS_MAX + 1) * sizeof reply->ids[0]);
    if (reply->ids == NULL)
        return PGL_NO_MEMORY;
    PGL_TRY(keys_changed(view, ask->after - 1, PGL_KEY_NEWS_MAX + 1, reply->ids, &count));
    /* A file that was restored knows of less than the edge has heard. */
    reply->is_all = count > PGL_KEY_NEWS_MAX || ask->after > reply->version;
    reply->n_ids = reply->is_all ? 0 : (size_t)count;
    return PGL_OK;
}

/* ---- use ---- */

pgl_status pgl_identity_note_use(struct pgl_tx *tx, const NoteKeyUseRequest *ask,
                                 NoteKeyUseResponse *reply)
{
    (void)reply;
    if (ask->n_uses > PGL_KEY_USES_MAX)
        return PGL_FAIL(PGL_INVALID, "uses: at most 100");
    for (size_t i = 0; i < ask->n_uses; i++)
        PGL_TRY(key_note_use(tx, ask->uses[i]));
    return PGL_OK;
}
