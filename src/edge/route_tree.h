/*
 * route_tree.h - finds the row of a request: a tree of the paths' segments, built once from the
 * table.
 *
 * Owner:    the edge has one; it is constant once built.
 * Bounds:   PGL_ROUTE_NODES_MAX nodes (a table that needs more is a bug); a path is followed no
 *           deeper than the longest row.
 */
#ifndef PGL_EDGE_ROUTE_TREE_H
#define PGL_EDGE_ROUTE_TREE_H

#include "base/arena.h"
#include "edge/route.h"

#define PGL_ROUTE_NODES_MAX  256
#define PGL_ROUTE_PARAMS_MAX 2

struct pgl_route_node {
    struct pgl_text word; /* of this segment; empty for a name in braces */
    int16_t child, sibling;
    int16_t name;                        /* the child that is a name in braces; 0: none */
    int16_t rows[PGL_HTTP_METHOD_COUNT]; /* of a path that ends here, from 1; 0: none */
    bool is_end;                         /* some path does */
};

struct pgl_route_tree {
    const struct pgl_route *routes;
    int node_count;
    struct pgl_route_node nodes[PGL_ROUTE_NODES_MAX]; /* the first is the root */
};

struct pgl_route_match {
    const struct pgl_route *route;                /* NULL: none */
    bool path_is_known;                           /* then only the method is wrong */
    struct pgl_text params[PGL_ROUTE_PARAMS_MAX]; /* still encoded */
    int param_count;
};

void pgl_route_tree_build(struct pgl_route_tree *tree, const struct pgl_route *routes, int count);

/* HEAD finds the row of GET. A word goes before a name, as far as it leads to the method. */
void pgl_route_find(const struct pgl_route_tree *tree, enum pgl_http_method method,
                    struct pgl_text path, struct pgl_route_match *match);

/* The methods of a path, for the Allow field (RFC 9110, 10.2.1); "" where there is no such path. */
const char *pgl_route_allow(const struct pgl_route_tree *tree, struct pgl_text path,
                            struct pgl_arena *arena);

#endif
