/** One batch on its way through the task. */
import type { RowError } from '../../../../shared/domain/row.ts';
import { messageOf } from '../../../../shared/errors.ts';
import { isOutOfMemory } from '../../out-of-memory.ts';
import { invalidRow } from '../record.ts';
import type { TaskBatch, TaskInput } from '../task.ts';
import type { Feeds } from '../tensors.ts';
import type { BoundTensors } from './bind-tensors.ts';
import { createInputRowsPool, type InputRows } from './input-rows.ts';
import { createFieldReader } from './read-fields.ts';
import { createTensorAnswerer } from './row-outputs.ts';
import { isFixed } from './shape.ts';

/** Opens batches. Their number of rows does not matter, because memory grows with what the rows hold. */
export function createTensorBatches(bound: BoundTensors, defaults: readonly string[]): () => TaskBatch {
  const { inputs, outputs, isAlone, fixedBatch } = bound;
  const given = inputs.filter(({ constant }) => constant === null);
  const constants: Feeds = Object.fromEntries(
    inputs.flatMap(({ name, constant }) => (constant === null ? [] : [[name, constant]])),
  );
  const pools = given.map((input) => ({ input, pool: createInputRowsPool(input) }));
  const reader = createFieldReader(inputs, defaults);
  const answerer = createTensorAnswerer(outputs);

  return function open() {
    const columns = pools.map(({ input, pool }) => ({ input, rows: pool.open() }));
    const free = columns.flatMap(({ input, rows }) => (isFixed(input.shape) ? [] : [rows]));

    function read(at: number, row: TaskInput): RowError | null {
      const reading = reader.read(row);
      if (!reading.ok) return reading.error;
      for (const { input, rows } of columns) {
        const value = rows.read(at, reading.fields[input.name]);
        if (!value.ok) return invalidRow(`the field "${input.name}": ${value.why}`);
      }
      return null;
    }

    return {
      prepare(at, row) {
        try {
          return read(at, row);
        } catch (error) {
          const code = isOutOfMemory(error) ? 'out_of_memory' : 'invalid_row';
          return { code, message: messageOf(error) };
        }
      },
      calls(rows) {
        if (isAlone) return rows.map((row) => [row]);
        return free.length === 0 ? [rows] : groupedByShape(rows, free);
      },
      feeds: (rows) => ({
        ...constants,
        ...Object.fromEntries(columns.map(({ input, rows: values }) => [input.name, values.feed(rows)])),
      }),
      answers: (all, rows) => answerer.answers(all, rows.length, fixedBatch ?? rows.length),
      release() {
        for (const { rows } of columns) rows.release();
      },
    };
  };
}

/** Rows of a call have the same shapes. */
function groupedByShape(rows: readonly number[], free: readonly InputRows[]): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>();
  for (const row of rows) {
    const shapes = free.map((values) => values.shapeOf(row).join()).join(';');
    const group = groups.get(shapes);
    if (group === undefined) groups.set(shapes, [row]);
    else group.push(row);
  }
  return [...groups.values()];
}
