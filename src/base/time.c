/* time.c - see time.h. */
#include "base/time.h"

#include <stdio.h>

/* Days since 1970-01-01 to a civil date: Howard Hinnant, "chrono-compatible low-level date
 * algorithms". */
static void civil_from_days(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    int64_t era = days / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * of_year + 2) / 153; /* months from March */
    *day = (int)(of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

static void put_digits(char *out, int value, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

void pgl_time_format(int64_t wall_ns, char out[PGL_TIME_TEXT_BYTES])
{
    if (wall_ns < 0)
        wall_ns = 0;
    int64_t ms = wall_ns / 1000000;
    int64_t second_of_day = ms / 1000 % 86400;
    int year, month, day;
    civil_from_days(ms / 86400000, &year, &month, &day);
    memcpy(out, "0000-00-00T00:00:00.000Z", PGL_TIME_TEXT_BYTES);
    put_digits(out, year, 4);
    put_digits(out + 5, month, 2);
    put_digits(out + 8, day, 2);
    put_digits(out + 11, (int)(second_of_day / 3600), 2);
    put_digits(out + 14, (int)(second_of_day / 60 % 60), 2);
    put_digits(out + 17, (int)(second_of_day % 60), 2);
    put_digits(out + 20, (int)(ms % 1000), 3);
}

void pgl_time_month(int64_t wall_ns, int64_t *from_ns, int64_t *until_ns)
{
    const int64_t day_ns = PGL_HOURS(24);
    int year, month, day;
    civil_from_days(wall_ns / day_ns, &year, &month, &day);
    int64_t first = wall_ns / day_ns - (day - 1);
    civil_from_days(first + 31, &year, &month, &day); /* somewhere in the next one */
    *from_ns = first * day_ns;
    *until_ns = (first + 31 - (day - 1)) * day_ns;
}
