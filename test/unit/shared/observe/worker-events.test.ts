// Log lines of worker events whose level, text or fields are not fixed.
import { expect, it } from 'vitest';
import { createEvents, type Emit } from '#forebay/shared/observe/events.js';
import { logEvents } from '#forebay/shared/observe/log-events.js';

/** The log lines of what `act` emits: level, fields, text. */
function linesOf(act: (emit: Emit) => void): unknown[] {
  const lines: unknown[] = [];
  const line = (level: string) => (fields: object, text: string) => void lines.push([level, fields, text]);
  const events = createEvents();
  logEvents(events, { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') });
  act(events.emit);
  return lines;
}

it('warns of memory only when intake stops', () => {
  const change = { before: 'normal', used_mb: 90, limit_mb: 100 } as const;
  const lines = linesOf((emit) => {
    emit('memory.level_changed', { ...change, level: 'slow' });
    emit('memory.level_changed', { ...change, level: 'stop' });
  });
  const event = 'memory.level_changed';
  expect(lines).toEqual([
    ['info', { event, ...change, level: 'slow' }, 'memory runs short: lanes get one batch at a time'],
    [
      'warn',
      { event, ...change, level: 'stop' },
      'memory is almost full: no more blocks are taken until some are done',
    ],
  ]);
});

it('writes the message of a failed model as the text, and only the rest as fields', () => {
  const trouble = { model: 'm', code: 'model_load_failed', message: 'it broke' };
  expect(linesOf((emit) => emit('model.failed', trouble))).toEqual([
    ['error', { event: 'model.failed', model: 'm', code: 'model_load_failed' }, 'it broke'],
  ]);
  expect(linesOf((emit) => emit('model.lost', trouble))).toMatchObject([
    ['error', {}, 'it broke: no lane serves it any more'],
  ]);
});

it('lists each choice of the plan in a separate field', () => {
  const one = { value: 1, boundBy: 'cpus', why: 'because' } as const;
  const choices = { lanes: one, threads: one, decodeThreads: one, batchesPerLane: one, readsAtOnce: one };
  const rest = { cpus: 2, memory_mb: 512, tuned: ['m'] };
  expect(linesOf((emit) => emit('worker.lanes_planned', { choices, ...rest }))).toEqual([
    ['info', { event: 'worker.lanes_planned', ...choices, ...rest }, 'lanes planned'],
  ]);
});
