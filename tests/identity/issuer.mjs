// issuer.mjs - an OpenID Connect issuer by `oidc-provider`. Prints its URL. POST /rotate: from now
// on another key signs, of the next algorithm, and nothing else is published.
import http from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

const algs = ['ES256', 'RS256', 'PS256', 'EdDSA'];
let url, handle, count = 0;

async function next() {
  const alg = algs[count++ % algs.length];
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const provider = new Provider(url, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: `key-${count}`, alg, use: 'sig' }] },
    clients: [{ client_id: 'till', client_secret: 'a-secret-of-a-test', redirect_uris: [],
      response_types: [], grant_types: ['client_credentials'], id_token_signed_response_alg: alg }],
    extraTokenClaims: () => ({ roles: ['customer'] }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:panglot',
        getResourceServerInfo: () => ({ scope: '', audience: 'panglot', accessTokenTTL: 300,
          accessTokenFormat: 'jwt', jwt: { sign: { alg } } }),
      },
    },
  });
  handle = provider.callback();
}

const server = http.createServer(async (request, response) => {
  if (request.url !== '/rotate')
    return handle(request, response);
  await next();
  response.end();
});
server.listen(0, '127.0.0.1', async () => {
  url = `http://127.0.0.1:${server.address().port}`;
  await next();
  console.log(url);
});
process.stdin.on('end', () => process.exit(0)).resume();
