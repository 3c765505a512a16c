/*
 * message_bench.h - room for tests that read messages and write them: an arena for what is read, a
 * buffer for what is written, both new for each test.
 */
#ifndef PGL_WIRE_MESSAGE_BENCH_H
#define PGL_WIRE_MESSAGE_BENCH_H

#include "base/arena.h"
#include "base/buffer.h"
#include "wire/quotes.h" /* before there is an arena here */

static struct pgl_arena arena;
static struct pgl_buffer written;

static int set_up(void **unused)
{
    (void)unused;
    pgl_arena_init(&arena, 4096, 4 << 20);
    pgl_buffer_init(&written, 1 << 20);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    pgl_arena_free(&arena);
    pgl_buffer_free(&written);
    return 0;
}

#endif
