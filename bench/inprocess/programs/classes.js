/** Computes the best classes of each row, as a script would. */

/** How many a model answers with, unless its model.json says `top_k`. */
const BEST = 5;

/**
 * @param {import('../lane.js').LaneConfig} config
 * @returns {Pick<import('./program.js').Program, 'answers'>}
 */
export function classAnswers({ signature, model }) {
  const { top_k: most = BEST } = model;
  const [{ name }] = signature.outputs;
  return {
    answers(outputs, { length }) {
      const { data } = outputs[name];
      const classes = data.length / length;
      return Array.from({ length }, (_, row) => ({
        predictions: bestOf(data, row * classes, (row + 1) * classes, most),
      }));
    },
  };
}

/** The best classes with their softmax. */
function bestOf(scores, from, to, most) {
  const top = bestPlaces(scores, from, to, most);
  const max = scores[top[0]];
  let sum = 0;
  for (let i = from; i < to; i++) sum += Math.exp(scores[i] - max);
  return top.map((i) => ({ index: i - from, score: Math.exp(scores[i] - max) / sum }));
}

/** @returns {number[]} the positions of the highest scores, best first */
export function bestPlaces(scores, from, to, most = BEST) {
  const top = [];
  for (let i = from; i < to; i++) {
    const score = scores[i];
    if (top.length === most && score <= scores[top[most - 1]]) continue;
    let at = Math.min(top.length, most - 1);
    while (at > 0 && scores[top[at - 1]] < score) {
      top[at] = top[at - 1];
      at -= 1;
    }
    top[at] = i;
  }
  return top;
}
