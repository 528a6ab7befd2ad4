/** What all guesses of text models share: the inputs, the tokenizer and the limits. Pure. */
import type { ForebayError } from '../../../../shared/errors.ts';
import { describeAll } from '../../../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../../../shared/models/onnx-graph.ts';
import type { Hints } from '../../hints.ts';
import { mismatch } from '../guesser.ts';

const INPUTS: readonly string[] = ['input_ids', 'attention_mask', 'token_type_ids'];
const IDS = 'input_ids';
/** The graphs and files that `takesTokens` and `textFields` accept, in words. */
export const TOKENS = 'input input_ids, perhaps with attention_mask and token_type_ids, tokenizer.json';

export function takesTokens({ inputs }: GraphFace): boolean {
  return inputs.some(({ name }) => name === IDS) && inputs.every(({ name }) => INPUTS.includes(name));
}

/**
 * Fields of model.json that every text model has. Throws ForebayError `config_mismatch` if the graph has other inputs,
 * if there is no tokenizer, or if a flag must give a field.
 */
export function textFields(
  face: GraphFace,
  { beside: { text }, maxLength }: Hints,
  facts: string[],
): Readonly<Record<string, unknown>> {
  if (!takesTokens(face)) {
    throw mismatch(
      `a text model has the inputs ${INPUTS.join(', ')}, but the graph has ${describeAll(face.inputs)}`,
    );
  }
  if (text === null) {
    throw mismatch(
      'a text model needs a tokenizer: put tokenizer.json beside the graph. A fast tokenizer writes it with tokenizer.save_pretrained()',
    );
  }
  const { tokenizer, max_length: told, ...more } = pick(text.fields);
  facts.push(`inputs  ${describeAll(face.inputs)}`);
  const length = tokensOf(face, maxLength, told as number | undefined, facts);
  return { tokenizer, max_length: length, ...more };
}

/** Most tokens of a text. `told`: from the model's files. Throws ForebayError `config_mismatch` if nothing says it. */
function tokensOf(
  { inputs }: GraphFace,
  asked: number | undefined,
  told: number | undefined,
  facts: string[],
): number {
  const fixed = inputs.map(({ shape }) => shape[1]).find((dim) => typeof dim === 'number');
  const wanted = asked ?? told ?? fixed;
  if (wanted === undefined) throw askForLength();
  const length = Math.min(wanted, fixed ?? wanted);
  if (length === asked) facts.push(`max_length ${length}: --max-length says so`);
  else if (length !== told) facts.push(`max_length ${length}: the graph takes this many tokens`);
  return length;
}

/** The lines that say where values come from, for the values that the config has. */
export function takenFor(
  { beside: { text } }: Pick<Hints, 'beside'>,
  config: Readonly<Record<string, unknown>>,
): readonly string[] {
  return (text?.taken ?? []).filter((line) =>
    Object.entries(config).some(
      ([field, value]) =>
        line.startsWith(`${field}: `) || line.startsWith(`${field} ${JSON.stringify(value)}: `),
    ),
  );
}

/** The fields that every text task has. */
function pick(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const all = ['tokenizer', 'max_length', 'pad_token', 'truncation_side'];
  return Object.fromEntries(all.filter((name) => name in fields).map((name) => [name, fields[name]]));
}

function askForLength(): ForebayError {
  return mismatch(
    'neither tokenizer_config.json nor config.json says how many tokens the model takes: pass --max-length TOKENS, the length that it was trained with',
  );
}
