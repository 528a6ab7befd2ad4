import fc from 'fast-check';
import { expect, it } from 'vitest';
import { redactCredentials, redactUrl } from '#forebay/shared/text/redact-url.js';

it('a URL in a message shows the address without credentials', () => {
  expect(redactUrl('https://b.s3.example/k/a.jpg?X-Amz-Signature=abc&x=1')).toBe(
    'https://b.s3.example/k/a.jpg?***',
  );
  expect(redactUrl('https://me:pw@h/a.jpg#token=x')).toBe('https://***@h/a.jpg?***');
  expect(redactUrl('photos/what?.jpg')).toBe('photos/what?.jpg');
  expect(redactCredentials("argument 'http://me:p/w@h' is invalid")).toBe(
    "argument 'http://***@h' is invalid",
  );
});

it('no secret is shown, whatever characters it contains, even in an invalid URL', () => {
  const secrets = fc
    .string({ unit: fc.constantFrom(...'@/#%:?&=[]\\ a1'.split('')), maxLength: 12 })
    .map((s) => `zq${s}xj`);
  const shapes = fc.constantFrom<(s: string) => string>(
    (s) => `https://me:${s}@h/a.jpg`,
    (s) => `https://${s}@h/a.jpg`,
    (s) => `https://h/a.jpg?X-Amz-Signature=${s}`,
    (s) => `https://h/a.jpg?to=a@b&token=${s}`,
    (s) => `http://h:99999/a.jpg?token=${s}`,
  );
  fc.assert(
    fc.property(secrets, shapes, fc.boolean(), (secret, shape, encoded) => {
      expect(redactUrl(shape(encoded ? encodeURIComponent(secret) : secret))).not.toMatch(/zq.*xj/is);
    }),
    { numRuns: 1000 },
  );
});
