/** Computes answers as a script would: softmax and the five best classes of each row. */

const BEST = 5;

/**
 * @param {Float32Array} scores of all rows
 * @param {number} classes
 * @returns {{ index: number, score: number }[][]}
 */
export function bestOfRows(scores, classes) {
  const rows = [];
  for (let from = 0; from < scores.length; from += classes) rows.push(bestOf(scores, from, from + classes));
  return rows;
}

function bestOf(scores, from, to) {
  const top = [];
  for (let i = from; i < to; i++) {
    const score = scores[i];
    if (top.length === BEST && score <= scores[top[BEST - 1]]) continue;
    let at = Math.min(top.length, BEST - 1);
    while (at > 0 && scores[top[at - 1]] < score) {
      top[at] = top[at - 1];
      at -= 1;
    }
    top[at] = i;
  }
  const max = scores[top[0]];
  let sum = 0;
  for (let i = from; i < to; i++) sum += Math.exp(scores[i] - max);
  return top.map((i) => ({ index: i - from, score: Math.exp(scores[i] - max) / sum }));
}
