/** Finds what shows how the numbers of an output become scores. All tasks report it in the same words. Pure. */
import type { GraphTensor } from '../../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../../shared/models/onnx-graph.ts';
import type { Activation } from '../../../shared/tasks/classes/activation.ts';
import { endOf } from './ends-in.ts';

/** Reported if nothing shows that the graph returns scores. */
export const LOGITS_GUESS =
  'activation "softmax": the graph ends without one, so its outputs count as logits';

/** Adds the reason to `facts`. */
export function withReason(value: Activation, why: string, facts: string[]): Activation {
  facts.push(`activation "${value}": ${why}`);
  return value;
}

/** What the flag says, else what the end of the graph shows. Adds the reason to `facts`. Null if neither decides. */
export function shownActivation(
  face: GraphFace,
  output: GraphTensor | undefined,
  asked: Activation | undefined,
  facts: string[],
): Activation | null {
  if (asked !== undefined) return withReason(asked, '--activation says so', facts);
  const end = output === undefined ? null : endOf(face, output);
  return end === null ? null : withReason('none', `the graph ends in ${end} already`, facts);
}
