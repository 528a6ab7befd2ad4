// When a slice of decoding may begin: not right before or after a run.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createSliceGate } from '#forebay/workers/lane/slice-gate.js';

function waitingSlice() {
  const gate = createSliceGate();
  const order: string[] = [];
  const slice = gate.pass().then(() => order.push('slice'));
  return { gate, order, slice };
}

it('a slice begins in the next turn if no run is near', async () => {
  const { order, slice } = waitingSlice();
  setImmediate(() => order.push('turn'));
  await slice;
  expect(order).toEqual(['slice']);
});

it('a slice waits for the end of a run that blocks the thread, and for the messages after it', async () => {
  const { gate, order, slice } = waitingSlice();
  gate.hold();
  await nextTurn();
  // As onnxruntime does: the run begins one turn after its call.
  setImmediate(() => {
    order.push('run');
    gate.release();
    setImmediate(() => order.push('messages'));
  });
  await slice;
  expect(order).toEqual(['run', 'messages', 'slice']);
});

it('a slice waits for the next run if that comes first', async () => {
  const gate = createSliceGate();
  const order: string[] = [];
  gate.hold();
  const slice = gate.pass().then(() => order.push('slice'));
  gate.release();
  await nextTurn();
  gate.hold();
  await nextTurn();
  await nextTurn();
  order.push('run');
  gate.release();
  await slice;
  expect(order).toEqual(['run', 'slice']);
});

it('a slice waits for all calls of a run', async () => {
  const { gate, order, slice } = waitingSlice();
  for (let call = 0; call < 6; call++) {
    gate.hold();
    await nextTurn();
    await nextTurn();
  }
  order.push('run');
  gate.release();
  await slice;
  expect(order).toEqual(['run', 'slice']);
});

it('a slice does not wait for a run that leaves the thread free', async () => {
  const gate = createSliceGate();
  gate.hold();
  await gate.pass();
  gate.release();
});
