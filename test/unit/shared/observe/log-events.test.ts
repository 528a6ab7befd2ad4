// Writes events to the log.
import { expect, it } from 'vitest';
import { createEvents } from '#forebay/shared/observe/events.js';
import { logEvents } from '#forebay/shared/observe/log-events.js';

function record() {
  const lines: { level: string; fields: object; message: string }[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields, message });
  return { lines, log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
}

it('writes a line with the name, level, text and fields of an event', () => {
  const { lines, log } = record();
  const events = createEvents();
  logEvents(events, log);
  events.emit('lane.stuck', { lane: 2 });
  expect(lines).toEqual([
    {
      level: 'error',
      fields: { event: 'lane.stuck', lane: 2 },
      message: 'a batch exceeded its timeout, so the lane is killed',
    },
  ]);
});

it('calls every current subscriber, and no former one', () => {
  const events = createEvents();
  const heard: string[] = [];
  const leave = events.subscribe((name) => void heard.push(`first ${name}`));
  events.subscribe((name) => void heard.push(`second ${name}`));
  events.emit('worker.draining', {});
  leave();
  events.emit('worker.draining', {});
  expect(heard).toEqual(['first worker.draining', 'second worker.draining', 'second worker.draining']);
});

it('writes no line for a measurement, which only the listeners of that event get', () => {
  const { lines, log } = record();
  const events = createEvents();
  const rows: number[] = [];
  logEvents(events, log);
  events.on('batch.answered', (batch) => void rows.push(batch.rows));
  events.emit('batch.answered', { rows: 4 } as never);
  events.emit('worker.draining', {});
  expect(rows).toEqual([4]);
  expect(lines.map(({ fields }) => fields)).toEqual([{ event: 'worker.draining' }]);
});
