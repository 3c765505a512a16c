/*
 * check.c - says of each file named whether it is JSON for us: a line `accepted NAME` or
 * `refused NAME: why`. The check and the reader of messages must agree, or it stops.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "wire/json.h"

#include "contract/orders.h"

#define FILE_BYTES_MAX (1 << 20) /* the suite's largest has 250 kB */

static struct pgl_text read_file(const char *path, char *into)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    struct pgl_text bytes = { into, fread(into, 1, FILE_BYTES_MAX, file) };
    fclose(file);
    return bytes;
}

int main(int count, char **names)
{
    static char bytes[FILE_BYTES_MAX];
    struct pgl_arena arena;
    pgl_arena_init(&arena, 64 * 1024, 16 << 20);
    for (int i = 1; i < count; i++) {
        void *order;
        struct pgl_text text = read_file(names[i], bytes);
        pgl_status status = pgl_json_check(&arena, text, &pgl_json_request_limits);
        pgl_status as_order =
            pgl_json_read(NEW_ORDER_DESCRIPTOR, &arena, text, &pgl_json_request_limits, &order);
        PGL_ASSERT((status.code == PGL_MALFORMED) == (as_order.code == PGL_MALFORMED));
        if (pgl_is_ok(status))
            printf("accepted %s\n", names[i]);
        else
            printf("refused %s: %s\n", names[i], status.text);
        pgl_arena_reset(&arena);
    }
    pgl_arena_free(&arena);
    return EXIT_SUCCESS;
}
