import { expect, it } from 'vitest';
import { readListPage } from '#forebay/shared/stores/s3/s3-list-page.js';
import { heapNow } from '../../../support/live-heap.ts';

const HEAD = '<?xml version="1.0"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">';
const TAIL =
  '<IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b</NextContinuationToken>' +
  '<EncodingType>url</EncodingType></ListBucketResult>';

const OBJECTS = [
  '<Key>a%20b+c%2B.jpg</Key><LastModified>2026-11-29T15:56:47.000Z</LastModified><ETag>&quot;0a&quot;</ETag><Size>7</Size>',
  '<Key>plain</Key><ETag>&#34;0b-2&#34;</ETag><Size>0</Size><Owner><ID>1</ID><DisplayName>o</DisplayName></Owner>',
  '<Key>a&amp;quot;&lt;b&gt;&apos;&#x41;</Key><Size/><ETag></ETag>',
  '\n  <Key>indented</Key>\n  <Size>1</Size>\n',
];

const pageOf = (before: string, objects: readonly string[]) =>
  `${HEAD}<Name>b</Name>${before}${objects.map((one) => `<Contents>${one}</Contents>`).join('\n')}` +
  `<CommonPrefixes><Prefix>p%2F</Prefix></CommonPrefixes>${TAIL}`;

it('objects in the usual form are read as an XML parser reads them', () => {
  const quick = readListPage(pageOf('', OBJECTS));
  // A comment sends the whole page to the parser.
  expect(quick).toEqual(readListPage(pageOf('<!-- -->', OBJECTS)));
  expect(quick.objects.map(({ key, version }) => [key, version])).toEqual([
    ['a b c+.jpg', '"0a"'],
    ['plain', '"0b-2"'],
    [`a&quot;<b>'A`, null],
    ['indented', null],
  ]);
  expect([quick.folders, quick.next]).toEqual([['p/'], 'a&b']);
});

it('text that only looks like objects is left to the parser', () => {
  const { objects } = readListPage(
    `${HEAD}<Contents><Key><![CDATA[<Contents><Key>x</Key></Contents>]]></Key></Contents>${TAIL}`,
  );
  expect(objects.map(({ key }) => key)).toEqual(['<Contents><Key>x</Key></Contents>']);
});

it.each([
  ['is cut', pageOf('', OBJECTS).slice(0, 400)],
  ['is cut before its end', pageOf('', OBJECTS).replace('</ListBucketResult>', '')],
  ['is no list', '<html>hello</html>'],
])('a page that %s is refused', (_, text) => {
  expect(() => readListPage(text)).toThrow(expect.objectContaining({ code: 'fetch_unreadable' }));
});

it('a version does not keep its page in memory', () => {
  // A row of a sparse listing waits until others fill its block, and each comes from another page.
  const etag = '"0123456789abcdef0123456789abcdef"';
  const page = pageOf('', [`<Key>a</Key><ETag>${etag}</ETag>`]).padEnd(1_000_000);
  const before = heapNow();
  const kept = Array.from(
    { length: 20 },
    () => readListPage(Buffer.from(page).toString('utf8')).objects[0]!.version,
  );
  expect(heapNow() - before).toBeLessThan(10_000_000);
  expect(new Set(kept)).toEqual(new Set([etag]));
});
