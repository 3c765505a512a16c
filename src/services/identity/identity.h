/*
 * identity.h - what the handlers of Identity do: API keys, and whose secret is whose.
 *
 * Owner:    struct pgl_identity (service.h), the context of its writer.
 * Threads:  the writer's loop; questions look at the table alone.
 * Bounds:   the limits below. A tenant that has as many keys as it may is refused another, unless
 *           one was revoked a month ago: that one is forgotten.
 * Secrets:  drawn by the service's flows, shown in one answer, and kept as SHA-256.
 */
#ifndef PGL_IDENTITY_IDENTITY_H
#define PGL_IDENTITY_IDENTITY_H

#include "contract/identity.h"
#include "store/tx.h"
#include "wire/api_key.h"

#define PGL_KEYS_TENANT_MAX       1000
#define PGL_KEY_NAME_BYTES_MAX    128
#define PGL_KEY_SUBJECT_BYTES_MAX 128 /* as of a token */
#define PGL_KEY_PLAN_BYTES_MAX    64
#define PGL_KEY_CIDRS_MAX         8
#define PGL_KEY_OVERLAP_USUAL_S   86400
#define PGL_KEY_OVERLAP_MAX_S     (30 * 86400)
#define PGL_KEY_EXPIRES_MAX_S     (3660 * INT64_C(86400)) /* ten years */
#define PGL_KEY_NEWS_MAX          100                     /* told at once */
#define PGL_KEY_USES_MAX          100                     /* noted at once */

struct pgl_identity_core {
    char env[PGL_API_KEY_ENV_BYTES_MAX + 1];
    bool is_changed; /* noted in a transaction: those who watch are to be told */
};

/* ---- keys.c: what operators do ---- */

/* What the flows of the service have drawn for a handler. */
struct identity_create {
    const CreateKeyRequest *ask;
    char id[PGL_API_KEY_ID_BYTES];
    uint8_t secret[PGL_API_KEY_SECRET_BYTES];
};
struct identity_rotate {
    const RotateKeyRequest *ask;
    uint8_t secret[PGL_API_KEY_SECRET_BYTES];
};

PGL_MUST_USE pgl_status pgl_identity_create(struct pgl_tx *tx, const struct identity_create *create,
                                            KeyResponse *reply);
PGL_MUST_USE pgl_status pgl_identity_rotate(struct pgl_tx *tx, const struct identity_rotate *rotate,
                                            KeyResponse *reply);
PGL_MUST_USE pgl_status pgl_identity_change(struct pgl_tx *tx, const ChangeKeyRequest *ask,
                                            KeyResponse *reply);
PGL_MUST_USE pgl_status pgl_identity_revoke(struct pgl_tx *tx, const RevokeKeyRequest *ask,
                                            KeyResponse *reply);

/* As of a moment: whether a key has expired is not written anywhere. */
struct identity_look {
    const KeyRequest *ask;
    int64_t now_ns; /* wall */
};
struct identity_list {
    const ListKeysRequest *ask;
    int64_t now_ns;
};
PGL_MUST_USE pgl_status pgl_identity_get(const struct pgl_view *view,
                                         const struct identity_look *look, KeyResponse *reply);
PGL_MUST_USE pgl_status pgl_identity_list(const struct pgl_view *view,
                                          const struct identity_list *list,
                                          ListKeysResponse *reply);

/* ---- edges.c: what edges ask ---- */

struct identity_verify {
    const VerifyKeyRequest *ask;
    int64_t now_ns;
};
PGL_MUST_USE pgl_status pgl_identity_verify(const struct pgl_view *view,
                                            const struct identity_verify *verify,
                                            VerifyKeyResponse *reply);
/* What has changed; it does not wait. */
PGL_MUST_USE pgl_status pgl_identity_news(const struct pgl_view *view, const WatchKeysRequest *ask,
                                          WatchKeysResponse *reply);
PGL_MUST_USE pgl_status pgl_identity_note_use(struct pgl_tx *tx, const NoteKeyUseRequest *ask,
                                              NoteKeyUseResponse *reply);

/* What our own flows ask of our writer and reader; nobody else can call these. */
enum identity_inner_method {
    IDENTITY_INNER_CREATE,
    IDENTITY_INNER_ROTATE,
    IDENTITY_INNER_GET,
    IDENTITY_INNER_LIST,
    IDENTITY_INNER_VERIFY,
    IDENTITY_INNER_NEWS,
    IDENTITY_INNER_METHOD_COUNT
};

#endif
