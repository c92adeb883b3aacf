// simple-oauth2: code and client credentials with a secret. It knows no PKCE of its own, so the
// challenge goes along as any other parameter, as its users do it.

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'

import { AuthorizationCode, ClientCredentials } from 'simple-oauth2'

import { clientId, clientSecret, email, issuer, ok, person, redirectUri, refused, scope } from './told.mjs'

const settings = {
  client: { id: clientId, secret: clientSecret },
  auth: {
    tokenHost: issuer,
    tokenPath: '/oauth2/token',
    authorizePath: '/oauth2/authorize',
    revokePath: '/oauth2/revoke',
  },
  options: { authorizationMethod: 'header' },
}
const application = new AuthorizationCode(settings)

async function begin() {
  const verifier = randomBytes(48).toString('base64url')
  const state = randomBytes(16).toString('base64url')
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  const url = application.authorizeURL({
    redirect_uri: redirectUri,
    scope,
    state,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  })
  const back = await person(url)
  assert.equal(back.searchParams.get('state'), state)
  assert.equal(back.searchParams.get('iss'), issuer)
  return { code: back.searchParams.get('code'), redirect_uri: redirectUri, code_verifier: verifier }
}

async function userinfo(token) {
  return fetch(`${issuer}/oauth2/userinfo`, { headers: { Authorization: `Bearer ${token}` } })
}

const begun = await begin()
ok('authorize')
const first = await application.getToken(begun)
assert.equal(first.token.token_type, 'Bearer')
assert.equal(first.expired(), false)
ok('code')
assert.equal((await (await userinfo(first.token.access_token)).json()).email, email)
ok('userinfo')
const second = await first.refresh()
ok('refresh')
const third = await second.refresh()
assert.equal(new Set([first, second, third].map((it) => it.token.refresh_token)).size, 3)
ok('rotation')
const read = (error) => error.data?.payload?.error
await refused('a code twice', 'invalid_grant', () => application.getToken(begun), read)
ok('code_twice')

const fresh = await application.getToken(await begin())
await fresh.revokeAll()
assert.equal((await userinfo(fresh.token.access_token)).status, 401)
ok('revocation')

const { authorizePath: _, ...auth } = settings.auth
const own = await new ClientCredentials({ ...settings, auth }).getToken({ scope: 'as_user:read' })
assert.equal(own.token.refresh_token, undefined)
assert.equal((await userinfo(own.token.access_token)).status, 403) // no person behind it, no openid
ok('client_credentials')
