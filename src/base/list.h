/*
 * list.h - an intrusive, doubly linked list: the node lies inside what it links, so linking
 * allocates nothing. A node that is in no list points at itself.
 */
#ifndef PGL_BASE_LIST_H
#define PGL_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct pgl_list {
    struct pgl_list *next, *previous;
};

/* The struct that holds `node` as its member. */
#define PGL_CONTAINER(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void pgl_list_init(struct pgl_list *list)
{
    list->next = list->previous = list;
}

static inline bool pgl_list_is_empty(const struct pgl_list *list)
{
    return list->next == list;
}

static inline void pgl_list_append(struct pgl_list *list, struct pgl_list *node)
{
    node->previous = list->previous;
    node->next = list;
    list->previous->next = node;
    list->previous = node;
}

/* Also right for a node that is in no list. */
static inline void pgl_list_remove(struct pgl_list *node)
{
    node->previous->next = node->next;
    node->next->previous = node->previous;
    pgl_list_init(node);
}

/* NULL when empty. */
static inline struct pgl_list *pgl_list_take_first(struct pgl_list *list)
{
    struct pgl_list *node = list->next;
    if (node == list)
        return NULL;
    pgl_list_remove(node);
    return node;
}

#endif
