// vectors.mjs ISSUER - prints a key set and tokens of which it is known whether they are right, as
// JSON. Right ones are signed by `jose`; wrong ones are made of them by hand.
import crypto from 'node:crypto';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';

const issuer = process.argv[2];
const now = Math.floor(Date.now() / 1000);
const encode = (value) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const algs = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const keys = {}, jwks = { keys: [] }, cases = [];

for (const alg of algs) {
  keys[alg] = await generateKeyPair(alg, { modulusLength: alg === 'PS256' ? 3072 : 2048 });
  jwks.keys.push({ ...(await exportJWK(keys[alg].publicKey)), kid: alg, alg, use: 'sig' });
}
// Keys that are not to be used: their tokens are wrong, whoever signs them.
const small = crypto.generateKeyPairSync('rsa', { modulusLength: 1024 });
jwks.keys.push({ ...small.publicKey.export({ format: 'jwk' }), kid: 'small', alg: 'RS256' });
const curve = crypto.generateKeyPairSync('ec', { namedCurve: 'P-384' });
jwks.keys.push({ ...curve.publicKey.export({ format: 'jwk' }), kid: 'curve', alg: 'ES384' });
const sealed = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
jwks.keys.push({ ...sealed.publicKey.export({ format: 'jwk' }), kid: 'sealed', alg: 'ES256', use: 'enc' });

const claims = { iss: issuer, aud: 'panglot', sub: 'ann', iat: now, exp: now + 300, roles: ['customer'] };

function sign(alg, said, key = keys[alg].privateKey) {
  const bytes = Buffer.from(said);
  switch (alg) {
    case 'RS256': return crypto.sign('sha256', bytes, key);
    case 'PS256': return crypto.sign('sha256', bytes, { key, saltLength: 32,
      padding: crypto.constants.RSA_PKCS1_PSS_PADDING });
    case 'ES256': return crypto.sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' });
    default: return crypto.sign(null, bytes, key);
  }
}
function token(alg, header, payload, key) {
  const said = `${encode(header)}.${encode(payload)}`;
  return `${said}.${sign(alg, said, key).toString('base64url')}`;
}
const add = (name, valid, text) => cases.push({ name, valid, token: text });

const headers = {
  'none': [false, { alg: 'none' }], 'None': [false, { alg: 'None' }], 'HS256': [false, { alg: 'HS256' }],
  'no alg': [false, { alg: undefined }], 'alg is a number': [false, { alg: 7 }], 'no kid': [false, { kid: undefined }],
  'unknown kid': [false, { kid: 'other' }], 'kid is a path': [false, { kid: '../../dev/null' }],
  'kid is long': [false, { kid: 'k'.repeat(65) }], 'kid is SQL': [false, { kid: "' OR 1=1 --" }],
  'crit': [false, { crit: ['exp'], exp: 1 }], 'crit is empty': [false, { crit: [] }], 'b64': [false, { b64: false, crit: ['b64'] }],
  'zip': [false, { zip: 'DEF' }], 'enc': [true, { enc: 'A256GCM' }], 'typ of another kind': [false, { typ: 'secevent+jwt' }],
  'typ is a number': [false, { typ: 1 }], 'typ JWT': [true, { typ: 'JWT' }], 'typ at+jwt': [true, { typ: 'at+jwt' }],
  'jku': [true, { jku: 'https://evil.example/keys' }], 'x5u': [true, { x5u: 'https://evil.example/keys' }],
  'x5c': [true, { x5c: ['AAAA'] }], 'jwk': [true, { jwk: { kty: 'oct', k: 'AAAA' } }],
};
const payloads = {
  'no iss': [false, { iss: undefined }], 'other iss': [false, { iss: 'https://other.example' }], 'iss is a list': [false, { iss: [issuer] }],
  'iss with a slash': [false, { iss: `${issuer}/` }], 'our own iss': [false, { iss: 'panglot' }],
  'no aud': [false, { aud: undefined }], 'other aud': [false, { aud: 'shop' }], 'aud in a list': [true, { aud: ['shop', 'panglot'] }],
  'aud not in a list': [false, { aud: ['shop'] }], 'aud list with a number': [false, { aud: ['panglot', 7] }], 'aud is an object': [false, { aud: {} }],
  'no sub': [false, { sub: undefined }], 'empty sub': [false, { sub: '' }], 'sub is a number': [false, { sub: 7 }],
  'long sub': [false, { sub: 's'.repeat(129) }], 'sub with a line': [false, { sub: 'a\nb' }], 'longest sub': [true, { sub: 's'.repeat(128) }],
  'no exp': [false, { exp: undefined }], 'expired': [false, { iat: now - 900, exp: now - 120 }], 'exp as text': [false, { exp: `${now + 300}` }],
  'exp with a fraction': [false, { exp: now + 300.5 }], 'exp is negative': [false, { exp: -1 }], 'exp far away': [false, { exp: 1e18 }],
  'too long a life': [false, { exp: now + 3601 }], 'an hour': [true, { exp: now + 3600 }], 'no iat': [false, { iat: undefined }],
  'iat in the future': [false, { iat: now + 600, exp: now + 900 }], 'nbf in the future': [false, { nbf: now + 600 }], 'nbf now': [true, { nbf: now }],
  'in the leeway': [true, { iat: now - 300, exp: now - 20 }], 'exp before iat': [false, { iat: now, exp: now - 10 }],
  'roles is text': [false, { roles: 'customer' }], 'roles with a number': [false, { roles: [7] }], 'tenant with a slash': [false, { tenant: 'a/b' }],
  'tenant is a list': [false, { tenant: ['default'] }], 'tenant': [true, { tenant: 'acme' }], 'other claims': [true, { email: 'a@b.example', deep: { a: [1, null] } }],
};

for (const alg of algs) {
  const header = { alg, kid: alg };
  const right = await new SignJWT(claims).setProtectedHeader(header).sign(keys[alg].privateKey);
  const [head, body, mark] = right.split('.');
  add(`${alg}: by jose`, true, right);
  for (const [name, [valid, change]] of Object.entries(headers))
    add(`${alg}: ${name}`, valid, token(alg, { ...header, ...change }, claims));
  for (const [name, [valid, change]] of Object.entries(payloads))
    add(`${alg}: ${name}`, valid, token(alg, header, { ...claims, ...change }));
  for (const other of algs.filter((one) => one !== alg)) {
    add(`${alg}: signed as ${other}`, false, token(other, { alg: other, kid: alg }, claims));
    add(`${alg}: named ${other}`, false, token(alg, { alg: other, kid: alg }, claims));
    add(`${alg}: under the key of ${other}`, false, token(alg, { alg, kid: other }, claims));
  }
  const said = `${head}.${body}`, bytes = Buffer.from(mark, 'base64url');
  for (let i = 0; i < 16; i++) { // one bit anywhere
    const wrong = Buffer.from(bytes);
    wrong[Math.floor((i * wrong.length) / 16)] ^= 1 << (i % 8);
    add(`${alg}: bit ${i}`, false, `${said}.${wrong.toString('base64url')}`);
  }
  const zeros = Buffer.alloc(bytes.length), ones = Buffer.alloc(bytes.length, 0xff);
  const forms = {
    'empty signature': '', 'zeros': zeros, 'ones': ones, 'cut': bytes.subarray(0, -1), 'longer': Buffer.concat([bytes, Buffer.alloc(1)]),
    'twice': Buffer.concat([bytes, bytes]), 'of nothing': sign(alg, ''), 'of the body alone': sign(alg, body),
  };
  for (const [name, form] of Object.entries(forms))
    add(`${alg}: ${name}`, false, `${said}.${Buffer.from(form).toString('base64url')}`);
  const texts = {
    'padding': `${right}=`, 'a blank': `${right} x`, 'two parts': said, 'four parts': `${right}.`, 'five parts': `${right}.a.b`,
    'no header': `.${body}.${mark}`, 'no payload': `${head}..${mark}`, 'standard base64': `${said}.${bytes.toString('base64')}+/`,
    'duplicate alg': null, 'duplicate sub': null, 'trailing bytes': null, 'not an object': null, 'NUL': null, 
  };
  const raw = (h, p) => { const s = `${encode(h)}.${encode(p)}`; return `${s}.${sign(alg, s).toString('base64url')}`; };
  texts['duplicate alg'] = raw(`{"alg":"${alg}","alg":"${alg}","kid":"${alg}"}`, JSON.stringify(claims));
  texts['duplicate sub'] = raw(JSON.stringify(header), JSON.stringify(claims).replace('"sub"', '"sub":"bob","sub"'));
  texts['trailing bytes'] = raw(JSON.stringify(header), `${JSON.stringify(claims)}x`);
  texts['not an object'] = raw(JSON.stringify(header), '[]');
  texts['NUL'] = raw(JSON.stringify(header), JSON.stringify({ ...claims, sub: 'a\u0000b' }));
  texts['too long'] = raw(JSON.stringify(header), JSON.stringify({ ...claims, pad: 'p'.repeat(4096) }));
  for (const [name, text] of Object.entries(texts))
    add(`${alg}: ${name}`, false, text);
}
const said = (kid, alg) => `${encode({ alg, kid })}.${encode(claims)}`;
add('RSA of 1024 bits', false, `${said('small', 'RS256')}.${crypto.sign('sha256', Buffer.from(said('small', 'RS256')), small.privateKey).toString('base64url')}`);
add('P-384', false, `${said('curve', 'ES384')}.${crypto.sign('sha384', Buffer.from(said('curve', 'ES384')), { key: curve.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`);
add('a key for encryption', false, `${said('sealed', 'ES256')}.${crypto.sign('sha256', Buffer.from(said('sealed', 'ES256')), { key: sealed.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`);
const der = `${encode({ alg: 'ES256', kid: 'ES256' })}.${encode(claims)}`;
add('ES256: as DER', false, `${der}.${crypto.sign('sha256', Buffer.from(der), keys.ES256.privateKey).toString('base64url')}`);
for (const alg of ['RS256', 'PS256']) { // the public key as a secret (RFC 8725, 2.1)
  const s = `${encode({ alg: 'HS256', kid: alg })}.${encode(claims)}`;
  const pem = keys[alg].publicKey.export({ type: 'spki', format: 'pem' });
  add(`${alg}: HMAC with the public key`, false, `${s}.${crypto.createHmac('sha256', pem).update(s).digest('base64url')}`);
}
console.log(JSON.stringify({ jwks, cases }));
