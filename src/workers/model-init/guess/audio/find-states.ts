/** Finds the states of a graph: inputs that take an output of the previous frame. Pure. */
import type { GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../../../shared/models/onnx-graph.ts';

export interface State {
  readonly input: string;
  readonly output: string;
  readonly tensor: GraphTensor;
}

/** Exporters name the output after the input: `s` and `sN`, `h` and `hn`, `c` and `c_out`, `h0` and `new_h0`. */
export function findStates({ inputs, outputs }: GraphFace): State[] {
  return inputs.flatMap((tensor) => {
    const names = [`${tensor.name}N`, `${tensor.name}n`, `${tensor.name}_out`, `new_${tensor.name}`];
    const found = outputs.filter((output) => names.includes(output.name) && isAlike(tensor, output));
    return found.length === 1 ? [{ input: tensor.name, output: found[0]!.name, tensor }] : [];
  });
}

/** The types are equal, and so are all dimensions that both tensors fix. */
function isAlike(a: GraphTensor, b: GraphTensor): boolean {
  if (a.type !== b.type || a.shape.length !== b.shape.length) return false;
  return a.shape.every((dim, at) => {
    const other = b.shape[at];
    return dim === other || typeof dim === 'string' || typeof other === 'string';
  });
}
