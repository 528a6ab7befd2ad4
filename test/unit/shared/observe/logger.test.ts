// What a log line looks like in a terminal. Everywhere else it is JSON, as tests of processes see.
import { expect, it } from 'vitest';
import { createLogger } from '#forebay/shared/observe/logger.js';

it('writes lines for people in a terminal, without control characters', () => {
  const written: string[] = [];
  const terminal = { isTTY: true, write: (text: string) => written.push(text) };
  const log = createLogger({ level: 'info', name: 'worker' }, terminal);
  log.warn({ event: 'lane.died', lane: 1 }, 'lane \u001b[31mended');
  log.debug({}, 'not asked for');
  expect(written).toHaveLength(1);
  expect(written[0]).toMatch(
    /^\d\d:\d\d:\d\d worker: warning: lane \\u001b\[31mended event=lane\.died lane=1\n$/,
  );
});
