// use.ts - a client that knows only the types made of /openapi.json: it has to compile, and each line
// marked as an error has to be one.
import type { components, paths } from "./api.d.ts";

type Call<P extends keyof paths, M extends keyof paths[P]> = paths[P][M];
type Sent = components["schemas"]["NewOrderSent"];
type Made = Call<"/api/v1/orders", "post"> extends {
  responses: { 201: { content: { "application/json": infer Body } } };
}
  ? Body
  : never;

const wish: Sent = { currency: "USD", lines: [{ sku: "KIT-101", quantity: 2 }] };
const total = (order: Made): number => order.totalMinor;
const next = (page: components["schemas"]["ProductList"]): string | null => page.next;
const sort: NonNullable<
  NonNullable<Call<"/api/v1/products", "get">["parameters"]["query"]>["sort"]
> = "-price,name";
const key: Call<"/api/v1/orders", "post">["parameters"]["header"]["Idempotency-Key"] = "once";

// @ts-expect-error: there is no such member
const price: Sent = { currency: "USD", totalMinor: 1 };
// @ts-expect-error: nor such an order of a list
const colour: typeof sort = "colour";

export { colour, key, next, price, sort, total, wish };
