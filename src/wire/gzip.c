/* gzip.c - see gzip.h. */
#include "wire/gzip.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#define LEVEL       4         /* half of what level 6 costs, for a twentieth more bytes */
#define WINDOW_BITS (15 + 16) /* and a gzip header */
#define MEMORY      8

pgl_status pgl_gzip_open(struct pgl_gzip *gzip)
{
    z_stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL ||
        deflateInit2(stream, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(stream);
        gzip->stream = NULL;
        return PGL_FAIL(PGL_EXHAUSTED, "no memory to pack answers");
    }
    gzip->stream = stream;
    return PGL_OK;
}

void pgl_gzip_close(struct pgl_gzip *gzip)
{
    if (gzip->stream != NULL)
        deflateEnd(gzip->stream);
    free(gzip->stream);
    gzip->stream = NULL;
}

size_t pgl_gzip_pack(struct pgl_gzip *gzip, struct pgl_text bytes, char *room, size_t capacity)
{
    z_stream *stream = gzip->stream;
    if (bytes.size > UINT_MAX || capacity > UINT_MAX || deflateReset(stream) != Z_OK)
        return 0;
    stream->next_in = (Bytef *)(uintptr_t)bytes.data;
    stream->avail_in = (uInt)bytes.size;
    stream->next_out = (Bytef *)room;
    stream->avail_out = (uInt)capacity;
    return deflate(stream, Z_FINISH) == Z_STREAM_END ? capacity - stream->avail_out : 0;
}
