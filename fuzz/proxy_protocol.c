/*
 * proxy_protocol.c - any bytes as the header of the PROXY protocol: what is taken does not depend
 * on the pieces it came in, no byte behind the header is asked for, and an address that is read is
 * one.
 */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "wire/proxy_protocol.h"

struct reading {
    enum pgl_proxy_result result;
    struct pgl_proxy_header header;
    size_t size;
};

/* As a reader does it: as many as are wanted, `at_most` at a time, in memory that ends there. */
static struct reading read_all(const uint8_t *bytes, size_t size, size_t at_most)
{
    struct reading reading = { .result = PGL_PROXY_MORE };
    for (;;) {
        char *copy = malloc(reading.size > 0 ? reading.size : 1);
        PGL_ASSERT(copy != NULL);
        memcpy(copy, bytes, reading.size);
        reading.result = pgl_proxy_read((struct pgl_text){ copy, reading.size }, &reading.header);
        free(copy);
        if (reading.result != PGL_PROXY_MORE)
            return reading;
        size_t wanted = reading.header.wanted;
        PGL_ASSERT(wanted > 0 && reading.size + wanted <= PGL_PROXY_BYTES_MAX);
        size_t step = wanted < at_most ? wanted : at_most;
        if (reading.size + step > size)
            return reading;
        reading.size += step;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct reading whole = read_all(bytes, size, SIZE_MAX);
    for (size_t at_most = 1; at_most <= 3; at_most++) {
        struct reading other = read_all(bytes, size, at_most);
        if (whole.result == PGL_PROXY_MORE || other.result == PGL_PROXY_MORE)
            continue; /* cut off: a larger piece may not have been there */
        PGL_ASSERT(other.result == whole.result);
        if (whole.result == PGL_PROXY_DONE)
            PGL_ASSERT(other.size == whole.size && whole.size == whole.header.size &&
                       memcmp(&other.header.client, &whole.header.client, sizeof(pgl_ip)) == 0);
    }
    if (whole.result == PGL_PROXY_DONE && whole.header.has_client) {
        char text[PGL_IP_TEXT_BYTES];
        pgl_ip back;
        pgl_ip_write(&whole.header.client, text);
        PGL_ASSERT(pgl_ip_read(pgl_text_of(text), &back));
        PGL_ASSERT(memcmp(&back, &whole.header.client, sizeof back) == 0);
    }
    return 0;
}
