// Several workers of one launcher do not share a port.
import { expect, it } from 'vitest';
import { portOfWorker } from '#forebay/cli/launch/port-of-worker.js';

it('gives each worker the next port, and leaves alone what is no port', () => {
  const third = (value?: string) =>
    portOfWorker(2, value === undefined ? {} : { FOREBAY_WORKER_PORT: value });
  expect(third('9101')).toEqual({ FOREBAY_WORKER_PORT: '9103' });
  // 0 picks a free port for each.
  expect(third('0')).toEqual({});
  expect(third()).toEqual({});
  // The worker reports it.
  expect(third('many')).toEqual({});
});
