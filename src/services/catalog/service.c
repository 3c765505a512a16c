/* service.c - what Catalog offers. */
#include "services/catalog/service.h"

#include "services/catalog/catalog_sql.h"
#include "services/catalog/change.h"
#include "services/catalog/products.h"

PGL_QUERY(pgl_catalog_get, GetProductRequest, GetProductResponse)
PGL_QUERY(pgl_catalog_list, ListProductsRequest, ListProductsResponse)
PGL_QUERY(pgl_catalog_prices, GetPricesRequest, GetPricesResponse)
PGL_COMMAND(pgl_catalog_put, PutProductRequest, PutProductResponse)
PGL_COMMAND(pgl_catalog_change, ChangeProductRequest, ChangeProductResponse)
PGL_COMMAND(pgl_catalog_retire, RetireProductRequest, RetireProductResponse)
PGL_COMMAND(pgl_catalog_import, ImportProductsRequest, ImportProductsResponse)

const struct pgl_method pgl_catalog_methods[CATALOG_SERVICE_METHOD_COUNT] = {
    [CATALOG_SERVICE_LIST_PRODUCTS] = { PGL_METHOD_QUERY, .query = pgl_catalog_list_query },
    [CATALOG_SERVICE_GET_PRODUCT] = { PGL_METHOD_QUERY, .query = pgl_catalog_get_query },
    [CATALOG_SERVICE_GET_PRICES] = { PGL_METHOD_QUERY, .query = pgl_catalog_prices_query },
    [CATALOG_SERVICE_PUT_PRODUCT] = { PGL_METHOD_COMMAND, .command = pgl_catalog_put_command },
    [CATALOG_SERVICE_CHANGE_PRODUCT] = { PGL_METHOD_COMMAND,
                                         .command = pgl_catalog_change_command },
    [CATALOG_SERVICE_RETIRE_PRODUCT] = { PGL_METHOD_COMMAND,
                                         .command = pgl_catalog_retire_command },
    [CATALOG_SERVICE_IMPORT_PRODUCTS] = { PGL_METHOD_COMMAND,
                                          .command = pgl_catalog_import_command },
};

pgl_status pgl_catalog_open(struct pgl_writer *writer)
{
    return pgl_catalog_migrate(&writer->db);
}
