/** The texts of the ladder, whose tokens are derived from the number of a row. */
import { textInputs } from '../text-inputs.js';

/**
 * @param {import('../lane.js').LaneConfig} config
 * @returns {import('./program.js').Program}
 */
export function numberedTexts({ model, signature }) {
  const { feeds, ...inputs } = textInputs(model);
  return {
    ...inputs,
    feeds: (decoded) => ({ [signature.inputs[0].name]: feeds(decoded) }),
    answers: (outputs) => [outputs[signature.outputs[0].name].data],
  };
}
