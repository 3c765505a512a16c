/* rfc3339.c - see rfc3339.h. */
#include "wire/rfc3339.h"

#include "base/time.h"

#define DATE_TIME_BYTES 19 /* 2026-01-31T23:59:59 */

/* Days from 1970-01-01: Howard Hinnant, "chrono-compatible low-level date algorithms". */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400; /* no year is negative here */
    int64_t year_of_era = year - era * 400;
    int64_t shifted = month > 2 ? month - 3 : month + 9; /* months from March */
    int64_t of_year = (153 * shifted + 2) / 5 + day - 1;
    int64_t of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    return era * 146097 + of_era - 719468;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const int8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap);
}

/* The first 19 characters have their digits and signs in place. */
static bool has_form(struct pgl_text text)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    if (text.size < DATE_TIME_BYTES + 1 || text.data[text.size - 1] != 'Z')
        return false;
    for (size_t i = 0; i < DATE_TIME_BYTES; i++) {
        char c = text.data[i];
        if (form[i] == 'd' ? c < '0' || c > '9' : c != form[i])
            return false;
    }
    return true;
}

static int64_t number_at(struct pgl_text text, size_t at, size_t digits)
{
    int64_t sum = 0;
    for (size_t i = at; i < at + digits; i++)
        sum = sum * 10 + (text.data[i] - '0');
    return sum;
}

/* What stands between the second and the Z: nothing, or a point and one to nine digits. */
static bool read_fraction(struct pgl_text text, int64_t *ns)
{
    *ns = 0;
    if (text.size == 0)
        return true;
    if (text.data[0] != '.' || text.size < 2 || text.size > 10)
        return false;
    for (size_t i = 1; i < 10; i++) {
        char c = i < text.size ? text.data[i] : '0';
        if (c < '0' || c > '9')
            return false;
        *ns = *ns * 10 + (c - '0');
    }
    return true;
}

pgl_status pgl_rfc3339_parse(struct pgl_text text, int64_t *wall_ns)
{
    const pgl_status wrong = PGL_FAIL(PGL_INVALID, "not an instant in UTC");
    int64_t ns;
    if (!has_form(text))
        return wrong;
    struct pgl_text fraction = { text.data + DATE_TIME_BYTES, text.size - DATE_TIME_BYTES - 1 };
    if (!read_fraction(fraction, &ns))
        return wrong;
    int64_t year = number_at(text, 0, 4), month = number_at(text, 5, 2),
            day = number_at(text, 8, 2);
    int64_t hour = number_at(text, 11, 2), minute = number_at(text, 14, 2);
    int64_t second = number_at(text, 17, 2);
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return wrong;
    if (hour > 23 || minute > 59 || second > 59)
        return wrong;
    int64_t seconds = ((days_from_civil(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    if (__builtin_mul_overflow(seconds, PGL_SECONDS(1), wall_ns) ||
        __builtin_add_overflow(*wall_ns, ns, wall_ns))
        return wrong;
    return PGL_OK;
}
