/* card_number.c - see card_number.h. */
#include "wire/card_number.h"

#include <stdint.h>
#include <string.h>

#define DIGITS_MIN 13
#define DIGITS_MAX 19
#define GROUPS_MAX 5
#define ESCAPE     6 /* \u0034 */

/* The digits that were read last, and how they were grouped: as many as may be one number. */
struct run {
    uint8_t digits[DIGITS_MAX];
    uint8_t groups[GROUPS_MAX]; /* digits in each */
    int digit_count, group_count;
    bool is_too_long; /* of the last group: no number at all, until it ends */
};

/* Digits in each group; 0 ends it. */
static const uint8_t layouts[][GROUPS_MAX] = {
    { 4, 4, 4, 4 },
    { 4, 4, 4, 4, 3 },
    { 4, 6, 5 },
};

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The character at `*at`, which moves behind it; of an escape of JSON the one that is meant. */
static char next_char(struct pgl_text bytes, size_t *at)
{
    const char *text = bytes.data + *at;
    size_t left = bytes.size - *at;
    if (text[0] == '\\' && left >= ESCAPE && memcmp(text, "\\u00", 4) == 0) {
        int high = hex(text[4]), low = hex(text[5]);
        if (high >= 0 && low >= 0) {
            *at += ESCAPE;
            return (char)(high << 4 | low);
        }
    }
    *at += 1;
    return text[0];
}

static bool passes_luhn(const uint8_t *digits, int count)
{
    int sum = 0;
    for (int i = 0; i < count; i++) {
        int digit = digits[count - 1 - i];
        if (i % 2 == 1)
            digit = 2 * digit > 9 ? 2 * digit - 9 : 2 * digit;
        sum += digit;
    }
    return sum % 10 == 0;
}

static bool has_layout(const struct run *run, int first, const uint8_t layout[GROUPS_MAX])
{
    int count = 0;
    while (count < GROUPS_MAX && layout[count] != 0)
        count++;
    return run->group_count - first == count &&
           memcmp(run->groups + first, layout, (size_t)count) == 0;
}

/* Whether the digits from group `first` on are a number, as far as they have come. */
static bool is_number(const struct run *run, int first)
{
    int skipped = 0;
    for (int i = 0; i < first; i++)
        skipped += run->groups[i];
    int count = run->digit_count - skipped;
    bool is_laid_out = run->group_count - first == 1 && count >= DIGITS_MIN;
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
        is_laid_out = is_laid_out || has_layout(run, first, layouts[i]);
    return is_laid_out && passes_luhn(run->digits + skipped, count);
}

/* A group has ended. A number may begin at any group before it. */
static bool ends_number(const struct run *run)
{
    for (int first = 0; first < run->group_count && !run->is_too_long; first++)
        if (is_number(run, first))
            return true;
    return false;
}

static void drop_first_group(struct run *run)
{
    int size = run->groups[0];
    run->digit_count -= size;
    run->group_count--;
    memmove(run->digits, run->digits + size, (size_t)run->digit_count);
    memmove(run->groups, run->groups + 1, (size_t)run->group_count);
}

static void add_digit(struct run *run, char c, bool begins_group)
{
    if (begins_group) {
        if (run->group_count == GROUPS_MAX)
            drop_first_group(run);
        run->groups[run->group_count++] = 0;
    }
    while (run->digit_count == DIGITS_MAX && run->group_count > 1)
        drop_first_group(run);
    if (run->digit_count == DIGITS_MAX) {
        run->is_too_long = true;
        return;
    }
    run->digits[run->digit_count++] = (uint8_t)(c - '0');
    run->groups[run->group_count - 1]++;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool pgl_has_card_number(struct pgl_text bytes)
{
    struct run run = { .digit_count = 0 };
    bool was_digit = false;
    for (size_t at = 0; at < bytes.size;) {
        char c = next_char(bytes, &at);
        if (is_digit(c)) {
            add_digit(&run, c, !was_digit);
            was_digit = true;
            continue;
        }
        if (was_digit && ends_number(&run))
            return true;
        bool goes_on = was_digit && !run.is_too_long && (c == ' ' || c == '-');
        if (!goes_on)
            run = (struct run){ .digit_count = 0 };
        was_digit = false;
    }
    return was_digit && ends_number(&run);
}
