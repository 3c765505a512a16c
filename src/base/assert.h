/*
 * assert.h - a bug stops the process. Kept in release builds; outside input is never checked so.
 */
#ifndef PGL_BASE_ASSERT_H
#define PGL_BASE_ASSERT_H

#define PGL_ASSERT(condition)                                                                      \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0))                                                     \
            pgl_assert_failed(#condition, __FILE__, __LINE__, __func__);                           \
    } while (0)

/* Writes one line to standard error and aborts. */
void pgl_assert_failed(const char *condition, const char *file, int line, const char *function)
    __attribute__((noreturn, cold));

#endif
