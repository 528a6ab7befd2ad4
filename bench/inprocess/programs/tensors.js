/** Runs a graph with one input of whole numbers and one output of floats. */

/**
 * @param {import('../lane.js').LaneConfig} config
 * @returns {import('./program.js').Program}
 */
export function tensorProgram({ signature, batch }) {
  const [input] = signature.inputs;
  const [output] = signature.outputs;
  const width = input.shape[1];
  const buffer = new Int32Array(batch * width);
  return {
    decode: (row) => JSON.parse(row)[input.name],
    feeds(decoded) {
      for (const [row, numbers] of decoded.entries()) buffer.set(numbers, row * width);
      const data = buffer.subarray(0, decoded.length * width);
      return { [input.name]: { type: 'int32', data, dims: [decoded.length, width] } };
    },
    answers(outputs, { length }) {
      const { data } = outputs[output.name];
      const numbers = data.length / length;
      return Array.from({ length }, (_, row) => ({
        outputs: { [output.name]: data.slice(row * numbers, (row + 1) * numbers) },
      }));
    },
  };
}
