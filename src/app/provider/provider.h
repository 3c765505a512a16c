/*
 * provider.h - `panglot provider`: a payment provider in a process of its own, a thread for what
 * is asked and one for what is kept.
 *
 * Owner:    provider_command.c.
 * Threads:  open, start, stop and close by whoever has the struct; between them its two threads.
 */
#ifndef PGL_APP_PROVIDER_PROVIDER_H
#define PGL_APP_PROVIDER_PROVIDER_H

#include "app/drain.h"
#include "app/provider/face.h"
#include "runtime/thread.h"

#define PGL_PROVIDER_KEY_FILE      "provider.key"
#define PGL_PROVIDER_SECRET_FILE   "webhook.secret"
#define PGL_PROVIDER_KEY           "sk_test_panglot" /* where nothing else is said */
#define PGL_PROVIDER_KEY_BYTES_MAX 256

enum pgl_provider_thread { PGL_PROVIDER_FRONT, PGL_PROVIDER_DESK, PGL_PROVIDER_THREADS };

struct pgl_provider_options {
    const char *data, *vfs_name;
    struct pgl_bank_options bank; /* its key and base_url are made from what follows */
    /* NULL: that of DATA/provider.key, made where there is none. Likewise what webhooks are signed
     * with, in DATA/webhook.secret. */
    const char *key;
    struct pgl_face_options face;
};

struct pgl_provider {
    struct pgl_platform *platform;
    struct pgl_provider_options options;
    struct pgl_arena arena; /* of texts */
    pgl_disk_lock lock;     /* of the folder */
    char base_url[80];      /* where it listens, and customers are sent */
    struct pgl_thread threads[PGL_PROVIDER_THREADS];
    struct pgl_loop loops[PGL_PROVIDER_THREADS];
    struct pgl_log_cap log_cap; /* of both */
    struct pgl_desk desk;
    struct pgl_face face;

    struct pgl_drain drain;
};

/* Reads the folder; listens. Nothing runs yet. PGL_CONFLICT when another process has the folder. */
PGL_MUST_USE pgl_status pgl_provider_open(struct pgl_provider *provider,
                                          struct pgl_platform *platform,
                                          const struct pgl_provider_options *options);
/* One thread: answers what is in flight, then ends the threads; the second time at once. */
void pgl_provider_stop(struct pgl_provider *provider);
/* When no thread runs any more; also after an open that failed. */
void pgl_provider_close(struct pgl_provider *provider);

#endif
