// The values of frames, joined to the value of their row.
import { expect, it } from 'vitest';
import type { AudioOutputConfig } from '#forebay/shared/tasks/audio/audio-config.js';
import { createJoin } from '#forebay/workers/lane/tasks/audio/join-frames.js';
import { elementTypeOf } from '#forebay/workers/lane/tasks/named-tensors/element-types.js';
import { rowsOfOutput } from '#forebay/workers/lane/tasks/named-tensors/row-outputs.js';

const FLOAT32 = elementTypeOf('float32');

/** Joins frames of this shape, whose elements are 0, 1, 2 and so on. Each call has one frame of two rows. */
function joined(config: Partial<AudioOutputConfig>, batchAxis: number, ...shapes: number[][]) {
  const join = createJoin({ name: 'out', type: FLOAT32 }, config as AudioOutputConfig, null)(shapes.length);
  for (const [frame, shape] of shapes.entries()) {
    const length = shape.reduce((product, size) => product * size, 1);
    const data = Float32Array.from({ length: 2 * length }, (_, i) => i + frame * 1000);
    const out = { type: 'float32', dims: shape.toSpliced(batchAxis, 0, 2), data };
    const output = { name: 'out', type: FLOAT32, batchAxis, isBase64: false, shape };
    join.add(rowsOfOutput(output, { out }, 2), 1);
  }
  const { shape, elements } = join.finish(1);
  return { shape, elements: [...elements] };
}

it('stacks frames, also those of many elements', () => {
  expect(joined({ join: 'stack' }, 0, [2], [2])).toEqual({ shape: [2, 2], elements: [2, 3, 1002, 1003] });
  const { shape, elements } = joined({ join: 'stack' }, 0, [40], [40]);
  expect(shape).toEqual([2, 40]);
  expect([elements[0], elements[39], elements[40], elements[79]]).toEqual([40, 79, 1040, 1079]);
});

it('takes a row out of a batch that is not on the first axis', () => {
  expect(joined({ join: 'stack' }, 1, [2, 1], [2, 1])).toEqual({
    shape: [2, 2, 1],
    elements: [1, 3, 1001, 1003],
  });
});

it('joins frames on an axis behind others, and leaves out the trimmed steps', () => {
  expect(joined({ join: 'concat', time_axis: 1, trim: 1 }, 0, [2, 3], [2, 3])).toEqual({
    shape: [2, 2],
    elements: [7, 1007, 10, 1010],
  });
});

it('refuses frames of different shapes, unless only the last one counts', () => {
  expect(() => joined({ join: 'stack' }, 0, [2], [3])).toThrow(
    'the graph returned "out" [2] for one frame and [3] for another',
  );
  expect(joined({ join: 'last' }, 0, [2], [3])).toEqual({ shape: [3], elements: [1003, 1004, 1005] });
});
