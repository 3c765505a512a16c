/*
 * list.c - products by what they are, in the order that is asked for. A page goes on behind the
 * product that ended the one before, wherever that order has it: one that does not change meanwhile
 * is seen once.
 */
#include "services/catalog/catalog_sql.h"
#include "services/catalog/products.h"
#include "wire/base64.h"

#define CURSOR_BYTES_MAX 384 /* a price, a SKU of 64 and a name of 256 */

static const pgl_status bad_cursor = { PGL_INVALID, "cursor: not one that we gave" };

/* ---- words ---- */

static bool is_of_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (uint8_t)c >= 0x80;
}

/* Words for FTS5: each in quotes, so that nothing in them is its syntax, and each may go on. What
 * is neither letter nor digit parts words, as it does in the texts. */
static pgl_status read_words(struct pgl_arena *arena, const char *text, const char **words)
{
    int count = 0;
    *words = "";
    if (text[0] == '\0')
        return PGL_OK;
    if (strlen(text) > PGL_SEARCH_BYTES_MAX)
        return PGL_FAIL(PGL_INVALID, "q: at most 200 bytes are expected");
    while (*text != '\0') {
        size_t size = 0;
        while (is_of_word(text[size]))
            size++;
        if (size > 0 && ++count > PGL_SEARCH_WORDS_MAX)
            return PGL_FAIL(PGL_INVALID, "q: at most 8 words are expected");
        if (size > 0)
            *words = pgl_arena_printf(arena, "%s\"%.*s\" * ", *words, (int)size, text);
        if (*words == NULL)
            return PGL_NO_MEMORY;
        text += size > 0 ? size : 1;
    }
    return count > 0 ? PGL_OK : PGL_FAIL(PGL_INVALID, "q: a word is expected");
}

/* ---- cursors: "PRICE|SKU|NAME" ---- */

static pgl_status read_cursor(struct pgl_arena *arena, const char *text, struct product_page *page)
{
    uint8_t bytes[CURSOR_BYTES_MAX];
    size_t size;
    page->is_first = text[0] == '\0';
    page->name = page->sku = "";
    if (page->is_first)
        return PGL_OK;
    if (!pgl_is_ok(pgl_base64url_decode(pgl_text_of(text), bytes, sizeof bytes, &size)))
        return bad_cursor;
    struct pgl_text left = { (const char *)bytes, size };
    if (!pgl_text_is_utf8(left) ||
        !pgl_is_ok(pgl_text_to_i64(pgl_text_cut(&left, '|'), &page->price_minor)))
        return bad_cursor;
    struct pgl_text sku = pgl_text_cut(&left, '|');
    if (left.data == NULL)
        return bad_cursor;
    page->sku = pgl_arena_string(arena, sku);
    page->name = pgl_arena_string(arena, left);
    return arena->is_exhausted ? PGL_NO_MEMORY : PGL_OK;
}

static char *cursor_of(struct pgl_arena *arena, const Product *last)
{
    char encoded[PGL_BASE64URL_BYTES(CURSOR_BYTES_MAX)];
    const char *plain =
        pgl_arena_printf(arena, "%lld|%s|%s", (long long)last->price_minor, last->sku, last->name);
    if (plain == NULL || strlen(plain) > CURSOR_BYTES_MAX)
        return NULL;
    size_t size = pgl_base64url_encode((const uint8_t *)plain, strlen(plain), encoded);
    return pgl_arena_string(arena, (struct pgl_text){ encoded, size });
}

pgl_status pgl_catalog_list(const struct pgl_view *view, const ListProductsRequest *ask,
                            ListProductsResponse *reply)
{
    if (ask->limit < 1 || ask->limit > PGL_PRODUCT_PAGE_MAX)
        return PGL_FAIL(PGL_INVALID, "limit: 1 to 100 is expected");
    if (!product_sort_is_known(ask->sort))
        return PGL_FAIL(PGL_INVALID, "sort: price or name, or both, each perhaps with a minus");
    Product *products;
    size_t count;
    struct product_page page = {
        .category = ask->category,
        .price_least = ask->min_price_minor,
        .price_most = ask->max_price_minor > 0 ? ask->max_price_minor : INT64_MAX,
        .is_retired = ask->retired,
        .sort = ask->sort,
        .limit = ask->limit + 1, /* one more than asked for tells whether there is a next page */
    };
    PGL_TRY(read_words(view->arena, ask->text, &page.words));
    PGL_TRY(read_cursor(view->arena, ask->cursor, &page));
    PGL_TRY(product_list(view, &page, &products, &count));
    bool has_next = count > (size_t)ask->limit;
    reply->n_items = has_next ? (size_t)ask->limit : count;
    reply->items = pgl_arena_alloc(view->arena, (reply->n_items + 1) * sizeof reply->items[0]);
    if (reply->items == NULL)
        return PGL_NO_MEMORY;
    for (size_t i = 0; i < reply->n_items; i++)
        reply->items[i] = &products[i];
    if (has_next)
        reply->next = cursor_of(view->arena, &products[reply->n_items - 1]);
    return reply->next != NULL ? PGL_OK : PGL_NO_MEMORY;
}
