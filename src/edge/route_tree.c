/* route_tree.c - see route_tree.h. */
#include "edge/route_tree.h"

#include <string.h>

#include "base/assert.h"

static int new_node(struct pgl_route_tree *tree, struct pgl_text word)
{
    PGL_ASSERT(tree->node_count < PGL_ROUTE_NODES_MAX);
    tree->nodes[tree->node_count] = (struct pgl_route_node){ .word = word };
    return tree->node_count++;
}

/* The child for this segment of a row, which is made where there is none. */
static int grow(struct pgl_route_tree *tree, int parent, struct pgl_text segment)
{
    bool is_name = segment.size > 0 && segment.data[0] == '{';
    if (is_name) {
        if (tree->nodes[parent].name == 0)
            tree->nodes[parent].name = (int16_t)new_node(tree, (struct pgl_text){ NULL, 0 });
        return tree->nodes[parent].name;
    }
    int16_t *place = &tree->nodes[parent].child;
    while (*place != 0 && !pgl_text_equal(tree->nodes[*place].word, segment))
        place = &tree->nodes[*place].sibling;
    if (*place == 0)
        *place = (int16_t)new_node(tree, segment);
    return *place;
}

void pgl_route_tree_build(struct pgl_route_tree *tree, const struct pgl_route *routes, int count)
{
    *tree = (struct pgl_route_tree){ .routes = routes };
    new_node(tree, (struct pgl_text){ NULL, 0 });
    for (int i = 0; i < count; i++) {
        struct pgl_text path = pgl_text_of(routes[i].path);
        int node = 0;
        pgl_text_cut(&path, '/'); /* what is before the first one */
        while (path.data != NULL)
            node = grow(tree, node, pgl_text_cut(&path, '/'));
        PGL_ASSERT(tree->nodes[node].rows[routes[i].method] == 0);
        tree->nodes[node].rows[routes[i].method] = (int16_t)(i + 1);
        tree->nodes[node].is_end = true;
    }
}

struct search {
    const struct pgl_route_tree *tree;
    enum pgl_http_method method; /* UNKNOWN: only the methods are asked for */
    struct pgl_route_match *match;
    bool methods[PGL_HTTP_METHOD_COUNT];
};

/* True when the row is found. As deep as the longest row, since each step goes down the tree. */
static bool search(struct search *at, int number, struct pgl_text path, int params)
{
    const struct pgl_route_node *nodes = at->tree->nodes, *node = &nodes[number];
    if (path.data == NULL) {
        if (!node->is_end)
            return false;
        at->match->path_is_known = true;
        for (int method = 0; method < PGL_HTTP_METHOD_COUNT; method++)
            at->methods[method] = at->methods[method] || node->rows[method] != 0;
        if (node->rows[at->method] == 0)
            return false;
        at->match->route = &at->tree->routes[node->rows[at->method] - 1];
        at->match->param_count = params;
        return true;
    }
    struct pgl_text segment = pgl_text_cut(&path, '/');
    for (int child = node->child; child != 0; child = nodes[child].sibling)
        if (pgl_text_equal(nodes[child].word, segment)) {
            if (search(at, child, path, params))
                return true;
            break;
        }
    if (node->name == 0 || segment.size == 0 || params == PGL_ROUTE_PARAMS_MAX)
        return false;
    at->match->params[params] = segment;
    return search(at, node->name, path, params + 1);
}

static bool begins_well(struct pgl_text *path)
{
    if (path->size == 0 || path->data[0] != '/')
        return false;
    pgl_text_cut(path, '/');
    return true;
}

void pgl_route_find(const struct pgl_route_tree *tree, enum pgl_http_method method,
                    struct pgl_text path, struct pgl_route_match *match)
{
    struct search at = { .tree = tree, .method = method, .match = match };
    if (method == PGL_HTTP_HEAD)
        at.method = PGL_HTTP_GET;
    match->route = NULL;
    match->path_is_known = false;
    match->param_count = 0;
    if (begins_well(&path))
        search(&at, 0, path, 0);
}

const char *pgl_route_allow(const struct pgl_route_tree *tree, struct pgl_text path,
                            struct pgl_arena *arena)
{
    struct pgl_route_match match = { .route = NULL };
    struct search at = { .tree = tree, .method = PGL_HTTP_UNKNOWN, .match = &match };
    if (begins_well(&path))
        search(&at, 0, path, 0);
    if (!match.path_is_known)
        return "";
    const char *allow = "OPTIONS";
    for (int method = 0; method < PGL_HTTP_METHOD_COUNT; method++)
        if (at.methods[method])
            allow = pgl_arena_printf(arena, "%s, %s%s", allow,
                                     pgl_http_method_name((enum pgl_http_method)method),
                                     method == PGL_HTTP_GET ? ", HEAD" : "");
    return allow;
}
