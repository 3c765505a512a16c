/* keys.c - what operators do with API keys. */
#include "services/identity/identity_sql.h"

#include "base/ip.h"
#include "base/time.h"
#include "saga/audit_log.h"
#include "saga/caller.h"
#include "saga/condition.h"
#include "wire/message.h"

#define FORGOTTEN_AFTER_NS PGL_HOURS(30 * 24)

/* ---- what a key may be ---- */

static pgl_status check_words(const char *text, size_t bytes_max, const char *complaint)
{
    return strlen(text) <= bytes_max && pgl_text_is_utf8(pgl_text_of(text))
               ? PGL_OK
               : PGL_FAIL(PGL_INVALID, complaint);
}

/* As of a token: both are looked for in the same rows. */
static pgl_status check_subject(const char *subject)
{
    bool is_right = strlen(subject) <= PGL_KEY_SUBJECT_BYTES_MAX;
    for (const char *c = subject; *c != '\0'; c++)
        is_right = is_right && *c >= ' ' && *c <= '~';
    return is_right ? PGL_OK : PGL_FAIL(PGL_INVALID, "subject: at most 128 printable characters");
}

static pgl_status check_plan(const char *plan)
{
    bool is_right = strlen(plan) <= PGL_KEY_PLAN_BYTES_MAX;
    for (const char *c = plan; *c != '\0'; c++)
        is_right = is_right && ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                                (*c >= '0' && *c <= '9') || strchr("._-", *c) != NULL);
    return is_right ? PGL_OK
                    : PGL_FAIL(PGL_INVALID, "plan: at most 64 letters, digits, dots and dashes");
}

/* Joined by blanks, in the arena; each once. */
static pgl_status join_scopes(struct pgl_arena *arena, char **scopes, size_t count,
                              struct pgl_text *joined)
{
    const char *text = "";
    uint32_t seen = 0;
    if (count == 0)
        return PGL_FAIL(PGL_INVALID, "scopes: one at least");
    for (size_t i = 0; i < count; i++) {
        uint32_t scope = pgl_scope_named(pgl_text_of(scopes[i]));
        if (scope == 0)
            return PGL_FAIL(PGL_INVALID,
                            pgl_arena_printf(arena, "scopes[%zu]: there is no such scope", i));
        if ((seen & scope) == 0)
            text = pgl_arena_printf(arena, "%s%s%s", text, seen != 0 ? " " : "", scopes[i]);
        seen |= scope;
    }
    *joined = pgl_text_of(text);
    return arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

static pgl_status join_cidrs(struct pgl_arena *arena, char **cidrs, size_t count,
                             struct pgl_text *joined)
{
    const char *text = "";
    struct pgl_ip_range range;
    if (count > PGL_KEY_CIDRS_MAX)
        return PGL_FAIL(PGL_INVALID, "cidrs: at most 8");
    for (size_t i = 0; i < count; i++) {
        if (!pgl_ip_range_read(pgl_text_of(cidrs[i]), &range))
            return PGL_FAIL(PGL_INVALID,
                            pgl_arena_printf(arena, "cidrs[%zu]: ADDRESS or ADDRESS/BITS", i));
        text = pgl_arena_printf(arena, "%s%s%s", text, i > 0 ? " " : "", cidrs[i]);
    }
    *joined = pgl_text_of(text);
    return arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

static pgl_status read_expiry(int64_t now_ns, int64_t expires_in_s, int64_t *expires_at_ns)
{
    if (expires_in_s < 0 || expires_in_s > PGL_KEY_EXPIRES_MAX_S)
        return PGL_FAIL(PGL_INVALID, "expiresInS: 1 to 316224000 is expected");
    *expires_at_ns = expires_in_s > 0 ? now_ns + PGL_SECONDS(expires_in_s) : 0;
    return PGL_OK;
}

/* ---- showing ---- */

static KeyState state_of(const struct key_row *row, int64_t now_ns)
{
    if (row->revoked_at_ns > 0)
        return KEY_STATE_REVOKED;
    bool is_over = row->expires_at_ns > 0 && row->expires_at_ns <= now_ns;
    return is_over ? KEY_STATE_EXPIRED : KEY_STATE_ACTIVE;
}

static pgl_status show(struct pgl_arena *arena, const struct key_row *row, int64_t now_ns,
                       ApiKey **key)
{
    ApiKey *shown = pgl_message_new(API_KEY_DESCRIPTOR, arena);
    *key = shown;
    if (shown == NULL)
        return PGL_NO_MEMORY;
    shown->id = pgl_arena_string(arena, row->id);
    shown->name = pgl_arena_string(arena, row->name);
    shown->state = state_of(row, now_ns);
    shown->subject = pgl_arena_string(arena, row->subject);
    shown->role = row->role;
    shown->plan = pgl_arena_string(arena, row->plan);
    shown->created_at_ns = row->created_at_ns;
    shown->expires_at_ns = row->expires_at_ns;
    shown->revoked_at_ns = row->revoked_at_ns;
    shown->used_at_ns = row->used_at_ns;
    shown->version = row->version;
    if (row->has_old_secret && row->old_secret_until_ns > now_ns)
        shown->old_secret_until_at_ns = row->old_secret_until_ns;
    PGL_TRY(key_split(arena, row->cidrs, PGL_KEY_CIDRS_MAX, &shown->cidrs, &shown->n_cidrs));
    return key_split(arena, row->scopes, PGL_SCOPE_COUNT, &shown->scopes, &shown->n_scopes);
}

/* The one time that anybody sees it. `digest` is what is kept. */
static pgl_status show_secret(struct pgl_tx *tx, struct pgl_text id,
                              const uint8_t secret[PGL_API_KEY_SECRET_BYTES], ApiKey *shown,
                              uint8_t digest[PGL_DIGEST_BYTES])
{
    const struct pgl_identity_core *core = pgl_tx_context(tx);
    char text[PGL_API_KEY_BYTES_MAX];
    struct pgl_api_key read;
    size_t size = pgl_api_key_write(pgl_text_of(core->env), id, secret, text);
    PGL_TRY(pgl_api_key_read((struct pgl_text){ text, size }, &read));
    memcpy(digest, read.digest, sizeof read.digest);
    shown->key = pgl_arena_string(pgl_tx_arena(tx), (struct pgl_text){ text, size });
    return shown->key != NULL ? PGL_OK : PGL_NO_MEMORY;
}

/* Another tenant's is as if it were not there. */
static pgl_status find(const struct pgl_view *view, const Caller *caller, const char *id,
                       struct key_row *row)
{
    if (!pgl_caller_is_operator(caller))
        return PGL_FAIL(PGL_DENIED, "this is for operators");
    return key_get(view, pgl_text_of(id), caller->tenant, row);
}

static pgl_status find_to_change(struct pgl_tx *tx, const Caller *caller, const char *id,
                                 struct key_row *row)
{
    PGL_TRY(find(&tx->view, caller, id, row));
    return row->revoked_at_ns == 0 ? PGL_OK : PGL_FAIL(PGL_CONFLICT, "the key is revoked");
}

/* Behind `show`: the version that the change has made. */
static pgl_status update(struct pgl_tx *tx, const struct key_row *row, ApiKey *shown)
{
    PGL_TRY(key_update(tx, row));
    return key_newest_version(&tx->view, &shown->version);
}

static void note_change(struct pgl_tx *tx)
{
    struct pgl_identity_core *core = pgl_tx_context(tx);
    core->is_changed = true;
}

/* ---- commands ---- */

/* `*leaves` is the one that makes room; empty where there is room. */
static pgl_status find_room(struct pgl_tx *tx, const char *tenant, struct pgl_text *leaves)
{
    int64_t count;
    *leaves = PGL_TEXT("");
    PGL_TRY(key_count(&tx->view, tenant, &count));
    if (count < PGL_KEYS_TENANT_MAX)
        return PGL_OK;
    PGL_TRY(key_long_revoked(&tx->view, tenant, pgl_tx_now_ns(tx) - FORGOTTEN_AFTER_NS, leaves));
    return leaves->size > 0
               ? PGL_OK
               : PGL_FAIL(PGL_CONFLICT, "there are 1000 keys, and there may be no more");
}

static pgl_status read_new(struct pgl_tx *tx, const struct identity_create *create,
                           struct key_row *row)
{
    const NewKey *wish = create->ask->key;
    struct pgl_arena *arena = pgl_tx_arena(tx);
    struct pgl_text id = { create->id, sizeof create->id };
    *row = (struct key_row){ .id = id,
                             .tenant = pgl_text_of(create->ask->caller->tenant),
                             .name = pgl_text_of(wish->name),
                             .subject = wish->subject[0] != '\0' ? pgl_text_of(wish->subject) : id,
                             .role = wish->role != ROLE_UNSPECIFIED ? wish->role : ROLE_PARTNER,
                             .plan = pgl_text_of(wish->plan),
                             .created_at_ns = pgl_tx_now_ns(tx) };
    if (row->role > ROLE_OPERATOR)
        return PGL_FAIL(PGL_INVALID, "role: there is no such role");
    PGL_TRY(check_words(wish->name, PGL_KEY_NAME_BYTES_MAX, "name: at most 128 bytes"));
    PGL_TRY(check_subject(wish->subject));
    PGL_TRY(check_plan(wish->plan));
    PGL_TRY(read_expiry(pgl_tx_now_ns(tx), wish->expires_in_s, &row->expires_at_ns));
    PGL_TRY(join_scopes(arena, wish->scopes, wish->n_scopes, &row->scopes));
    return join_cidrs(arena, wish->cidrs, wish->n_cidrs, &row->cidrs);
}

pgl_status pgl_identity_create(struct pgl_tx *tx, const struct identity_create *create,
                               KeyResponse *reply)
{
    const CreateKeyRequest *ask = create->ask;
    struct key_row row, taken;
    struct pgl_text leaves;
    if (!pgl_caller_is_operator(ask->caller))
        return PGL_FAIL(PGL_DENIED, "this is for operators");
    if (ask->key == NULL)
        return PGL_FAIL(PGL_INVALID, "a key is expected");
    PGL_TRY(read_new(tx, create, &row));
    if (key_get(&tx->view, row.id, NULL, &taken).code != PGL_NOT_FOUND)
        return PGL_FAIL(PGL_ABORTED, "a key of this name has just been made; try again");
    PGL_TRY(show(pgl_tx_arena(tx), &row, row.created_at_ns, &reply->key));
    PGL_TRY(show_secret(tx, row.id, create->secret, reply->key, row.secret));
    PGL_TRY(find_room(tx, ask->caller->tenant, &leaves));
    note_change(tx);
    if (leaves.size > 0)
        PGL_TRY(key_delete(tx, leaves));
    PGL_TRY(key_insert(tx, &row));
    PGL_TRY(key_newest_version(&tx->view, &reply->key->version));
    return pgl_audit_log_append(tx, ask->caller, "key.create", reply->key->id, row.name.data,
                                row.scopes.data);
}

static pgl_status apply(struct pgl_tx *tx, const KeyChange *change, struct key_row *row)
{
    struct pgl_arena *arena = pgl_tx_arena(tx);
    PGL_TRY(check_words(change->name, PGL_KEY_NAME_BYTES_MAX, "name: at most 128 bytes"));
    PGL_TRY(check_plan(change->plan));
    if (change->name[0] != '\0')
        row->name = pgl_text_of(change->name);
    if (change->plan[0] != '\0')
        row->plan = pgl_text_of(change->plan);
    if (change->n_scopes > 0)
        PGL_TRY(join_scopes(arena, change->scopes, change->n_scopes, &row->scopes));
    if (change->n_cidrs > 0 || change->any_address)
        PGL_TRY(join_cidrs(arena, change->cidrs, change->any_address ? 0 : change->n_cidrs,
                           &row->cidrs));
    if (change->expires_in_s != 0 || change->never_expires)
        PGL_TRY(read_expiry(pgl_tx_now_ns(tx), change->never_expires ? 0 : change->expires_in_s,
                            &row->expires_at_ns));
    return PGL_OK;
}

pgl_status pgl_identity_change(struct pgl_tx *tx, const ChangeKeyRequest *ask, KeyResponse *reply)
{
    struct key_row row;
    PGL_TRY(find_to_change(tx, ask->caller, ask->id, &row));
    if (ask->change == NULL)
        return PGL_FAIL(PGL_INVALID, "a change is expected");
    PGL_TRY(pgl_condition_check(ask->condition, row.version));
    PGL_TRY(apply(tx, ask->change, &row));
    PGL_TRY(show(pgl_tx_arena(tx), &row, pgl_tx_now_ns(tx), &reply->key));
    note_change(tx);
    PGL_TRY(update(tx, &row, reply->key));
    return pgl_audit_log_append(tx, ask->caller, "key.change", ask->id, "", row.scopes.data);
}

/* Asked twice, the first time counts. */
pgl_status pgl_identity_revoke(struct pgl_tx *tx, const RevokeKeyRequest *ask, KeyResponse *reply)
{
    struct key_row row;
    PGL_TRY(pgl_reason_check(ask->reason));
    PGL_TRY(find(&tx->view, ask->caller, ask->id, &row));
    bool was_revoked = row.revoked_at_ns > 0;
    if (!was_revoked)
        row.revoked_at_ns = pgl_tx_now_ns(tx);
    PGL_TRY(show(pgl_tx_arena(tx), &row, pgl_tx_now_ns(tx), &reply->key));
    if (was_revoked)
        return PGL_OK;
    note_change(tx);
    PGL_TRY(update(tx, &row, reply->key));
    return pgl_audit_log_append(tx, ask->caller, "key.revoke", ask->id, ask->reason, "revoked");
}

static pgl_status read_overlap(const KeyRotation *rotation, int64_t *overlap_s)
{
    *overlap_s = rotation == NULL || rotation->overlap_s == 0 ? PGL_KEY_OVERLAP_USUAL_S
                                                              : rotation->overlap_s;
    if (rotation != NULL && rotation->at_once)
        *overlap_s = 0;
    return *overlap_s >= 0 && *overlap_s <= PGL_KEY_OVERLAP_MAX_S
               ? PGL_OK
               : PGL_FAIL(PGL_INVALID, "overlapS: 1 to 2592000 is expected");
}

/* Two secrets at most let in: the one before the last does not any more. */
pgl_status pgl_identity_rotate(struct pgl_tx *tx, const struct identity_rotate *rotate,
                               KeyResponse *reply)
{
    const RotateKeyRequest *ask = rotate->ask;
    struct key_row row;
    int64_t overlap_s;
    PGL_TRY(find_to_change(tx, ask->caller, ask->id, &row));
    PGL_TRY(read_overlap(ask->rotation, &overlap_s));
    row.has_old_secret = overlap_s > 0;
    memcpy(row.old_secret, row.secret, sizeof row.old_secret);
    row.old_secret_until_ns = overlap_s > 0 ? pgl_tx_now_ns(tx) + PGL_SECONDS(overlap_s) : 0;
    PGL_TRY(show(pgl_tx_arena(tx), &row, pgl_tx_now_ns(tx), &reply->key));
    PGL_TRY(show_secret(tx, row.id, rotate->secret, reply->key, row.secret));
    note_change(tx);
    PGL_TRY(update(tx, &row, reply->key));
    return pgl_audit_log_append(tx, ask->caller, "key.rotate", ask->id, "",
                                overlap_s > 0 ? "replaced" : "replaced at once");
}

/* ---- questions ---- */

pgl_status pgl_identity_get(const struct pgl_view *view, const struct identity_look *look,
                            KeyResponse *reply)
{
    struct key_row row;
    PGL_TRY(find(view, look->ask->caller, look->ask->id, &row));
    return show(view->arena, &row, look->now_ns, &reply->key);
}

static pgl_status read_cursor(const char *cursor, int64_t *below)
{
    *below = INT64_MAX;
    if (cursor[0] == '\0')
        return PGL_OK;
    bool is_ours = pgl_is_ok(pgl_text_to_i64(pgl_text_of(cursor), below)) && *below > 0;
    return is_ours ? PGL_OK : PGL_FAIL(PGL_INVALID, "cursor: not one that we gave");
}

pgl_status pgl_identity_list(const struct pgl_view *view, const struct identity_list *list,
                             ListKeysResponse *reply)
{
    const ListKeysRequest *ask = list->ask;
    int64_t below;
    int count, limit = ask->limit;
    if (!pgl_caller_is_operator(ask->caller))
        return PGL_FAIL(PGL_DENIED, "this is for operators");
    if (limit < 1 || limit > 100)
        return PGL_FAIL(PGL_INVALID, "limit: 1 to 100 is expected");
    PGL_TRY(read_cursor(ask->cursor, &below));
    struct key_row *rows = pgl_arena_alloc(view->arena, (size_t)(limit + 1) * sizeof rows[0]);
    reply->items = pgl_arena_alloc(view->arena, (size_t)limit * sizeof reply->items[0]);
    if (rows == NULL || reply->items == NULL)
        return PGL_NO_MEMORY;
    PGL_TRY(keys_page(view, ask->caller->tenant, below, limit + 1, rows, &count));
    for (; reply->n_items < (size_t)limit && reply->n_items < (size_t)count; reply->n_items++)
        PGL_TRY(
            show(view->arena, &rows[reply->n_items], list->now_ns, &reply->items[reply->n_items]));
    if (count > limit)
        reply->next = pgl_message_string(
            pgl_arena_printf(view->arena, "%lld", (long long)rows[limit - 1].number));
    return PGL_OK;
}
