/* idempotency.c - see idempotency.h. */
#include "saga/idempotency.h"

#include <string.h>

pgl_status pgl_idempotency_key_check(const char *key)
{
    size_t size = strlen(key);
    bool is_key = size >= 1 && size <= PGL_IDEMPOTENCY_KEY_BYTES_MAX;
    for (size_t i = 0; i < size; i++)
        is_key = is_key && key[i] > ' ' && key[i] <= '~';
    return is_key ? PGL_OK
                  : PGL_FAIL(PGL_MALFORMED,
                             "Idempotency-Key: 1 to 255 visible ASCII characters are expected");
}
