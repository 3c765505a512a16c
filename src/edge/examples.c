/* examples.c - what bodies may look like; openapi_test.c reads each of them as its message. */
#include "contract/admin.h"
#include "contract/catalog.h"
#include "contract/identity.h"
#include "contract/inventory.h"
#include "contract/ops.h"
#include "contract/orders.h"
#include "contract/webhooks.h"
#include "edge/openapi.h"

/* clang-format off */
static const struct {
    const ProtobufCMessageDescriptor *of;
    const char *text;
} examples[] = {
    { NEW_ORDER_DESCRIPTOR, "{\"currency\":\"USD\",\"lines\":[{\"sku\":\"KIT-101\",\"quantity\":2}],\"payment\":{\"method\":\"account\"},\"shipTo\":{\"region\":\"EU\"}}" },
    { NEW_REFUND_DESCRIPTOR, "{\"reason\":\"broken\",\"lines\":[{\"lineNo\":1,\"quantity\":1}]}" },
    { NEW_PRODUCT_DESCRIPTOR, "{\"sku\":\"KIT-900\",\"name\":\"Kettle, gold\",\"category\":\"kitchen\",\"priceMinor\":9900,\"currency\":\"USD\"}" },
    { PRODUCT_CHANGE_DESCRIPTOR, "{\"priceMinor\":8900,\"category\":null}" },
    { NEW_RECEIPT_DESCRIPTOR, "{\"warehouse\":\"WH-EU-1\",\"quantity\":5}" },
    { NEW_SALE_DESCRIPTOR, "{\"warehouse\":\"WH-EU-1\",\"quantity\":1}" },
    { NEW_COUNT_DESCRIPTOR, "{\"warehouse\":\"WH-EU-1\",\"counted\":1670}" },
    { NEW_SHIPMENT_DESCRIPTOR, "{\"warehouse\":\"WH-EU-1\",\"carrier\":\"post\",\"tracking\":\"X1\"}" },
    { NEW_RETRY_DESCRIPTOR, "{\"reason\":\"the provider is back\"}" },
    { NEW_SETTLEMENT_DESCRIPTOR, "{\"outcome\":\"CAPTURED\",\"reason\":\"seen in the provider's console\"}" },
    { NEW_JOB_DESCRIPTOR, "{\"service\":\"payments\",\"reason\":\"the provider is back\"}" },
    { REASON_DESCRIPTOR, "{\"reason\":\"begun by mistake\"}" },
    { NEW_ENDPOINT_DESCRIPTOR, "{\"url\":\"https://shop.example/hooks\",\"types\":[\"panglot.order.*\"],\"description\":\"the shop\"}" },
    { ENDPOINT_CHANGE_DESCRIPTOR, "{\"state\":\"DISABLED\"}" },
    { NEW_KEY_DESCRIPTOR, "{\"name\":\"the partner's shop\",\"scopes\":[\"orders:read\",\"orders:write\"],\"cidrs\":[\"192.0.2.0/24\"]}" },
    { KEY_CHANGE_DESCRIPTOR, "{\"scopes\":[\"orders:read\"]}" },
    { KEY_ROTATION_DESCRIPTOR, "{\"overlapS\":3600}" },
    { REDELIVERY_RANGE_DESCRIPTOR, "{\"from\":1,\"to\":100,\"state\":\"DEAD\"}" },
};
/* clang-format on */

const char *edge_example_of(const ProtobufCMessageDescriptor *descriptor)
{
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
        if (examples[i].of == descriptor)
            return examples[i].text;
    return NULL;
}
