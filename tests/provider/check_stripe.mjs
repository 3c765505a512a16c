// check_stripe.mjs PROGRAM FOLDER - Stripe's own client does with our provider what it does with
// Stripe: payments, refunds, lists, errors as its classes, retries by key, webhooks it verifies.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import Stripe from 'stripe';

const [program, folder] = process.argv.slice(2);
const heard = [];
const listener = http.createServer((request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    heard.push({ body: Buffer.concat(pieces), signature: request.headers['stripe-signature'] });
    response.end();
  });
});
await new Promise((ready) => listener.listen(0, '127.0.0.1', ready));

const provider = spawn(program, ['provider', '--http', '127.0.0.1:0', '--data', folder,
  '--webhook', `http://127.0.0.1:${listener.address().port}/hooks`]);
provider.stderr.pipe(process.stderr);
const port = await new Promise((ready, failed) => {
  provider.once('exit', () => failed(new Error('the provider does not start')));
  provider.stdout.once('data', (line) => ready(Number(/:(\d+)\s*$/.exec(line)[1])));
});
const options = { host: '127.0.0.1', port, protocol: 'http', telemetry: false };
const stripe = new Stripe('sk_test_panglot', { ...options, maxNetworkRetries: 2 });

const card = (name, more = {}) => ({
  amount: 1999, currency: 'eur', capture_method: 'manual', payment_method: `pm_card_${name}`,
  payment_method_types: ['card'], metadata: { order_id: 'o-1' }, ...more });

const refuses = (promise, type, code) => assert.rejects(promise, (error) => {
  assert.equal(error.type, type);
  assert.equal(error.code, code);
  return true;
});

const faults = (text) => fetch(`http://127.0.0.1:${port}/_faults`,
  { method: 'POST', body: `none,${text}` });

const checks = {
  async 'a payment is held, captured in part, and given back'() {
    const made = await stripe.paymentIntents.create(card('visa'));
    assert.equal(made.status, 'requires_confirmation');
    assert.deepEqual(made.metadata, { order_id: 'o-1' });
    const held = await stripe.paymentIntents.confirm(made.id, { expand: ['latest_charge'] });
    assert.equal(held.status, 'requires_capture');
    assert.equal(held.latest_charge.amount, 1999);
    const paid = await stripe.paymentIntents.capture(made.id, { amount_to_capture: 1000 });
    assert.equal(paid.amount_received, 1000);
    const refund = await stripe.refunds.create({ payment_intent: made.id, amount: 400 });
    assert.equal(refund.status, 'succeeded');
    assert.deepEqual(await stripe.refunds.retrieve(refund.id), refund);
    const refunds = await stripe.refunds.list({ payment_intent: made.id });
    assert.deepEqual(refunds.data.map((one) => one.id), [refund.id]);
    await refuses(stripe.refunds.create({ payment_intent: made.id, amount: 601 }),
      'StripeInvalidRequestError', 'amount_too_large');
  },
  async 'a hold is cancelled'() {
    const made = await stripe.paymentIntents.create(card('visa', { confirm: true }));
    const gone = await stripe.paymentIntents.cancel(made.id, { cancellation_reason: 'abandoned' });
    assert.equal(gone.status, 'canceled');
    await refuses(stripe.paymentIntents.capture(made.id),
      'StripeInvalidRequestError', 'payment_intent_unexpected_state');
  },
  async 'a card is declined'() {
    const made = await stripe.paymentIntents.create(card('chargeDeclined'));
    await refuses(stripe.paymentIntents.confirm(made.id), 'StripeCardError', 'card_declined');
    const now = await stripe.paymentIntents.retrieve(made.id);
    assert.equal(now.last_payment_error.decline_code, 'generic_decline');
  },
  async 'a customer has to act'() {
    const made = await stripe.paymentIntents.create(card('authenticationRequired'));
    const asked = await stripe.paymentIntents.confirm(made.id);
    assert.equal(asked.next_action.type, 'redirect_to_url');
    await fetch(asked.next_action.redirect_to_url.url);
    assert.equal((await stripe.paymentIntents.retrieve(made.id)).status, 'requires_capture');
  },
  async 'lists have pages, and search finds'() {
    for (let i = 0; i < 5; i++)
      await stripe.paymentIntents.create(card('visa', { metadata: { order_id: 'many' } }));
    const ids = new Set();
    for await (const one of stripe.paymentIntents.list({ limit: 2, created: { gte: 1 } }))
      ids.add(one.id);
    assert.ok(ids.size >= 9, `${ids.size} of at least 9`);
    const found = await stripe.paymentIntents.search({ query: "metadata['order_id']:'many'" });
    assert.equal(found.data.length, 5);
  },
  async 'errors are of the client\'s classes'() {
    await refuses(stripe.paymentIntents.retrieve('pi_none'),
      'StripeInvalidRequestError', 'resource_missing');
    const other = new Stripe('sk_test_other', options);
    await refuses(other.paymentIntents.list(), 'StripeAuthenticationError', undefined);
    await stripe.paymentIntents.create(card('visa'), { idempotencyKey: 'k' });
    await refuses(stripe.paymentIntents.create(card('visa', { amount: 5 }), { idempotencyKey: 'k' }),
      'StripeIdempotencyError', undefined);
    const patient = new Stripe('sk_test_panglot', { ...options, maxNetworkRetries: 0 });
    await faults('limited=on,times=1');
    await refuses(patient.paymentIntents.list(), 'StripeRateLimitError', 'rate_limit');
    await faults('fail-after=on,times=1');
    await refuses(patient.paymentIntents.create(card('visa')), 'StripeAPIError', undefined);
    await faults('reset-before=on,times=2'); // it asks twice: a kept connection may be stale
    await refuses(patient.paymentIntents.list(), 'StripeConnectionError', undefined);
  },
  async 'its retries execute once'() {
    const made = await stripe.paymentIntents.create(card('visa', { confirm: true }));
    await faults('reset-after=on,times=1,only=capture');
    assert.equal((await stripe.paymentIntents.capture(made.id)).status, 'succeeded');
  },
  async 'webhooks are verified'() {
    const secret = readFileSync(`${folder}/webhook.secret`, 'utf8').trim();
    const end = Date.now() + 10000;
    while (heard.length < 20 && Date.now() < end)
      await new Promise((again) => setTimeout(again, 20));
    assert.ok(heard.length >= 20, `${heard.length} were heard`);
    for (const { body, signature } of heard)
      assert.match(stripe.webhooks.constructEvent(body, signature, secret).type,
        /^(payment_intent|refund)\./);
    assert.throws(() => stripe.webhooks.constructEvent('{}', heard[0].signature, secret));
  },
};

let wrong = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
  } catch (error) {
    wrong++;
    console.log(`${name}: ${error.stack}`);
  }
}
console.log(`${Object.keys(checks).length} checks, ${wrong} wrong`);
provider.kill('SIGTERM');
listener.close();
process.exit(wrong === 0 ? 0 : 1);
