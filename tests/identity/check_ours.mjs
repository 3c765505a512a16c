// check_ours.mjs URL TOKEN... - jose takes our tokens, by the keys that we publish.
import { createRemoteJWKSet, jwtVerify } from 'jose';

const [url, ...tokens] = process.argv.slice(2);
const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', url));
for (const token of tokens) {
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    issuer: 'panglot', audience: 'panglot', typ: 'JWT', algorithms: ['ES256'],
    requiredClaims: ['sub', 'iat', 'exp'], maxTokenAge: '1h',
  });
  console.log(`jose takes a token of ${payload.sub}, by key ${protectedHeader.kid}`);
}
