/** Answers with outputs of the graph as they are, by name. */
import type { GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import { answerWriters } from '../answer-writer.ts';
import { float32Text } from '../../../../shared/text/float32-text.ts';
import { toFloat32, type Outputs, type TensorValues } from '../tensors.ts';
import { inferenceFailed, type Answerer } from './answerer.ts';
import { createLabelTexts } from './label-texts.ts';
import { rowsOf, type OutputRows } from './output-rows.ts';

type Text = (at: number) => string | null;

interface NamedColumn extends OutputRows {
  readonly text: Text;
}

export function createNamedAnswerer(outputs: readonly GraphTensor[]): Answerer {
  const keys = outputs.map(({ name }) => `${JSON.stringify(name)}:`);
  const stringText = createLabelTexts();
  const openAnswers = answerWriters();

  /** The text of a value. Null if JSON has none for it. */
  function textOf({ type }: GraphTensor, data: TensorValues): Text {
    if (type === 'string') return (at) => stringText(data[at]!);
    if (type === 'bool') return (at) => (data[at] === 0 ? 'false' : 'true');
    if (!type.startsWith('float')) return (at) => String(data[at]);
    if (data instanceof Float64Array) return (at) => (Number.isFinite(data[at]) ? String(data[at]) : null);
    const floats = toFloat32(data);
    return (at) => (Number.isFinite(floats[at]) ? float32Text(floats[at]!) : null);
  }

  function rowText(columns: readonly NamedColumn[], row: number) {
    const fields: string[] = [];
    for (const [n, { width, data, text }] of columns.entries()) {
      const values: string[] = [];
      for (let at = row * width; at < (row + 1) * width; at++) {
        const one = text(at);
        if (one === null)
          return { ok: false, problem: `the model returned ${data[at]} in "${outputs[n]!.name}"` } as const;
        values.push(one);
      }
      fields.push(keys[n]! + (width === 1 ? values[0]! : `[${values.join(',')}]`));
    }
    return { ok: true, text: fields.join(',') } as const;
  }

  return {
    outputs,
    answers(found, rows, batch) {
      const columns = outputs.map((output) => {
        const { width, data } = rowsOf(found, output, batch);
        return { width, data, text: textOf(output, data) };
      });
      const answers = openAnswers(rows);
      for (let row = 0; row < rows; row++) {
        const written = rowText(columns, row);
        if (!written.ok) answers.fail(inferenceFailed(written.problem));
        else {
          answers.text(`"outputs":{${written.text}}`);
          answers.endRow();
        }
      }
      return answers.end();
    },
    numbers(found, rows, batch) {
      const columns = outputs.map((output) => rowsOf(found, output, batch));
      return Array.from({ length: rows }, (_, row) =>
        Float32Array.from(
          columns.flatMap(({ width, data }) =>
            Array.from(data.slice(row * width, (row + 1) * width), comparable),
          ),
        ),
      );
    },
    check: (found: Outputs, batch) => {
      for (const output of outputs) rowsOf(found, output, batch);
    },
  };
}

/** A number for comparing calls. Different values almost always give different numbers. */
function comparable(value: number | bigint | string): number {
  if (typeof value !== 'string') return Number(value);
  let hash = 0;
  for (let i = 0; i < value.length; i++) hash = (hash * 31 + value.charCodeAt(i)) % 16_777_213;
  return hash;
}
