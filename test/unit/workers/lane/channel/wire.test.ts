import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { packReply, packRequest, unpackReply, unpackRequest } from '#forebay/workers/lane/channel/wire.js';
import type { BatchReply, LaneInput } from '#forebay/workers/lane/messages.js';

/** Copies a message as the channel between two processes does. */
const sent = <T>(message: T): T => deserialize(serialize(message)) as T;

const batch = (rows: readonly LaneInput[]) =>
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

describe('the channel of a lane', () => {
  it('delivers rows of every kind unchanged', () => {
    fc.assert(
      fc.property(rows, (given) => {
        expect(unpackRequest(sent(packRequest(batch(given))))).toEqual(batch(given));
      }),
    );
  });

  it('carries the records and the files of a batch as one text', () => {
    const records = packRequest(batch([{ json: '{"a":1}' }, { json: '{}' }]));
    expect(records).toMatchObject({ rows: { is: 'records', records: { text: '{"a":1}{}' } } });
    const files = packRequest(batch([{ path: '/x', tenant: 't' }]));
    expect(files).toMatchObject({ rows: { is: 'files', paths: { text: '/x' }, tenant: 't' } });
  });

  it('delivers outcomes unchanged and in order', () => {
    const outcome = fc.oneof(
      text.map((result): RowOutcome => ({ ok: true, result })),
      text.map((message): RowOutcome => ({ ok: false, error: { code: 'invalid_row', message } })),
    );
    fc.assert(
      fc.property(fc.array(outcome), (outcomes) => {
        const reply = { type: 'done', batch: 1, outcomes, timings: {} as BatchReply['timings'] } as const;
        expect(unpackReply(sent(packReply(reply)))).toEqual(reply);
      }),
    );
  });

  it('does not change any other message', () => {
    const unload = { type: 'unload', model: 'm' } as const;
    expect(unpackRequest(packRequest(unload))).toBe(unload);
    const stale = { type: 'stale', batch: 1, file: 'f' } as const;
    expect(unpackReply(packReply(stale))).toBe(stale);
  });
});
