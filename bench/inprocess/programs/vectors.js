/** Embeddings of length 1. */

/**
 * One vector per image.
 * @param {import('../lane.js').LaneConfig} config
 * @returns {Pick<import('./program.js').Program, 'answers'>}
 */
export function imageVectors({ signature }) {
  const [{ name }] = signature.outputs;
  return {
    answers(outputs, { length }) {
      const { data } = outputs[name];
      const width = data.length / length;
      return Array.from({ length }, (_, row) => ({
        embedding: toUnit(data.slice(row * width, (row + 1) * width)),
      }));
    },
  };
}

/**
 * The mean over the tokens of a text.
 * @param {import('../lane.js').LaneConfig} config
 * @returns {Pick<import('./program.js').Program, 'answers'>}
 */
export function tokenVectors({ signature }) {
  const [{ name }] = signature.outputs;
  return {
    answers(outputs, decoded) {
      const { data, dims } = outputs[name];
      const [, tokens, width] = dims;
      return decoded.map(({ ids }, row) => {
        const sums = new Float32Array(width);
        const from = row * tokens * width;
        for (let at = from; at < from + ids.length * width; at += width) {
          for (let i = 0; i < width; i++) sums[i] += data[at + i];
        }
        // Dividing by the number of tokens is unnecessary, because scaling to length 1 cancels it.
        return { embedding: toUnit(sums) };
      });
    },
  };
}

/** @param {Float32Array} vector */
function toUnit(vector) {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = squares > 0 ? Math.sqrt(squares) : 1;
  for (let i = 0; i < vector.length; i++) vector[i] /= length;
  return vector;
}
