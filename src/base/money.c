/* money.c - see money.h. */
#include "base/money.h"

#include "base/assert.h"

pgl_status pgl_money_add(int64_t a_minor, int64_t b_minor, int64_t *sum_minor)
{
    if (__builtin_add_overflow(a_minor, b_minor, sum_minor))
        return PGL_FAIL(PGL_INVALID, "the amount is too large");
    return PGL_OK;
}

pgl_status pgl_money_times(int64_t unit_minor, int64_t quantity, int64_t *product_minor)
{
    if (quantity < 0 || __builtin_mul_overflow(unit_minor, quantity, product_minor))
        return PGL_FAIL(PGL_INVALID, "the amount is too large");
    return PGL_OK;
}

/* ISO 4217: the codes in use, by the number of their minor digits. */
static const struct currency_group {
    int exponent;
    const char *codes; /* three letters each */
} currency_groups[] = {
    { 0, "BIFCLPDJFGNFISKJPYKMFKRWPYGRWFUGXUYIVNDVUVXAFXOFXPF" },
    { 3, "BHDIQDJODKWDLYDOMRTND" },
    { 2,
      "AEDAFNALLAMDANGAOAARSAUDAWGAZNBAMBBDBDTBGNBMDBNDBOBBRLBSDBTNBWPBYNBZDCADCDFCHFCNYCOPCRCCUP"
      "CVECZKDKKDOPDZDEGPERNETBEURFJDFKPGBPGELGHSGIPGMDGTQGYDHKDHNLHTGHUFIDRILSINRIRRJMDKESKGSKHR"
      "KPWKYDKZTLAKLBPLKRLRDLSLMADMDLMGAMKDMMKMNTMOPMRUMURMVRMWKMXNMYRMZNNADNGNNIONOKNPRNZDPABPEN"
      "PGKPHPPKRPLNQARRONRSDRUBSARSBDSCRSDGSEKSGDSHPSLESOSSRDSSPSTNSVCSYPSZLTHBTJSTMTTOPTRYTTDTWD"
      "TZSUAHUSDUYUUZSVEDVESWSTXCDYERZARZMWZWG" },
};

static const struct currency_group *find_group(struct pgl_text code)
{
    if (code.size != 3)
        return NULL;
    for (size_t g = 0; g < sizeof currency_groups / sizeof currency_groups[0]; g++)
        for (const char *at = currency_groups[g].codes; *at != '\0'; at += 3)
            if (memcmp(at, code.data, 3) == 0)
                return &currency_groups[g];
    return NULL;
}

bool pgl_currency_is_known(struct pgl_text code)
{
    return find_group(code) != NULL;
}

int pgl_currency_exponent(struct pgl_text code)
{
    const struct currency_group *group = find_group(code);
    PGL_ASSERT(group != NULL);
    return group->exponent;
}
