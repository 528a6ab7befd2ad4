/** The special tokens that stand around a text or a pair of texts, as the tokenizer's post-processor says. Pure. */
import { z } from 'zod';
import type { TokenizerFile } from '../../../shared/tasks/text/tokenizer-file.ts';

/** A special token, or the tokens of the first or second text. */
export type TemplatePart = { readonly type: number } & ({ readonly id: number } | { readonly text: 0 | 1 });

export interface Template {
  readonly single: readonly TemplatePart[];
  readonly pair: readonly TemplatePart[];
}

const BARE: Template = {
  single: [{ text: 0, type: 0 }],
  pair: [
    { text: 0, type: 0 },
    { text: 1, type: 1 },
  ],
};

const TOKEN = z.tuple([z.string(), z.int().min(0)]);
const AROUND = z.object({ cls: TOKEN, sep: TOKEN });

const PIECE = z.union([
  z.object({ SpecialToken: z.object({ id: z.string(), type_id: z.int() }) }),
  z.object({ Sequence: z.object({ id: z.enum(['A', 'B']), type_id: z.int() }) }),
]);
const TEMPLATE = z.object({
  single: z.array(PIECE),
  pair: z.array(PIECE),
  special_tokens: z.record(z.string(), z.object({ ids: z.array(z.int().min(0)) })),
});
const SEQUENCE = z.object({ processors: z.array(z.looseObject({ type: z.string() })) });

/** Throws an Error if the post-processor is of an unknown kind, is malformed, or adds special tokens twice. */
export function readTemplate(processor: TokenizerFile['post_processor']): Template {
  const template = templateOf(processor);
  return template ?? BARE;
}

/** Null if it adds no tokens. */
function templateOf(processor: TokenizerFile['post_processor']): Template | null {
  if (processor === null || processor === undefined) return null;
  switch (processor.type) {
    case 'ByteLevel':
      return null;
    case 'BertProcessing': {
      const { cls, sep } = AROUND.parse(processor);
      return {
        single: [special(cls, 0), { text: 0, type: 0 }, special(sep, 0)],
        pair: [special(cls, 0), { text: 0, type: 0 }, special(sep, 0), { text: 1, type: 1 }, special(sep, 1)],
      };
    }
    case 'RobertaProcessing': {
      const { cls, sep } = AROUND.parse(processor);
      const single: TemplatePart[] = [special(cls, 0), { text: 0, type: 0 }, special(sep, 0)];
      return { single, pair: [...single, special(sep, 0), { text: 1, type: 0 }, special(sep, 0)] };
    }
    case 'TemplateProcessing':
      return readPieces(TEMPLATE.parse(processor));
    case 'Sequence': {
      const { processors } = SEQUENCE.parse(processor);
      const found = processors.map((one) => templateOf(one)).filter((one) => one !== null);
      if (found.length > 1) throw new Error('its post_processor adds special tokens twice');
      return found[0] ?? null;
    }
    default:
      throw new Error(`its post_processor "${processor.type}" is unknown`);
  }
}

function special([, id]: z.infer<typeof TOKEN>, type: number): TemplatePart {
  return { id, type };
}

function readPieces({ single, pair, special_tokens }: z.infer<typeof TEMPLATE>): Template {
  const parts = (pieces: readonly z.infer<typeof PIECE>[]) =>
    pieces.flatMap((piece): TemplatePart[] => {
      if ('Sequence' in piece) {
        const { id, type_id } = piece.Sequence;
        return [{ text: id === 'A' ? 0 : 1, type: type_id }];
      }
      const { id, type_id } = piece.SpecialToken;
      const found = special_tokens[id];
      if (found === undefined)
        throw new Error(`its post_processor names the special token "${id}" but gives no id for it`);
      return found.ids.map((one) => ({ id: one, type: type_id }));
    });
  return { single: parts(single), pair: parts(pair) };
}

/** The number of special tokens in these parts. */
export function specialCount(parts: readonly TemplatePart[]): number {
  return parts.filter((part) => 'id' in part).length;
}
