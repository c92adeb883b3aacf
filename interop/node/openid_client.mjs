// openid-client as an application uses it, confidential or public. The library checks state, `iss`
// of the answer (RFC 9207), nonce, issuer, audience, times, and here also the signature by the JWKS.

import assert from 'node:assert/strict'

import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import * as client from 'openid-client'

import { alg, byeUri, clientId, clientSecret, email, issuer, ok, person, redirectUri, refused, scope } from './told.mjs'

const isConfidential = clientSecret !== ''
const authentication = isConfidential ? client.ClientSecretBasic(clientSecret) : client.None()
const config = await client.discovery(new URL(issuer), clientId, { id_token_signed_response_alg: alg }, authentication, {
  // Loopback; anywhere else the issuer is https.
  execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
})
assert.equal(config.serverMetadata().issuer, issuer)
ok('discovery')

async function begin() {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
  }
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  const back = await person(url)
  assert.equal(back.origin + back.pathname, redirectUri)
  return { back, checks }
}

const invalidGrant = (what, attempt) => refused(what, 'invalid_grant', attempt, (error) => error.error)
const refresh = (token) => client.refreshTokenGrant(config, token)

/** Is the access token good for userinfo? */
async function opens(token, sub) {
  try {
    return (await client.fetchUserInfo(config, token, sub)).email === email
  } catch (error) {
    assert.equal(error.status ?? error.cause?.status, 401, String(error))
    return false
  }
}

/** An answer that does not say our issuer has to be refused before its code is sent anywhere. */
const otherIssuer = (back, checks) =>
  assert.rejects(
    () => client.authorizationCodeGrant(config, back, checks),
    (error) => error.code === 'OAUTH_INVALID_RESPONSE' && /"iss"/.test(`${error.message} ${error.cause?.message}`),
  )

const { back, checks } = await begin()
ok('authorize')
const tokens = await client.authorizationCodeGrant(config, back, checks)
ok('code')
const claims = tokens.claims()
assert.equal(claims.aud, clientId)
assert.equal(decodeProtectedHeader(tokens.id_token).alg, alg)
ok('id_token', `${alg}, nonce checked`)
const { email: told } = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
assert.equal(told, email)
ok('userinfo')

{
  const begun = await begin()
  const elsewhere = new URL(begun.back)
  elsewhere.searchParams.set('iss', 'https://elsewhere.example.com')
  await otherIssuer(elsewhere, begun.checks)
  elsewhere.searchParams.delete('iss')
  await otherIssuer(elsewhere, begun.checks)
  ok('iss', 'an answer of another issuer, or of none, is not taken')
}

if (isConfidential) {
  const known = await client.tokenIntrospection(config, tokens.access_token)
  assert.deepEqual([known.active, known.client_id, known.sub], [true, clientId, claims.sub])
  assert.deepEqual(await client.tokenIntrospection(config, 'mat_made_up'), { active: false })
  ok('introspection')

  const jwks = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri))
  const audience = `${issuer}/oauth2/userinfo`
  const expected = { issuer, audience, typ: 'at+jwt', algorithms: ['ES256'] }
  const { payload } = await jwtVerify(tokens.access_token, jwks, expected)
  assert.deepEqual([payload.client_id, payload.sub], [clientId, claims.sub])
  ok('jwt_access_token', 'RFC 9068, checked offline')
}

const second = await refresh(tokens.refresh_token)
assert.equal(second.claims().sub, claims.sub)
ok('refresh')
const third = await refresh(second.refresh_token)
assert.equal(new Set([tokens, second, third].map((it) => it.refresh_token)).size, 3)
ok('rotation')
await invalidGrant('an old refresh token', () => refresh(tokens.refresh_token))
await invalidGrant('its family', () => refresh(third.refresh_token))
assert.equal(await opens(third.access_token, claims.sub), false)
ok('theft')
await invalidGrant('a code twice', () => client.authorizationCodeGrant(config, back, checks))
ok('code_twice')

const again = await begin()
const last = await client.authorizationCodeGrant(config, again.back, again.checks)
assert.equal(await opens(last.access_token, claims.sub), true)
await client.tokenRevocation(config, last.refresh_token)
assert.equal(await opens(last.access_token, claims.sub), false)
if (isConfidential) {
  assert.equal((await client.tokenIntrospection(config, last.access_token)).active, false)
}
ok('revocation')

if (isConfidential) {
  const own = await client.clientCredentialsGrant(config, { scope: 'as_user:read' })
  assert.equal(own.refresh_token, undefined)
  assert.equal((await client.tokenIntrospection(config, own.access_token)).sub, clientId)
  ok('client_credentials')
}

const end = client.buildEndSessionUrl(config, {
  id_token_hint: last.id_token,
  post_logout_redirect_uri: byeUri,
  state: 'over',
})
assert.equal(String(await person(end)), `${byeUri}?state=over`)
ok('logout')
