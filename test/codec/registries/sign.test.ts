import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signed } from '../../../src/codec/registry/glue/sign.ts'

/**
 * AWS's Signature Version 4 Test Suite (docs.aws.amazon.com/general/latest/gr/signature-v4-test-suite.html): its requests of the path
 * / without a query, each with its signature.
 */
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const SUITE: readonly [name: string, method: string, headers: object, body: string, is: string][] =
  [
    [
      'get-vanilla',
      'GET',
      {},
      '',
      '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    ],
    [
      'post-vanilla',
      'POST',
      {},
      '',
      '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
    ],
    [
      'get-header-key-duplicate',
      'GET',
      { 'my-header1': 'value2,value2,value1' },
      '',
      'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea',
    ],
    [
      'get-header-value-trim',
      'GET',
      { 'my-header1': ' value1', 'my-header2': ' "a   b   c"' },
      '',
      'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
    ],
    [
      'post-header-key-sort',
      'POST',
      { 'my-header1': 'value1' },
      '',
      'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
    ],
    [
      'post-header-value-case',
      'POST',
      { 'my-header1': 'VALUE1' },
      '',
      'cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d',
    ],
    [
      'post-x-www-form-urlencoded',
      'POST',
      FORM,
      'Param1=value1',
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
    ],
    [
      'post-x-www-form-urlencoded-parameters',
      'POST',
      { 'content-type': 'application/x-www-form-urlencoded; charset=utf8' },
      'Param1=value1',
      '1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe',
    ],
  ]
const keys = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: null,
}
const scope = { region: 'us-east-1', service: 'service', at: Date.parse('2015-08-30T12:36:00Z') }
const host = 'example.amazonaws.com'

test('requests have the signatures of AWS’s test suite', () => {
  for (const [name, method, more, body, signature] of SUITE) {
    const headers = { ...more, host } as Record<string, string>
    const { authorization } = signed({ method, headers, body }, keys, scope)
    assert.match(authorization, new RegExp(`Signature=${signature}$`), name)
    assert.match(
      authorization,
      /Credential=AKIDEXAMPLE\/20150830\/us-east-1\/service\/aws4_request,/,
    )
  }
})

test('the token of a session is signed with the request', () => {
  const session = { ...keys, sessionToken: 'token' }
  const all = signed({ method: 'POST', headers: { host }, body: '' }, session, scope)
  assert.equal(all['x-amz-security-token'], 'token')
  assert.match(all.authorization, /SignedHeaders=host;x-amz-date;x-amz-security-token,/)
})
