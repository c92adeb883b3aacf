// What a Node.js client of the run is told, and how it tells what held.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const { env } = process
export const issuer = env.INTEROP_ISSUER
export const clientId = env.INTEROP_CLIENT_ID
export const clientSecret = env.INTEROP_CLIENT_SECRET
export const redirectUri = env.INTEROP_REDIRECT_URI
export const byeUri = env.INTEROP_BYE_URI
export const scope = env.INTEROP_SCOPE
export const alg = env.INTEROP_ALG
export const email = env.INTEROP_EMAIL

/** A step that held. */
export const ok = (step, detail) => console.log(`ok ${step}${detail ? `: ${detail}` : ''}`)

/** The browser of the person goes to `url`; where it leaves the issuer. */
export async function person(url) {
  const { stdout } = await promisify(execFile)(env.INTEROP_PERSON, [String(url)], { timeout: 30_000 })
  return new URL(stdout.trim())
}

/** The attempt has to fail with this OAuth error, which `read` finds in what was thrown. */
export async function refused(what, code, attempt, read) {
  await assert.rejects(attempt, (error) => {
    assert.equal(read(error), code, `${what}: ${error}`)
    return true
  }, `${what} was not refused`)
}
