/** Outputs of the graph, joined over the frames of a row and answered by name. */
import type { GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import { CONFIG_FILE } from '../../../../shared/models/config-file.ts';
import type { AudioConfig } from '../../../../shared/tasks/audio.ts';
import { bindOutputs } from '../named-tensors/bind-outputs.ts';
import { rowNumbers, rowsOfOutput } from '../named-tensors/row-outputs.ts';
import type { Shape } from '../named-tensors/shape.ts';
import { base64Text, listText } from '../named-tensors/value-text.ts';
import type { FrameAnswerer } from './answer-frames.ts';
import { createJoin } from './join-frames.ts';
import { oncePerCall } from './once-per-call.ts';

/** `outputs`: those of the graph, without states. `hop`: see Framing. Throws ForebayError `config_mismatch`. */
export function createOutputAnswerer(
  config: AudioConfig,
  outputs: readonly GraphTensor[],
  fixedBatch: number | null,
  batchDim: Shape[number] | null,
  hop: number | null,
): FrameAnswerer {
  const declared =
    config.outputs &&
    Object.fromEntries(
      Object.entries(config.outputs).map(([name, { batch_axis, encoding }]) => [
        name,
        { batch_axis, encoding },
      ]),
    );
  const bound = bindOutputs(declared, outputs, batchDim === null ? null : [batchDim], CONFIG_FILE);
  const joined = bound.outputs.map((output) => ({
    output,
    openJoin: createJoin(output, config.outputs?.[output.name], hop),
    text: output.isBase64 ? base64Text : listText,
    key: `${JSON.stringify(output.name)}:`,
    framesOf: oncePerCall((all, batch) => rowsOfOutput(output, all, batch)),
  }));
  const used = new Set(bound.outputs.map(({ name }) => name));

  return {
    outputs: outputs.filter(({ name }) => used.has(name)),
    notes: bound.notes,
    numbers: (all, rows) => rowNumbers(bound.outputs, all, rows, fixedBatch ?? rows),
    check(all) {
      for (const { output, openJoin } of joined) {
        const join = openJoin(1);
        join.add(rowsOfOutput(output, all, fixedBatch ?? 1), 0);
        join.finish(hop ?? 0);
      }
    },
    open(frames) {
      const joins = joined.map(({ openJoin }) => openJoin(frames));
      return {
        add(all, at, batch) {
          for (let i = 0; i < joins.length; i++) joins[i]!.add(joined[i]!.framesOf(all, batch), at);
        },
        finish(samples) {
          const fields = joined.map(({ text, key }, i) => {
            const { type, shape, elements } = joins[i]!.finish(samples);
            return `${key}${text(type, elements, shape)}`;
          });
          return { ok: true, result: `"outputs":{${fields.join(',')}}` };
        },
      };
    },
  };
}
