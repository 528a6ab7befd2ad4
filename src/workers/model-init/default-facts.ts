/** Says which inputs of a graph keep the value that the graph has for them. Pure. */
import { describeAll } from '../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../shared/models/onnx-graph.ts';

/** Some exporters list all weights among the inputs. */
const MOST_LISTED = 5;

/** No line, or one. */
export function defaultFacts({ defaults }: Pick<GraphFace, 'defaults'>): readonly string[] {
  if (defaults.length === 0) return [];
  const more = defaults.length - MOST_LISTED;
  const listed = `${describeAll(defaults.slice(0, MOST_LISTED))}${more > 0 ? ` and ${more} more` : ''}`;
  return [
    `left at their default, because the graph has a value for them that onnxruntime-node cannot replace: ${listed}; to choose one, export the model without its initializer`,
  ];
}
