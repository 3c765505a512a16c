/* bucket.c - see bucket.h. */
#include "resilience/bucket.h"

#include "base/assert.h"
#include "base/time.h"

bool pgl_bucket_take(struct pgl_bucket *bucket, const struct pgl_rate *rate, int64_t count,
                     int64_t now_ns, int64_t *wait_ns)
{
    int64_t ignored_ns, cost_ns, size_ns;
    PGL_ASSERT(rate->every_ns > 0 && rate->burst_count > 0 && count >= 0);
    wait_ns = wait_ns != NULL ? wait_ns : &ignored_ns;
    *wait_ns = 0;
    if (count > rate->burst_count ||
        __builtin_mul_overflow(rate->every_ns, rate->burst_count, &size_ns) ||
        size_ns > PGL_NEVER_NS - now_ns) {
        *wait_ns = PGL_NEVER_NS;
        return false;
    }
    cost_ns = count * rate->every_ns;
    int64_t full_ns = bucket->full_ns > now_ns ? bucket->full_ns : now_ns;
    if (full_ns - now_ns > size_ns - cost_ns) {
        *wait_ns = full_ns - now_ns - (size_ns - cost_ns);
        return false;
    }
    bucket->full_ns = full_ns + cost_ns;
    return true;
}
