// check_webhooks.mjs FILE - each webhook in the file (secret, headers, body) is genuine to the
// library of Standard Webhooks, and is not when a byte of it is another.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const came = JSON.parse(readFileSync(process.argv[2], "utf8"));
for (const { secret, headers, body } of came) {
  const hook = new Webhook(secret);
  hook.verify(body, headers);
  for (const forged of [body.replace("1", "2"), body + " "]) {
    let isRefused = false;
    try {
      hook.verify(forged, headers);
    } catch {
      isRefused = true;
    }
    if (!isRefused) throw new Error("a forged body was taken");
  }
}
console.log(`webhooks ${came.length}`);
