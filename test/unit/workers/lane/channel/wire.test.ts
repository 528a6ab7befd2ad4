import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PackedRecords } from '#forebay/shared/domain/packed-records.js';
import { packRequest, unpackRequest } from '#forebay/workers/lane/channel/wire.js';
import { listOf, type LaneRows } from '#forebay/workers/lane/lane-rows.js';
import type { LaneInput } from '#forebay/workers/lane/messages.js';

/** Copies a message as the channel between two processes does. */
const sent = <T>(message: T): T => deserialize(serialize(message)) as T;

const batch = (rows: LaneRows) =>
  ({ type: 'batch', batch: 3, model: 'm', rows, options: { top_k: 1 } }) as const;
const text = fc.string({ unit: 'grapheme' });
const record = fc.record({ json: text });
const file = fc.record({ path: text, tenant: fc.constantFrom('a', 'b') });
const bytes = fc.record({ bytes: fc.uint8Array({ maxLength: 8 }) });
const rows = fc.oneof(
  fc.array(record),
  fc.array(file),
  fc.array(bytes),
  fc.array(fc.oneof<fc.Arbitrary<LaneInput>[]>(record, file, bytes)),
);

/** The rows of a batch after the channel. */
function delivered(given: LaneRows): readonly LaneInput[] {
  const request = unpackRequest(sent(packRequest(batch(given))));
  if (request.type !== 'batch') throw new Error(request.type);
  expect({ ...request, rows: [] }).toEqual(batch([]));
  return listOf(request.rows);
}

describe('the channel of a lane', () => {
  it('delivers rows of every kind unchanged', () => {
    fc.assert(
      fc.property(rows, (given) => {
        expect(delivered(given)).toEqual(given);
      }),
    );
  });

  it('delivers a part of packed records, without the bytes of the others', () => {
    const all = PackedRecords.of(['{"a":"é"}', '{"a":2}', '{"a":3}', '{"a":4}']);
    expect(delivered(all.slice(1, 3))).toEqual([{ json: '{"a":2}' }, { json: '{"a":3}' }]);
    expect(packRequest(batch(all.slice(1, 3)))).toMatchObject({
      rows: { is: 'records', bytes: Buffer.from('{"a":2}{"a":3}') },
    });
  });

  it('carries the files of a batch as one text', () => {
    const files = packRequest(batch([{ path: '/x', tenant: 't' }]));
    expect(files).toMatchObject({ rows: { is: 'files', paths: { text: '/x' }, tenant: 't' } });
  });

  it('does not change any other message', () => {
    const unload = { type: 'unload', model: 'm' } as const;
    expect(unpackRequest(packRequest(unload))).toBe(unload);
  });
});
