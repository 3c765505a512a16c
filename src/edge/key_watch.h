/*
 * key_watch.h - hears from Identity which API keys have changed, and tells it which were used.
 *
 * How:      a long poll, answered behind the commit of a change; what is told of is dropped from
 *           the cache, and verified anew by the next request. While Identity does not answer, what
 *           the cache has lives on for its minute: nobody can revoke a key meanwhile either.
 * Owner:    the edge (trust.h); one flow for as long as the process runs.
 * Threads:  the edge's loop.
 * Bounds:   one call at a time; 100 keys told of at once; uses are told once a minute.
 */
#ifndef PGL_EDGE_KEY_WATCH_H
#define PGL_EDGE_KEY_WATCH_H

#include "edge/key_cache.h"
#include "edge/request.h"

struct edge_key_watch {
    struct pgl_flow flow;
    struct pgl_edge *edge;
    struct edge_key_cache *cache;
    struct pgl_arena arena; /* of one question and its answer */
    struct pgl_rpc_call call;
    int left;
    WatchKeysRequest *ask;
    WatchKeysResponse *reply;
    int64_t version; /* as far as it has heard; 0: nothing */
    int64_t tell_ns; /* when uses are told next */
};

/* Begins with the edge's loop. `cache` is borrowed. */
void edge_key_watch_start(struct edge_key_watch *watch, struct pgl_edge *edge,
                          struct edge_key_cache *cache);
/* When no loop runs any more. */
void edge_key_watch_close(struct edge_key_watch *watch);

#endif
