/** Texts in, vectors out. */
import { configOf } from '../../../shared/tasks/model-config-schema.ts';
import { TEXT_EMBEDDING, type TextEmbeddingOptions } from '../../../shared/tasks/text-embedding.ts';
import { promptNamed, whyNoPrompt } from '../../../shared/tasks/text/prompts.ts';
import { bindTextInput } from '../text/text-input.ts';
import { createVectorText } from './embedding/vector-text.ts';
import { bindTextVectors } from './embedding/text-vectors.ts';
import { invalidRow } from './record.ts';
import type { Task, TaskBatch } from './task.ts';

export const textEmbedding: Task = {
  id: TEXT_EMBEDDING.id,
  bind({ config: given, graph, files }, services) {
    const config = configOf(TEXT_EMBEDDING, given);
    const texts = bindTextInput({
      config,
      inputs: graph.inputs,
      files,
      services,
      pairs: false,
      offsets: false,
    });
    const { inputs, fixedBatch } = texts;
    const vectors = bindTextVectors(config, graph.outputs);
    const toText = createVectorText(config.normalize);

    function open(rows: number, { prompt, dimensions }: TextEmbeddingOptions): TaskBatch {
      const batch = texts.open(rows, prompt === null ? '' : (promptNamed(config, prompt) ?? ''));
      // The model may have changed since the job was submitted.
      const wrong = whyNoPrompt(config, prompt);
      return {
        ...batch,
        prepare: (at, row) => (wrong === null ? batch.prepare(at, row) : invalidRow(wrong)),
        answers(outputs, positions) {
          const lengths = positions.map((at) => batch.length(at));
          return vectors.of(outputs, lengths).map((vector) => toText(vector, dimensions));
        },
      };
    }

    return {
      used: { inputs, outputs: [vectors.output] },
      fixedBatch,
      notes: [],
      probeRows: () => texts.probeRows(),
      open: (rows, options) => open(rows, options as TextEmbeddingOptions),
      numbers: (outputs, rows) => vectors.sample(outputs, rows),
      check: (outputs) => vectors.check(outputs),
    };
  },
};
