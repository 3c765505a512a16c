/*
 * ready.h - small public answers that were given a moment ago, as bytes: while they are young the
 * services are not asked again. A product that everybody looks at costs a copy of its bytes.
 *
 * For:      routes whose answers anyone may keep for some seconds (PGL_CACHE_SECONDS): what is
 *           older by PGL_READY_NS is within what was promised. docs/decisions/ready.md
 * Owner:    the edge; each has its own.
 * Threads:  the edge's loop.
 * Bounds:   PGL_READY_SLOTS answers of PGL_READY_BODY_BYTES; two that want one slot take turns.
 */
#ifndef PGL_EDGE_READY_H
#define PGL_EDGE_READY_H

#include "base/hash.h"
#include "base/status.h"
#include "base/text.h"
#include "base/time.h"

#define PGL_READY_SLOTS      512 /* 640 KiB; a power of two */
#define PGL_READY_KEY_BYTES  160
#define PGL_READY_TAG_BYTES  48
#define PGL_READY_BODY_BYTES 1024
#define PGL_READY_NS         PGL_MILLISECONDS(100)

struct pgl_ready_slot {
    int64_t until_ns; /* monotonic; 0: empty */
    uint16_t key_size, tag_size, body_size;
    char key[PGL_READY_KEY_BYTES], tag[PGL_READY_TAG_BYTES], body[PGL_READY_BODY_BYTES];
};

struct pgl_ready {
    struct pgl_hash_key hash_key;
    struct pgl_ready_slot *slots;
};

/* `seed` keeps others from aiming for one slot. */
PGL_MUST_USE pgl_status pgl_ready_open(struct pgl_ready *ready, struct pgl_hash_key seed);
void pgl_ready_close(struct pgl_ready *ready);

/* NULL when it is not there, or not young enough. Borrowed until the next call. */
const struct pgl_ready_slot *pgl_ready_find(const struct pgl_ready *ready, struct pgl_text target,
                                            int64_t now_ns);
/* What does not fit is not kept. */
void pgl_ready_keep(struct pgl_ready *ready, struct pgl_text target, struct pgl_text tag,
                    struct pgl_text body, int64_t now_ns);
/* Something that they show was changed here. */
void pgl_ready_clear(struct pgl_ready *ready);

#endif
