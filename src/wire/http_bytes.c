/* http_bytes.c - see http_bytes.h. */
#include "wire/http_bytes.h"

#include <string.h>

/* clang-format off */
enum {
    o = 0,
    T = PGL_HTTP_TOKEN,
    U = PGL_HTTP_TARGET,
    B = T | U,
    H = T | U | PGL_HTTP_HOST,
};

const uint8_t pgl_http_bytes[256] = {
    /* 00 */ o, o, o, o, o, o, o, o, o, o, o, o, o, o, o, o,
    /* 10 */ o, o, o, o, o, o, o, o, o, o, o, o, o, o, o, o,
    /*        sp  !  "  #  $  %  &  '  (  )  *  +  ,  -  .  / */
    /* 20 */  o, B, o, T, B, B, B, B, U, U, B, B, U, H, H, U,
    /*         0  1  2  3  4  5  6  7  8  9  :  ;  <  =  >  ? */
    /* 30 */   H, H, H, H, H, H, H, H, H, H, U, U, o, U, o, U,
    /*         @  A  B  C  D  E  F  G  H  I  J  K  L  M  N  O */
    /* 40 */   U, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H,
    /*         P  Q  R  S  T  U  V  W  X  Y  Z  [  \  ]  ^  _ */
    /* 50 */   H, H, H, H, H, H, H, H, H, H, H, U, o, U, T, H,
    /*         `  a  b  c  d  e  f  g  h  i  j  k  l  m  n  o */
    /* 60 */   T, H, H, H, H, H, H, H, H, H, H, H, H, H, H, H,
    /*         p  q  r  s  t  u  v  w  x  y  z  {  |  }  ~ del */
    /* 70 */   H, H, H, H, H, H, H, H, H, H, H, o, T, o, B, o,
};
/* clang-format on */

static bool is_control(char c)
{
    return ((uint8_t)c < 0x20 && c != '\t') || c == 0x7F;
}

/* Eight bytes at a time: this loop sees every byte of every head. The borrow of a subtraction may
 * mark a byte behind a true hit, never one without any, so the mask is only asked whether it is
 * zero. */
size_t pgl_http_find_control(const char *data, size_t from, size_t end)
{
    const uint64_t ones = 0x0101010101010101u, tops = ones << 7;
    size_t at = from;
    while (end - at >= sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, data + at, sizeof word);
        uint64_t deletes = word ^ ones * 0x7F;
        uint64_t below_blank = (word - ones * 0x20) & ~word;
        uint64_t is_delete = (deletes - ones) & ~deletes;
        if (((below_blank | is_delete) & tops) == 0) {
            at += sizeof word;
            continue;
        }
        for (size_t stop = at + sizeof word; at < stop; at++)
            if (is_control(data[at]))
                return at;
    }
    while (at < end && !is_control(data[at]))
        at++;
    return at;
}

int pgl_http_hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool pgl_http_is_host(struct pgl_text host)
{
    size_t size = 0;
    if (host.size > 0 && host.data[0] == '[') { /* RFC 3986, 3.2.2: an IPv6 address */
        for (size = 1; size < host.size && host.data[size] != ']'; size++)
            if (pgl_http_hex_value(host.data[size]) < 0 && host.data[size] != ':' &&
                host.data[size] != '.')
                return false;
        if (size == 1 || size++ == host.size)
            return false;
    } else {
        size = pgl_http_run(host, PGL_HTTP_HOST);
    }
    if (size == 0 || size == host.size)
        return size > 0;
    if (host.data[size] != ':' || host.size - size < 2 || host.size - size > 6)
        return false;
    for (size++; size < host.size; size++)
        if (host.data[size] < '0' || host.data[size] > '9')
            return false;
    return true;
}
