// check_events.mjs DOCUMENT BATCH - the document is AsyncAPI, and each event of the batch is a
// CloudEvent that fits its message in the document. Prints what it has seen, one line a kind.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";
import { CloudEvent, HTTP } from "cloudevents";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const text = readFileSync(process.argv[2], "utf8");
const batch = readFileSync(process.argv[3], "utf8");

const { document, diagnostics } = await new Parser().parse(text);
const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 0);
if (errors.length > 0 || document === undefined) {
  console.error(JSON.stringify(errors, null, 1));
  process.exit(1);
}

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema({ $id: "document", ...JSON.parse(text) });

const media = "application/cloudevents-batch+json";
const events = HTTP.toEvent({ headers: { "content-type": media }, body: batch });
const types = new Set();
for (const event of events) {
  new CloudEvent({ ...event }, true).validate();
  types.add(event.type);
}
for (const event of JSON.parse(batch)) {
  const where = `document#/components/messages/${event.type}/payload`;
  const check = ajv.getSchema(where);
  if (check === undefined) throw new Error(`${event.type} is not in the document`);
  if (!check(event)) throw new Error(`${event.type}: ${ajv.errorsText(check.errors)}`);
  const data = ajv.getSchema(`document#/components/schemas/${event.dataschema.split(":").at(-1)}`);
  const known = Object.keys(data.schema.properties);
  for (const name of Object.keys(event.data))
    if (!known.includes(name)) throw new Error(`${event.type}: ${name} is not in its schema`);
}
console.log(`messages ${document.allMessages().all().length}`);
console.log(`events ${events.length} ${[...types].sort().join(" ")}`);
