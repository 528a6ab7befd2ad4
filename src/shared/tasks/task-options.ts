/** The options that tasks understand, each declared once. A task's description names those that it takes. */
import {
  count,
  fraction,
  type OptionDeclaration,
  type OptionTable,
  type RequestedValue,
  type SettledValue,
} from '../domain/option.ts';
import { DECODE_MODES } from './image/decode-mode.ts';
import { AGGREGATIONS } from './text/aggregation.ts';

export const TASK_OPTION_TABLE = {
  top_k: {
    value: count(1, 1000),
    otherwise: 'settled',
    about: 'answers per row',
    default: "the model's own",
    placeholder: 'n',
  },
  decode: {
    value: { type: 'one_of', names: DECODE_MODES },
    otherwise: null,
    about:
      'how JPEGs are decoded: exact as in Pillow, shrink to save time with large ones, fast to save time with progressive ones',
    more: 'With `shrink`, images much larger than needed are decoded at a smaller size. With `fast`, a few values differ slightly. `exact` is the fastest for ordinary JPEGs.',
    ifDecodingIsSlow: 'Large JPEGs take less time with --decode shrink ("decode": "shrink" in model.json).',
    default: "the model's own",
    placeholder: 'mode',
  },
  threshold: {
    value: fraction(0, 1),
    otherwise: null,
    about: 'leave out answers with a lower score',
    default: "the model's own",
    placeholder: 'score',
  },
  prompt: {
    value: { type: 'name' },
    otherwise: null,
    about: "which of the model's prompts goes before each text",
    default: "the model's own",
    placeholder: 'name',
  },
  dimensions: {
    value: count(1, 65_536),
    otherwise: null,
    about: 'cut embeddings to their first numbers',
    more: 'Only for models that were trained for it (Matryoshka).',
    default: "the model's own",
    placeholder: 'n',
  },
  aggregation: {
    value: { type: 'one_of', names: AGGREGATIONS },
    otherwise: null,
    about: 'how labels become entities: token by token, from neighbouring tokens, or from whole words',
    more: 'With `first` and `max`, a word gets the label of its first token, or of the token with the highest score.',
    default: "the model's own",
    placeholder: 'rule',
  },
} as const satisfies OptionTable;

type Table = typeof TASK_OPTION_TABLE;
export type TaskOptionName = keyof Table;

export type RequestedTaskOptions = {
  readonly [Name in TaskOptionName]?: RequestedValue<Table[Name]> | undefined;
};

/** The options of a task that takes these. Null: nobody has chosen, and the model has no value of its own. */
export type TaskOptions<Name extends TaskOptionName = TaskOptionName> = {
  readonly [One in Name]: SettledValue<Table[One]>;
};

export const TASK_OPTION_NAMES = Object.keys(TASK_OPTION_TABLE) as readonly TaskOptionName[];

/** What the options of a job can do about slow decoding. Empty if they can do nothing. */
export function decodingAdvice(options: object): string {
  const advice = TASK_OPTION_NAMES.map((name) =>
    name in options ? taskOption(name).ifDecodingIsSlow : null,
  );
  return advice.filter((one) => typeof one === 'string').join(' ');
}

export function taskOption(name: TaskOptionName): OptionDeclaration {
  return TASK_OPTION_TABLE[name];
}
