/* json_scan.c - see json_scan.h. */
#include "wire/json_scan.h"

#include "wire/array.h"

#define ESCAPE_BYTES_MAX 6 /* \u0041 */

static pgl_status take_literal(struct pgl_json_scan *scan, struct pgl_text literal);

void pgl_json_scan_init(struct pgl_json_scan *scan, struct pgl_arena *arena, struct pgl_text bytes,
                        const struct pgl_json_limits *limits)
{
    const char *begin = bytes.data == NULL ? "" : bytes.data;
    *scan = (struct pgl_json_scan){
        .begin = begin, .at = begin, .end = begin + bytes.size, .arena = arena, .limits = limits
    };
}

pgl_status pgl_json_scan_fail(struct pgl_json_scan *scan, const char *what)
{
    size_t byte = (size_t)(scan->at - scan->begin) + 1;
    return PGL_FAIL(PGL_MALFORMED, pgl_arena_printf(scan->arena, "byte %zu: %s", byte, what));
}

static pgl_status over_limit(struct pgl_json_scan *scan, const char *what, uint32_t limit)
{
    return pgl_json_scan_fail(scan, pgl_arena_printf(scan->arena, "more than %u %s", limit, what));
}

static pgl_status no_memory(void)
{
    return PGL_FAIL(PGL_EXHAUSTED, "no memory for the JSON text");
}

/* RFC 8259, section 2: these four and no others. */
static inline void skip_blanks(struct pgl_json_scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t'))
        scan->at++;
}

/* The next byte that is no blank; -1 at the end. */
static inline int next_byte(struct pgl_json_scan *scan)
{
    skip_blanks(scan);
    return scan->at < scan->end ? (uint8_t)*scan->at : -1;
}

pgl_status pgl_json_scan_value(struct pgl_json_scan *scan, enum pgl_json_kind *kind)
{
    int first = next_byte(scan);
    if (++scan->nodes > scan->limits->nodes_max)
        return over_limit(scan, "values", scan->limits->nodes_max);
    switch (first) {
    case '{':
        *kind = PGL_JSON_OBJECT;
        return PGL_OK;
    case '[':
        *kind = PGL_JSON_ARRAY;
        return PGL_OK;
    case '"':
        *kind = PGL_JSON_STRING;
        return PGL_OK;
    case 't':
        *kind = PGL_JSON_TRUE;
        return take_literal(scan, PGL_TEXT("true"));
    case 'f':
        *kind = PGL_JSON_FALSE;
        return take_literal(scan, PGL_TEXT("false"));
    case 'n':
        *kind = PGL_JSON_NULL;
        return take_literal(scan, PGL_TEXT("null"));
    default:
        *kind = PGL_JSON_NUMBER;
        if (first == '-' || (first >= '0' && first <= '9'))
            return PGL_OK;
        *kind = PGL_JSON_NONE;
        return pgl_json_scan_fail(scan, "a value is expected");
    }
}

static pgl_status take_literal(struct pgl_json_scan *scan, struct pgl_text literal)
{
    struct pgl_text left = { scan->at, (size_t)(scan->end - scan->at) };
    if (!pgl_text_starts_with(left, literal))
        return pgl_json_scan_fail(scan, "a value is expected");
    scan->at += literal.size;
    return PGL_OK;
}

pgl_status pgl_json_scan_enter(struct pgl_json_scan *scan)
{
    if (++scan->depth > scan->limits->depth_max)
        return over_limit(scan, "levels", scan->limits->depth_max);
    scan->at++;
    return PGL_OK;
}

/* Behind `[` or `{`, or behind one of what they hold: a comma, or the end. */
static pgl_status next_item(struct pgl_json_scan *scan, char close, uint32_t count, bool *is_there)
{
    int next = next_byte(scan);
    *is_there = next != close;
    if (!*is_there) {
        scan->at++;
        scan->depth--;
        return PGL_OK;
    }
    if (count == 0)
        return PGL_OK;
    if (next != ',')
        return pgl_json_scan_fail(
            scan, close == '}' ? "a comma or } is expected" : "a comma or ] is expected");
    scan->at++;
    return PGL_OK;
}

pgl_status pgl_json_scan_element(struct pgl_json_scan *scan, uint32_t *count, bool *is_there)
{
    PGL_TRY(next_item(scan, ']', *count, is_there));
    *count += *is_there;
    return PGL_OK;
}

pgl_status pgl_json_scan_member(struct pgl_json_scan *scan, uint32_t *count, struct pgl_text *name)
{
    bool is_there;
    PGL_TRY(next_item(scan, '}', *count, &is_there));
    if (!is_there) {
        *name = (struct pgl_text){ NULL, 0 };
        return PGL_OK;
    }
    if (++*count > scan->limits->keys_max)
        return over_limit(scan, "members in one object", scan->limits->keys_max);
    if (next_byte(scan) != '"')
        return pgl_json_scan_fail(scan, "the name of a member in quotes is expected");
    PGL_TRY(pgl_json_scan_string(scan, name));
    if (next_byte(scan) != ':')
        return pgl_json_scan_fail(scan, "a colon is expected");
    scan->at++;
    return PGL_OK;
}

pgl_status pgl_json_scan_end(struct pgl_json_scan *scan)
{
    if (next_byte(scan) != -1)
        return pgl_json_scan_fail(scan, "nothing is expected behind the value");
    return PGL_OK;
}

/* --- strings --- */

static inline bool is_plain(char c)
{
    return c != '"' && c != '\\' && (uint8_t)c >= 0x20;
}

/* Bit 7 of each byte that is below n; also of some behind such a byte (Mycroft's trick). */
static inline uint64_t bytes_below(uint64_t word, uint64_t n)
{
    return (word - n * 0x0101010101010101) & ~word & 0x8080808080808080;
}

/* The first byte that ends a run of plain ones. Bit 7 of *seen is set when one was not ASCII. Eight
 * at a time: a byte is below 0x20, or equal to another when their difference is below 1 (Mycroft
 * 1987; it may see one too many, never one too few, and the bytes behind decide). */
static const char *plain_end(const char *at, const char *end, uint8_t *seen)
{
    uint64_t word;
    for (; end - at >= (ptrdiff_t)sizeof word; at += sizeof word) {
        memcpy(&word, at, sizeof word);
        if (bytes_below(word, 0x20) | bytes_below(word ^ 0x2222222222222222, 1) |
            bytes_below(word ^ 0x5C5C5C5C5C5C5C5C, 1))
            break;
        if (word & 0x8080808080808080)
            *seen |= 0x80;
    }
    while (at < end && is_plain(*at))
        *seen |= (uint8_t)*at++;
    return at;
}

/* The four digits behind \u; -1 when they are none. */
static int32_t read_unit(const char *at, const char *end)
{
    uint8_t bytes[2];
    if (end - at < 4 || !pgl_is_ok(pgl_hex_decode((struct pgl_text){ at, 4 }, bytes, 2)))
        return -1;
    return bytes[0] << 8 | bytes[1];
}

static size_t put_utf8(char *out, int32_t point)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    for (size_t i = more; i > 0; i--, point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3F));
    static const uint8_t first[] = { 0, 0xC0, 0xE0, 0xF0 };
    out[0] = (char)(first[more] | point);
    return 1 + more;
}

/* RFC 8259, section 7: beyond U+FFFF as a surrogate pair; half of one is no character. */
static pgl_status decode_point(struct pgl_json_scan *scan, char *out, size_t *size)
{
    int32_t point = read_unit(scan->at + 2, scan->end);
    if (point < 0)
        return pgl_json_scan_fail(scan, "four hexadecimal digits are expected behind \\u");
    if (point == 0)
        return pgl_json_scan_fail(scan, "a NUL is not allowed");
    const char *behind = scan->at + ESCAPE_BYTES_MAX;
    if (point >= 0xD800 && point <= 0xDFFF) {
        int32_t low = -1;
        if (point <= 0xDBFF && scan->end - behind >= 2 && behind[0] == '\\' && behind[1] == 'u')
            low = read_unit(behind + 2, scan->end);
        if (low < 0xDC00 || low > 0xDFFF)
            return pgl_json_scan_fail(scan, "half a surrogate pair is no character");
        point = 0x10000 + ((point - 0xD800) << 10 | (low - 0xDC00));
        behind += ESCAPE_BYTES_MAX;
    }
    *size += put_utf8(out + *size, point);
    scan->at = behind;
    return PGL_OK;
}

static pgl_status decode_escape(struct pgl_json_scan *scan, char *out, size_t *size)
{
    static const char names[] = "\"\\/bfnrt";
    static const char means[] = "\"\\/\b\f\n\r\t";
    if (scan->end - scan->at < 2)
        return pgl_json_scan_fail(scan, "the string is never closed");
    if (scan->at[1] == 'u')
        return decode_point(scan, out, size);
    const char *name = memchr(names, scan->at[1], sizeof names - 1);
    if (name == NULL)
        return pgl_json_scan_fail(scan, "an unknown escape");
    out[(*size)++] = means[name - names];
    scan->at += 2;
    return PGL_OK;
}

static pgl_status why_not_plain(struct pgl_json_scan *scan)
{
    return pgl_json_scan_fail(scan, scan->at == scan->end
                                        ? "the string is never closed"
                                        : "a control character in a string must be escaped");
}

/* The closing quote, or the end of the bytes. */
static const char *string_end(const char *at, const char *end)
{
    while (at < end && *at != '"')
        at += *at == '\\' && end - at >= 2 ? 2 : 1;
    return at;
}

/* From the first escape on. What is decoded is never longer than what it was written as. */
static pgl_status decode_string(struct pgl_json_scan *scan, const char *begin, uint8_t *seen,
                                struct pgl_text *string)
{
    size_t written = (size_t)(string_end(scan->at, scan->end) - begin);
    size_t most = (size_t)scan->limits->string_bytes_max + ESCAPE_BYTES_MAX;
    char *out = pgl_arena_alloc(scan->arena, written < most ? written : most);
    if (out == NULL)
        return no_memory();
    size_t size = (size_t)(scan->at - begin);
    memcpy(out, begin, size);
    while (scan->at < scan->end && *scan->at == '\\') {
        PGL_TRY(decode_escape(scan, out, &size));
        const char *run = scan->at;
        scan->at = plain_end(run, scan->end, seen);
        size_t run_bytes = (size_t)(scan->at - run);
        if (size + run_bytes > scan->limits->string_bytes_max)
            return over_limit(scan, "bytes in a string", scan->limits->string_bytes_max);
        memcpy(out + size, run, run_bytes);
        size += run_bytes;
    }
    *seen |= 0x80; /* an escape may have stood for any character */
    *string = (struct pgl_text){ out, size };
    return PGL_OK;
}

pgl_status pgl_json_scan_string(struct pgl_json_scan *scan, struct pgl_text *string)
{
    uint8_t seen = 0;
    const char *begin = ++scan->at;
    scan->at = plain_end(begin, scan->end, &seen);
    *string = (struct pgl_text){ begin, (size_t)(scan->at - begin) };
    if (string->size > scan->limits->string_bytes_max)
        return over_limit(scan, "bytes in a string", scan->limits->string_bytes_max);
    if (scan->at < scan->end && *scan->at == '\\')
        PGL_TRY(decode_string(scan, begin, &seen, string));
    if (scan->at == scan->end || *scan->at != '"')
        return why_not_plain(scan);
    if ((seen & 0x80) && !pgl_text_is_utf8(*string))
        return pgl_json_scan_fail(scan, "the string is not UTF-8");
    scan->at++;
    return PGL_OK;
}

/* --- numbers --- */

static inline bool is_digit(const char *at, const char *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

static const char *digits_end(const char *at, const char *end)
{
    while (is_digit(at, end))
        at++;
    return at;
}

/* RFC 8259, section 6. */
pgl_status pgl_json_scan_number(struct pgl_json_scan *scan, struct pgl_json_number *number)
{
    const char *begin = scan->at, *end = scan->end;
    const char *whole = begin + (*begin == '-');
    const char *at = digits_end(whole, end);
    if (at == whole || (*whole == '0' && at - whole > 1))
        return pgl_json_scan_fail(scan, "a number is expected, without leading zeros");
    number->is_whole = true;
    number->fits = pgl_is_ok(
        pgl_text_to_i64((struct pgl_text){ begin, (size_t)(at - begin) }, &number->value));
    if (at < end && *at == '.') {
        number->is_whole = false;
        const char *fraction = at + 1;
        at = digits_end(fraction, end);
        if (at == fraction)
            return pgl_json_scan_fail(scan, "a digit is expected behind the point");
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        number->is_whole = false;
        const char *exponent = at + 1;
        exponent += exponent < end && (*exponent == '+' || *exponent == '-');
        at = digits_end(exponent, end);
        if (at == exponent)
            return pgl_json_scan_fail(scan, "a digit is expected in the exponent");
    }
    number->fits = number->fits && number->is_whole;
    number->text = (struct pgl_text){ begin, (size_t)(at - begin) };
    scan->at = at;
    return PGL_OK;
}

/* --- whatever it is --- */

static pgl_status skip_next(struct pgl_json_scan *scan)
{
    enum pgl_json_kind kind;
    PGL_TRY(pgl_json_scan_value(scan, &kind));
    return pgl_json_scan_skip(scan, kind);
}

static pgl_status skip_array(struct pgl_json_scan *scan)
{
    uint32_t count = 0;
    bool is_there;
    PGL_TRY(pgl_json_scan_enter(scan));
    PGL_TRY(pgl_json_scan_element(scan, &count, &is_there));
    while (is_there) {
        PGL_TRY(skip_next(scan));
        PGL_TRY(pgl_json_scan_element(scan, &count, &is_there));
    }
    return PGL_OK;
}

/* Each name is held against all before it: keys_max^2 / 2 short comparisons at worst. */
static pgl_status note_name(struct pgl_json_scan *scan, void **names, size_t *name_count,
                            struct pgl_text name)
{
    const struct pgl_text *before = *names;
    for (size_t i = 0; i < *name_count; i++)
        if (pgl_text_equal(before[i], name))
            return pgl_json_scan_fail(scan, "the member before is given twice");
    struct pgl_text *slot = pgl_array_append(scan->arena, names, name_count, sizeof *slot);
    if (slot == NULL)
        return no_memory();
    *slot = name;
    return PGL_OK;
}

static pgl_status skip_object(struct pgl_json_scan *scan)
{
    uint32_t count = 0;
    struct pgl_text name;
    void *names = NULL;
    size_t name_count = 0;
    PGL_TRY(pgl_json_scan_enter(scan));
    PGL_TRY(pgl_json_scan_member(scan, &count, &name));
    while (name.data != NULL) {
        PGL_TRY(note_name(scan, &names, &name_count, name));
        PGL_TRY(skip_next(scan));
        PGL_TRY(pgl_json_scan_member(scan, &count, &name));
    }
    return PGL_OK;
}

pgl_status pgl_json_scan_skip(struct pgl_json_scan *scan, enum pgl_json_kind kind)
{
    struct pgl_text string;
    struct pgl_json_number number;
    switch (kind) {
    case PGL_JSON_OBJECT:
        return skip_object(scan);
    case PGL_JSON_ARRAY:
        return skip_array(scan);
    case PGL_JSON_STRING:
        return pgl_json_scan_string(scan, &string);
    case PGL_JSON_NUMBER:
        return pgl_json_scan_number(scan, &number);
    case PGL_JSON_NONE:
    case PGL_JSON_TRUE:
    case PGL_JSON_FALSE:
    case PGL_JSON_NULL:
        break;
    }
    return PGL_OK;
}
