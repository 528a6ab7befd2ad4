import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSubmit } from '#forebay/api/http/body/parse-submit.js';
import { withDefaults, SUBMIT_BODY } from '#forebay/api/http/wire/submit-request.js';
import { ForebayError } from '#forebay/shared/errors.js';
import { packInline, packUrls } from '../../../../support/packed.ts';

const parse = (text: string) => parseSubmit(Buffer.from(text), 32);

/** A simple reference parser. Returns null if it refuses the request. */
function simply(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text, refuseInfinite);
  } catch {
    return null;
  }
  const parsed = SUBMIT_BODY.safeParse(value);
  if (!parsed.success) return null;
  const request = withDefaults(parsed.data);
  const { input } = request;
  const digest = createHash('sha256').update(JSON.stringify(request)).digest('hex');
  if (input.type === 'urls')
    return { ...request, input: { type: 'urls', packed: flat(packUrls(input.urls)) }, digest };
  if (input.type === 'inline')
    return { ...request, input: { type: 'inline', packed: flat(packInline(input.rows)) }, digest };
  return { ...request, digest };
}

type Pieces = readonly Uint8Array[];

/** A digit more in an exponent makes a number that JSON.parse reads as infinite. */
function refuseInfinite(_: string, part: unknown): unknown {
  if (part === Infinity || part === -Infinity) throw new RangeError('beyond a 64-bit float');
  return part;
}

function flat({ count, lines, blob = [] }: { count: number; lines: Pieces; blob?: Pieces }) {
  return { count, lines: Buffer.concat(lines).toString(), blob: Buffer.concat(blob).toString('hex') };
}

function parsedRequest(text: string): unknown {
  try {
    const parsed = parse(text);
    if (!parsed.ok) return null;
    const { input } = parsed.value;
    return 'packed' in input
      ? { ...parsed.value, input: { ...input, packed: flat(input.packed) } }
      : parsed.value;
  } catch (error) {
    expect(error).toBeInstanceOf(ForebayError);
    return null;
  }
}

/** Half a surrogate pair. */
const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const words = fc.string({ unit: 'binary', maxLength: 6 });
const row = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      id: fc.string({ minLength: 1, maxLength: 5 }),
      data: fc.base64String({ maxLength: 8 }),
    }),
  },
  { weight: 1, arbitrary: fc.anything({ maxDepth: 2 }) },
);
const input = fc.oneof(
  fc.record({
    type: fc.constant('urls'),
    urls: fc.array(fc.oneof({ weight: 9, arbitrary: words.map((w) => `u${w}`) }, words), { maxLength: 120 }),
  }),
  fc.record({ type: fc.constant('inline'), rows: fc.array(row, { maxLength: 120 }) }),
  fc.record({ type: fc.constant('files'), path: words, include: fc.array(words, { maxLength: 3 }) }),
  fc.record({ type: fc.constant('urls'), urls: fc.anything() }),
);
const body = fc.record(
  {
    model: words.map((w) => `m${w}`),
    input,
    metadata: fc.dictionary(fc.string({ minLength: 1, maxLength: 4 }), words, { maxKeys: 3 }),
    output: words,
  },
  { requiredKeys: ['model', 'input'] },
);
/** JSON with different indentation and escapes. */
const text = fc
  .tuple(body, fc.constantFrom(undefined, 1, '\t'), fc.boolean())
  .map(([value, indent, escaped]) => {
    let json = JSON.stringify(value, null, indent) ?? 'null';
    if (escaped) json = json.replaceAll('"urls"', '"\\u0075rls"').replaceAll('"input"', '"inpu\\u0074"');
    return json;
  });

describe('a submit body', () => {
  it('is read as if it were parsed and checked in one piece', () => {
    let accepted = 0;
    fc.assert(
      fc.property(text, (json) => {
        const expected = simply(json);
        if (expected !== null) accepted += 1;
        expect(parsedRequest(json)).toEqual(expected);
      }),
      { numRuns: 1500 },
    );
    expect(accepted).toBeGreaterThan(200);
  });

  it('has the digest that earlier versions gave it, so that a repeated request is recognised after an upgrade', () => {
    const parsed = parse(
      JSON.stringify({
        model: 'm',
        input: { type: 'files', path: 'x' },
        options: { limit: 3, top_k: 2, batch_size: 'auto', max_errors: '1%', decode: 'fast' },
      }),
    );
    expect(parsed.ok && parsed.value.digest).toBe(
      'faafdd00b66344b78736be4754f120539811b3c1173af5c267b36c5e7878af36',
    );
  });

  it('is refused if it is not JSON, wherever the fault is', () => {
    fc.assert(
      fc.property(
        text,
        fc.nat(),
        fc.constantFrom('', ',', ']', '}', '"', '[', '1', '\\', ' '),
        (json, at, put) => {
          const cut = at % json.length;
          // UTF-8 cannot encode half a surrogate pair.
          const broken = (json.slice(0, cut) + put + json.slice(cut + 1)).replaceAll(LONE, '?');
          expect(parsedRequest(broken)).toEqual(simply(broken));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    '{"input":{"type":"urls","urls":["a"]},"model":"m","input":{"type":"urls","urls":["b"]}}',
    '{"input":{"type":"urls","urls":["a"],"u\\u0072ls":["b"]},"model":"m"}',
    '{"input":{"rows":[}]},"model":"m","input":{"type":"manifest","path":"x"}}',
  ])('is refused if it gives its rows twice: %s', (json) => {
    expect(() => parse(json)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });

  it('reports all problems of a small request at once, each with its path', () => {
    const parsed = parse(
      '{"model":1,"input":{"type":"inline","rows":[{"id":"a","data":""},{"id":"","data":"","dat":""}]},"optoins":{}}',
    );
    expect(parsed).toMatchObject({ ok: false });
    expect(parsed.ok || parsed.issues.map(({ path }) => path).sort()).toEqual([
      '/input/rows/1/dat',
      '/input/rows/1/id',
      '/model',
      '/optoins',
    ]);
  });

  it('finds the one wrong row among many', () => {
    const rows = Array.from({ length: 5000 }, (_, i) => ({ id: `${i}`, data: i === 4321 ? 7 : '' }));
    expect(parse(JSON.stringify({ model: 'm', input: { type: 'inline', rows } }))).toEqual({
      ok: false,
      issues: [{ path: '/input/rows/4321/data', message: expect.stringContaining('expected string') }],
    });
  });

  /** Parses the record twice: as the only row, and as row 60. The rows after the first 51 are checked separately. */
  const records = (fields: string) =>
    [1, 60].map((count) =>
      parse(`{"model":"m","input":{"type":"inline","rows":[${'{"a":1},'.repeat(count - 1)}{${fields}}]}}`),
    );

  it('accepts a record with as many fields as a model has columns, at every position', () => {
    const fields = Array.from({ length: 65_536 }, (_, i) => `"c${i}":1`).join();
    for (const parsed of records(fields)) expect(parsed).toMatchObject({ ok: true });
  });

  it('refuses a record with more values than a request may have, at every position', () => {
    const tensor = `"x":[${'1,'.repeat(250_000)}1]`;
    for (const count of [1, 60]) {
      const rows = `${'{"a":1},'.repeat(count - 1)}{${tensor}}`;
      expect(() => parse(`{"model":"m","input":{"type":"inline","rows":[${rows}]}}`)).toThrow(
        `/input/rows/${count - 1} has more than 250000 values, which is the limit for a row of a request. Send its tensors in base64`,
      );
    }
  });

  it('refuses a field of a record that JavaScript would lose, at every position', () => {
    const issues = records('"a":1,"__proto__":1').map((parsed) => parsed.ok || parsed.issues);
    const message = 'this name cannot be used; choose another';
    expect(issues).toEqual([0, 59].map((at) => [{ path: `/input/rows/${at}/__proto__`, message }]));
  });

  it('refuses a number of a record that JavaScript would lose, at every position', () => {
    const issues = records('"a":[0,-1e999]').map((parsed) => parsed.ok || parsed.issues);
    const message = 'is a number beyond 1.8e308, the largest 64-bit float';
    expect(issues).toEqual([0, 59].map((at) => [{ path: `/input/rows/${at}/a/1`, message }]));
  });

  it.each([
    [
      'rows with wrong fields',
      `{"model":"m","input":{"type":"inline","rows":[${'{"id":1,"y":2},'.repeat(400_000)}{}]}}`,
    ],
    [
      'URLs that are not strings',
      `{"model":"m","input":{"type":"urls","urls":[${'1,'.repeat(2_000_000)}1]}}`,
    ],
    [
      'one row with bytes and many fields',
      `{"model":"m","input":{"type":"inline","rows":[{"id":"a","data":"",${Array.from({ length: 200_000 }, (_, i) => `"k${i}":1`).join()}}]}}`,
    ],
    ['a very long name', `{"${'x'.repeat(900_000)}":1}`],
    [
      'many wrong patterns',
      `{"model":"m","input":{"type":"files","path":"x","include":[${'"",'.repeat(300_000)}""]}}`,
    ],
    [
      'many wrong metadata fields',
      `{"model":"m","input":{"type":"files","path":"x"},"metadata":{${Array.from({ length: 90_000 }, (_, i) => `"${i}":1`).join()}}}`,
    ],
  ])('%s are reported quickly and in a few lines', (_, json) => {
    const began = process.cpuUsage();
    const parsed = parse(json);
    expect(parsed.ok).toBe(false);
    expect(JSON.stringify(parsed).length).toBeLessThan(50_000);
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(3000);
  });

  it('is refused if it is too large even without its rows', () => {
    expect(() => parse(`{"x":[${'[],'.repeat(1_000_000)}[]]}`)).toThrow(
      expect.objectContaining({ code: 'request_too_large' }),
    );
  });

  it('keeps metadata of any name except `__proto__`, which JavaScript would lose', () => {
    const notes = (json: string) =>
      parse(`{"model":"m","input":{"type":"manifest","path":"x"},"metadata":${json}}`);
    const odd = '{"constructor":"a","toString":"b","hasOwnProperty":"c","prototype":"d","length":"e"}';
    const kept = notes(odd);
    expect(kept.ok && JSON.stringify(kept.value.metadata)).toBe(odd);
    expect(notes('{"__proto__":"x","team":"y"}')).toMatchObject({
      ok: false,
      issues: [{ path: '/metadata/__proto__' }],
    });
    expect(
      parse('{"model":"m","input":{"type":"inline","rows":[{"id":"a","data":"","__proto__":1}]}}').ok,
    ).toBe(false);
  });
});
