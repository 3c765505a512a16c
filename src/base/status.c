/* status.c - the one table that maps our codes to names, HTTP and gRPC. */
#include "base/status.h"

#include "base/assert.h"

/* clang-format off */
static const struct code_row {
    const char *name;
    const char *title;
    int http;
    int grpc;
} code_rows[PGL_CODE_COUNT] = {
    /*                        name                title                              http  grpc */
    [PGL_CODE_OK]         = { "ok",               "OK",                              200,  0 },
    [PGL_CANCELLED]       = { "cancelled",        "The caller went away",            499,  1 },
    [PGL_UNKNOWN]         = { "unknown",          "Unknown error",                   500,  2 },
    [PGL_MALFORMED]       = { "malformed",        "The request cannot be read",      400,  3 },
    [PGL_INVALID]         = { "invalid",          "The request is not valid",        422,  3 },
    [PGL_OTHER_MEDIA]     = { "other-media",      "The body is of another kind",     415,  3 },
    [PGL_TOO_LARGE]       = { "too-large",        "The request is too large",        413,  8 },
    [PGL_DEADLINE]        = { "deadline",         "Not done in time",                504,  4 },
    [PGL_NOT_FOUND]       = { "not-found",        "Not found",                       404,  5 },
    [PGL_GONE]            = { "gone",             "No longer there",                 410,  5 },
    [PGL_ALREADY_EXISTS]  = { "already-exists",   "Already exists",                  409,  6 },
    [PGL_DENIED]          = { "denied",           "Not allowed",                     403,  7 },
    [PGL_UNAUTHENTICATED] = { "unauthenticated",  "No valid identity",               401, 16 },
    [PGL_LIMITED]         = { "limited",          "Too many requests",               429,  8 },
    [PGL_EXHAUSTED]       = { "exhausted",        "Busy, try again",                 503,  8 },
    [PGL_CONFLICT]        = { "conflict",         "Not possible in this state",      409,  9 },
    [PGL_CHANGED]         = { "changed",          "Changed meanwhile",               412, 10 },
    [PGL_UNCONDITIONAL]   = { "unconditional",    "Needs a condition",               428,  9 },
    [PGL_ABORTED]         = { "aborted",          "Lost a race, try again",          409, 10 },
    [PGL_UNIMPLEMENTED]   = { "unimplemented",    "Not offered",                     501, 12 },
    [PGL_INTERNAL]        = { "internal",         "Internal error",                  500, 13 },
    [PGL_UNAVAILABLE]     = { "unavailable",      "Unavailable, try again",          503, 14 },
    [PGL_DATA_LOSS]       = { "data-loss",        "Stored data is missing",          500, 15 },
};
/* clang-format on */

const char *pgl_code_name(enum pgl_code code)
{
    PGL_ASSERT(code < PGL_CODE_COUNT);
    return code_rows[code].name;
}

const char *pgl_code_title(enum pgl_code code)
{
    PGL_ASSERT(code < PGL_CODE_COUNT);
    return code_rows[code].title;
}

int pgl_code_http(enum pgl_code code)
{
    PGL_ASSERT(code < PGL_CODE_COUNT);
    return code_rows[code].http;
}

int pgl_code_grpc(enum pgl_code code)
{
    PGL_ASSERT(code < PGL_CODE_COUNT);
    return code_rows[code].grpc;
}

enum pgl_code pgl_code_of_grpc(int grpc)
{
    switch (grpc) {
    case 3:
    case 11: /* OUT_OF_RANGE, which we never send */
        return PGL_INVALID;
    case 8:
        return PGL_EXHAUSTED;
    default:
        for (int code = 0; code < PGL_CODE_COUNT; code++)
            if (code_rows[code].grpc == grpc)
                return (enum pgl_code)code;
        return PGL_UNKNOWN;
    }
}
