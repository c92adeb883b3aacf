// oidc-provider with a durable store and tokens to begin with, as a peer for `bench/run --peer`.
// It writes peer.toml, which names its endpoints, and says so.
//   npm install && node serve.mjs [folder] [port]          Node 22 or later
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const folder = resolve(process.argv[2] ?? 'peer');
const port = Number(process.argv[3] ?? 7100);
mkdirSync(folder, { recursive: true });
process.env.DATABASE = `${folder}/peer.db`;
const { default: Provider } = await import('oidc-provider');
const { default: Store } = await import('./store.mjs');

const DAY = 86_400;
const RESOURCE = 'https://api.example.org';
const secret = 'a-secret-of-the-bench-0123456789abcdefghijklmn';
const basic = (id) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

function key(alg, type, options) {
  const pair = generateKeyPairSync(type, options);
  return { ...pair.privateKey.export({ format: 'jwk' }), use: 'sig', alg, kid: alg };
}

const service = (id) => ({
  client_id: id, client_secret: secret, grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: 'api.read',
});
const formats = { opaque: 'opaque', jwt: 'jwt', web: 'opaque' };

const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: Store,
  jwks: { keys: [key('RS256', 'rsa', { modulusLength: 2048 }), key('ES256', 'ec', { namedCurve: 'P-256' })] },
  clients: [service('opaque'), service('jwt'), {
    client_id: 'web', client_secret: secret, grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: ['https://app.example.com/callback'], response_types: ['code'],
  }],
  scopes: ['openid', 'offline_access', 'api.read'],
  cookies: { keys: ['a-key-of-the-bench'] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource, client) => ({
        scope: 'api.read', audience: RESOURCE, accessTokenTTL: DAY, accessTokenFormat: formats[client.clientId],
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  ttl: { AccessToken: DAY, ClientCredentials: DAY, RefreshToken: 14 * DAY, Grant: 14 * DAY, IdToken: 3600 },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
});
provider.on('server_error', (ctx, error) => console.error(error));

// Tokens of a person, as a code flow would have left them.
const web = await provider.Client.find('web');
const [access, refresh] = [[], []];
for (let n = 0; n < 2_000; n += 1) {
  const grant = new provider.Grant({ accountId: `person-${n}`, clientId: 'web' });
  grant.addOIDCScope('openid offline_access');
  grant.addResourceScope(RESOURCE, 'api.read');
  const given = {
    accountId: `person-${n}`, client: web, grantId: await grant.save(), gty: 'authorization_code', scope: 'offline_access api.read',
    resource: RESOURCE, authTime: Math.floor(Date.now() / 1000),
  };
  if (n < 500) {
    const token = new provider.AccessToken({ ...given, scope: 'api.read' });
    token.resourceServer = new provider.ResourceServer(RESOURCE, { scope: 'api.read', audience: RESOURCE, accessTokenTTL: DAY });
    access.push(await token.save());
  }
  refresh.push(await new provider.RefreshToken({ ...given, rotations: 0 }).save());
}
writeFileSync(`${folder}/access`, `${access.join('\n')}\n`);
writeFileSync(`${folder}/refresh`, `${refresh.join('\n')}\n`);
writeFileSync(`${folder}/pid`, `${process.pid}\n`);

const cases = [
  ['token', '/token', { auth: basic('opaque'), body: 'grant_type=client_credentials&scope=api.read' }],
  ['jwt', '/token', { auth: basic('jwt'), body: 'grant_type=client_credentials&scope=api.read' }],
  ['introspect', '/token/introspection', { auth: basic('web'), tokens: `${folder}/access`, field: 'token' }],
  ['refresh', '/token', { auth: basic('web'), tokens: `${folder}/refresh`, before: 'grant_type=refresh_token&refresh_token=' }],
];
const toml = cases.map(([name, path, request]) => [
  '[[case]]', `beside = "${name}"`, 'title = "node-oidc-provider"', `url = "http://127.0.0.1:${port}${path}"`, `pidfiles = ["${folder}/pid"]`,
  ...(name === 'refresh' ? ['script = "refresh.lua"'] : []),
  '[case.request]', ...Object.entries(request).map(([field, value]) => `${field} = ${JSON.stringify(value)}`), '',
].join('\n'));
writeFileSync(`${folder}/peer.toml`, toml.join('\n'));
provider.listen(port, '127.0.0.1', () => console.log(`bench/run --peer ${folder}/peer.toml`));
