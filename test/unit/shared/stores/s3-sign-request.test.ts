import { SignatureV4 } from '@smithy/signature-v4';
import { expect, it } from 'vitest';
import { Sha256 } from '#forebay/shared/stores/s3/sha256.js';
import { createSignRequest } from '#forebay/shared/stores/s3/sign-request.js';

const REGION = 'eu-west-3';
const sign = createSignRequest(REGION);
const NOW = Date.UTC(2026, 10, 29, 23, 59, 59, 987);
const KEYS = { accessKeyId: 'AKID', secretAccessKey: 'a+secret/of=tests' };
const OTHER_KEYS = { accessKeyId: 'OTHER', secretAccessKey: 'another', sessionToken: 'a token/+=' };
const GET = {
  method: 'GET',
  path: '/bucket/photos/a%20b%2Bc%25.jpg',
  query: {},
  headers: { host: 'localhost:9000', 'x-amz-content-sha256': 'e3b0c442' },
};
// The order is that of the names alone, so `list` comes before `list-type`.
const LISTING = {
  'list-type': '2',
  list: '',
  'start-after': 'a b+ä/(1)*',
  prefix: '',
  'max-keys': '1000',
  uploads: '',
};

// One signer signs all of them, so a derived key that is kept for too long fails the test.
it.each([
  ['a GET', GET, KEYS, NOW],
  ['the next day', GET, KEYS, NOW + 1000],
  ['other credentials, with a session', GET, OTHER_KEYS, NOW + 1000],
  ['the first credentials again', GET, KEYS, NOW + 1000],
  ['a query', { ...GET, path: '/bucket', query: LISTING }, KEYS, NOW],
  [
    'more headers',
    { ...GET, method: 'PUT', headers: { ...GET.headers, 'if-match': ' "a  b" ', range: 'bytes=0-9' } },
    KEYS,
    NOW,
  ],
])('%s is signed as the SDK does', async (_, request, credentials, now) => {
  const sdk = new SignatureV4({
    service: 's3',
    region: REGION,
    credentials,
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const expected = await sdk.sign(
    { ...request, protocol: 'https:', hostname: 'localhost' },
    { signingDate: new Date(now) },
  );
  expect(sign(request, credentials, now)).toEqual(expected.headers);
});
