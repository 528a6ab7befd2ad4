/**
 * Runs records with named numbers through a graph with one input of all columns, which returns the scores of classes.
 * Parsing and writing JSON cost more than the model, so answers are written as lines.
 */
import { bestPlaces } from './classes.js';

/**
 * @param {import('../lane.js').LaneConfig} config
 * @returns {import('./program.js').Program}
 */
export function tableProgram({ model, signature, batch }) {
  const [{ name }] = signature.inputs;
  const { classes } = model;
  const columns = model.columns.map((column) => column.name ?? column);
  const scores = signature.outputs.find((output) => output.type === 'float32').name;
  const buffer = new Float32Array(batch * columns.length);
  return {
    decode: (row) => JSON.parse(row),
    feeds(decoded) {
      let at = 0;
      for (const record of decoded) for (const column of columns) buffer[at++] = record[column];
      const data = buffer.subarray(0, at);
      return { [name]: { type: 'float32', data, dims: [decoded.length, columns.length] } };
    },
    toLines: (answers) => Buffer.from(answers.map(lineOf).join('')),
    answers(outputs, { length }) {
      const { data } = outputs[scores];
      return Array.from({ length }, (_, row) => {
        const from = row * classes.length;
        const best = bestPlaces(data, from, from + classes.length);
        return {
          predictions: best.map((i) => ({ index: i - from, label: classes[i - from], score: data[i] })),
        };
      });
    },
  };
}

function lineOf({ predictions }) {
  const parts = predictions.map(
    ({ index, label, score }) =>
      `{"index":${index},"label":${JSON.stringify(label)},"score":${Math.round(score * 1e6) / 1e6}}`,
  );
  return `{"predictions":[${parts.join(',')}]}\n`;
}
