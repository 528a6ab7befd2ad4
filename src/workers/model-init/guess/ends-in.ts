/** Finds the operator that produces an output of a graph. Pure. */
import type { GraphTensor } from '../../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../../shared/models/onnx-graph.ts';

/** Operators that change no value. */
const PASSES_ON = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Identity', 'Cast', 'Dropout']);

/** Softmax or Sigmoid if it produces the output, even if operators that change no value follow it. Null otherwise. */
export function endOf(face: GraphFace, output: GraphTensor): 'Softmax' | 'Sigmoid' | null {
  let operator = face.operators.get(output.name);
  // A damaged graph may have a cycle.
  for (let steps = 0; operator !== undefined && PASSES_ON.has(operator.type) && steps < MOST_STEPS; steps++) {
    operator = face.operators.get(operator.inputs[0] ?? '');
  }
  const type = operator?.type;
  return type === 'Softmax' || type === 'Sigmoid' ? type : null;
}

const MOST_STEPS = 1_000;
