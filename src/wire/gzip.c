/* gzip.c - see gzip.h. */
#include "wire/gzip.h"

#include <zlib.h>

/* Windows of 4 KiB and a small hash: 48 KiB of work instead of 264 KiB, for messages that are
 * seldom longer. `+ 16` asks zlib for gzip's head and check. */
#define PACK_WINDOW_BITS   (12 + 16)
#define PACK_MEMORY_LEVEL  5
#define PACK_LEVEL         2
#define UNPACK_WINDOW_BITS (15 + 16) /* whatever the peer has used */
#define UNPACK_FIRST_BYTES 4096u

static voidpf take(voidpf arena, uInt count, uInt size)
{
    return pgl_arena_alloc(arena, (size_t)count * size);
}

static void give(voidpf arena, voidpf address)
{
    (void)arena;
    (void)address; /* goes with the arena */
}

static z_stream stream_in(struct pgl_arena *work, struct pgl_text input)
{
    return (z_stream){ .zalloc = take,
                       .zfree = give,
                       .opaque = work,
                       .next_in = (Bytef *)(uintptr_t)input.data,
                       .avail_in = (uInt)input.size };
}

/* Twice the room, with what is there. */
static bool grow(struct pgl_arena *work, char **room, size_t *capacity, size_t bytes_max)
{
    size_t wanted = *capacity * 2 < bytes_max + 1 ? *capacity * 2 : bytes_max + 1;
    char *larger = pgl_arena_alloc(work, wanted);
    if (larger == NULL)
        return false;
    memcpy(larger, *room, *capacity);
    *room = larger;
    *capacity = wanted;
    return true;
}

static pgl_status unpack(z_stream *stream, struct pgl_arena *work, size_t bytes_max,
                         struct pgl_text *bytes)
{
    size_t capacity = bytes_max < UNPACK_FIRST_BYTES ? bytes_max + 1 : UNPACK_FIRST_BYTES;
    char *room = pgl_arena_alloc(work, capacity);
    if (room == NULL)
        return PGL_NO_MEMORY;
    for (;;) {
        stream->next_out = (Bytef *)room + stream->total_out;
        stream->avail_out = (uInt)(capacity - stream->total_out);
        int result = inflate(stream, Z_NO_FLUSH);
        if (stream->total_out > bytes_max)
            return PGL_FAIL(PGL_TOO_LARGE, "the message is larger than is taken here");
        if (result == Z_STREAM_END)
            break;
        if (result == Z_MEM_ERROR)
            return PGL_NO_MEMORY;
        if ((result != Z_OK && result != Z_BUF_ERROR) || stream->avail_out > 0)
            return PGL_FAIL(PGL_MALFORMED, "bytes that are not gzip, or not all of it");
        if (!grow(work, &room, &capacity, bytes_max))
            return PGL_NO_MEMORY;
    }
    if (stream->avail_in > 0)
        return PGL_FAIL(PGL_MALFORMED, "bytes behind the end of gzip");
    *bytes = (struct pgl_text){ room, stream->total_out };
    return PGL_OK;
}

pgl_status pgl_gzip_unpack(struct pgl_arena *work, struct pgl_text packed, size_t bytes_max,
                           struct pgl_text *bytes)
{
    z_stream stream = stream_in(work, packed);
    if (inflateInit2(&stream, UNPACK_WINDOW_BITS) != Z_OK)
        return PGL_NO_MEMORY;
    pgl_status status = unpack(&stream, work, bytes_max, bytes);
    (void)inflateEnd(&stream);
    return status;
}

pgl_status pgl_gzip_pack(struct pgl_arena *work, struct pgl_text bytes, struct pgl_buffer *out)
{
    z_stream stream = stream_in(work, bytes);
    if (deflateInit2(&stream, PACK_LEVEL, Z_DEFLATED, PACK_WINDOW_BITS, PACK_MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return PGL_NO_MEMORY;
    size_t at_most = deflateBound(&stream, bytes.size);
    char *room = pgl_buffer_room(out, at_most);
    if (room != NULL) {
        stream.next_out = (Bytef *)room;
        stream.avail_out = (uInt)at_most;
        (void)deflate(&stream, Z_FINISH); /* ends in one call: there is room for the worst case */
        out->size += stream.total_out;
    }
    (void)deflateEnd(&stream);
    return room != NULL ? PGL_OK : PGL_NO_MEMORY;
}
