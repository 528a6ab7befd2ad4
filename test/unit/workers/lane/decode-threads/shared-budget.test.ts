// A budget that threads share. A thread without room blocks, and gets its turn in order of arrival.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { budgetMemory, createSharedBudget } from '#forebay/workers/lane/decode-threads/shared-budget.js';
import { waitUntil } from '../../../../support/wait-until.ts';

const BUDGET = fileURLToPath(
  new URL('../../../../../dist/workers/lane/decode-threads/shared-budget.js', import.meta.url),
);
const KB = 1024;
const LIMIT = 100 * KB;

/** A thread that acquires `bytes`, and sends a message when it has them. */
function acquirer(memory: SharedArrayBuffer, bytes: number): Worker {
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     import(${JSON.stringify(BUDGET)}).then(({ createSharedBudget }) => {
       createSharedBudget(workerData, ${LIMIT}).acquire(${bytes});
       parentPort.postMessage('has it');
     });`,
    { eval: true, workerData: memory, execArgv: [] },
  );
  onTestFinished(async () => void (await worker.terminate()));
  return worker;
}

it('a thread waits for room, and a later thread waits behind it, even if its smaller request would fit', async () => {
  const memory = budgetMemory();
  const [tickets, used] = [0, 2];
  const number = (index: number) => Atomics.load(new Int32Array(memory), index);
  const budget = createSharedBudget(memory, LIMIT);
  budget.acquire(60 * KB);
  const before = number(used);
  const large = once(acquirer(memory, 80 * KB), 'message');
  await waitUntil('the large request', () => number(tickets) === 2);
  const small = once(acquirer(memory, 8 * KB), 'message');
  await waitUntil('the small request', () => number(tickets) === 3);
  expect(number(used)).toBe(before);
  budget.release(60 * KB);
  await Promise.all([large, small]);
  expect(number(used) * 4096).toBe(88 * KB);
});

it('a request above the limit gets room as soon as nobody else holds any', () => {
  const budget = createSharedBudget(budgetMemory(), LIMIT);
  budget.acquire(10 * LIMIT);
  budget.release(10 * LIMIT);
  budget.acquire(LIMIT);
  budget.release(LIMIT);
});
