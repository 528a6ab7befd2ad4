/** Models of kind `pipeline`: other models, combined. Everything about their answers follows from those models. */
import { z } from 'zod';
import type { ModelConfig } from '../domain/model/model-config.ts';
import {
  chainResult,
  CROPS_LEFT_OUT,
  LEFT_OUT_FIELD,
  STOPPED_AFTER,
  STOPPED_FIELD,
  type ChainFields,
} from './pipeline/chain-result.ts';
import { describeAnswer } from './pipeline/describe-answer.ts';
import { takesOption } from './pipeline/member-options.ts';
import { PIPELINE_SHAPE, type PipelineConfig } from './pipeline/pipeline-config.ts';
import { fieldIssues } from './pipeline/pipeline-issues.ts';
import { NAMED_PREDICTIONS, PREDICTIONS } from './classes/predictions.ts';
import { haveSameColumns } from './result-columns.ts';
import { resultSchemaOf, type ResultFields } from './result-schema.ts';
import type { RowFields } from './row-fields.ts';
import type { RowKind, TaskDescription } from './task-description.ts';
import type { TaskOptionName } from './task-options.ts';

type TaskOf = (config: ModelConfig) => TaskDescription;

/** The field that names the model which gave a row's answer. */
export const MODEL_FIELD = 'model';
/** The field with the answers of all models, with `combine: "all"`. */
export const ANSWERS_FIELD = 'answers';
/** The field with the models that failed, with `on_member_error: "partial"`. */
export const MEMBER_ERRORS_FIELD = 'member_errors';

const MODEL_NAME = z.string();
const ANSWERS = z.array(z.looseObject({ [MODEL_FIELD]: MODEL_NAME }));
const MEMBER_ERRORS = z.array(z.object({ [MODEL_FIELD]: MODEL_NAME, code: z.string(), message: z.string() }));

/** For reading a model.json. A pipeline whose models are known has the description of `pipelineTask`. */
export const PIPELINE = {
  id: 'pipeline',
  input: 'image',
  config: PIPELINE_SHAPE,
  options: [],
  result: {},
  contradictions: (raw: unknown) => fieldIssues(raw as PipelineConfig),
  fields: () => ({ names: null, needed: [], text: null }),
  files: () => [],
  defaults: () => ({}),
  inputBytes: () => 1,
  steps: () => ({ prepare: [], answer: '' }),
} as const satisfies TaskDescription;

const known = new WeakMap<PipelineConfig, TaskDescription>();

/** `taskOf`: finds the description of a member, which may be a pipeline itself. */
export function pipelineTask(config: PipelineConfig, taskOf: TaskOf): TaskDescription {
  const before = known.get(config);
  if (before !== undefined) return before;
  const made = describe(config, taskOf);
  known.set(config, made);
  return made;
}

function describe(config: PipelineConfig, taskOf: TaskOf): TaskDescription {
  const members = config.members.map((member) => ({ ...member, task: taskOf(member.config) }));
  const first = members[0]!;
  const options = [...new Set(members.flatMap(({ task }) => task.options))];
  const bytes = members.map(({ task, config: own }) => task.inputBytes(own));
  const callBytes = members.map(({ task, config: own }) => task.callBytes?.(own) ?? task.inputBytes(own));
  const most = members.flatMap(({ task }) => task.mostAutoRows ?? []);
  const { chain } = config;
  /** Those that read the row itself. */
  const readers = members.filter((_, at) => chain?.steps[at]!.for_each === undefined);
  return {
    ...PIPELINE,
    input: inputOf(first),
    options,
    resultSchemaOf: () => resultOf(config, taskOf),
    fields: (_, inputs) =>
      readers.map(({ task, config: own }, i) => task.fields(own, i === 0 ? inputs : null)).reduce(both),
    whyNot: (_, asked) => members.flatMap(({ task, config: own }) => task.whyNot?.(own, asked) ?? []),
    // An option that the job leaves open is each model's own affair.
    defaults: () =>
      Object.fromEntries(options.map((name) => [name, name === 'top_k' ? topKOf(config, members) : null])),
    inputBytes: () => {
      // Each model of a chain cuts the batch into batches of its own.
      if (chain !== undefined) return Math.min(...bytes);
      return config.cascade === undefined ? bytes.reduce((sum, one) => sum + one, 0) : Math.max(...bytes);
    },
    // In an ensemble or a cascade, each model gets the whole batch. The one with the largest rows takes the longest.
    callBytes: () => (chain === undefined ? Math.max(...callBytes) : Math.min(...callBytes)),
    ...(most.length > 0 && { mostAutoRows: Math.min(...most) }),
    steps(_, given) {
      const { prepare } = first.task.steps(first.config, first.task.defaults(first.config));
      return { prepare, answer: describeAnswer(config, given['top_k'] ?? null) };
    },
  };
}

interface Member {
  readonly config: ModelConfig;
  readonly task: TaskDescription;
}

function inputOf({ config, task }: Member): RowKind {
  return task.inputOf?.(config) ?? task.input;
}

/**
 * How many answers a row has if the job leaves it open. If the answers of all models become one list, the first model
 * that has a number decides. Otherwise it is the number that all models have in common. Null: each model uses its own.
 */
function topKOf({ chain, ensemble }: PipelineConfig, members: readonly Member[]) {
  const name: TaskOptionName = 'top_k';
  const numbers = members
    .filter((_, at) => chain === undefined || takesOption(members, at, name))
    .filter(({ task }) => task.options.includes(name))
    .map(({ task, config }) => task.defaults(config)[name] ?? null);
  const isOne = ensemble?.combine === 'average' || ensemble?.combine === 'vote';
  if (isOne) return numbers.find((one) => one !== null) ?? null;
  return new Set(numbers).size === 1 ? numbers[0]! : null;
}

function both(a: RowFields, b: RowFields): RowFields {
  const union = (x: readonly string[], y: readonly string[]) => [...new Set([...x, ...y])];
  return {
    names: a.names === null || b.names === null ? null : union(a.names, b.names),
    needed: union(a.needed, b.needed),
    text: a.text === null || b.text === null ? null : union(a.text, b.text),
    strings: union(a.strings ?? [], b.strings ?? []),
    numbers: union(a.numbers ?? [], b.numbers ?? []),
    refused: union(a.refused ?? [], b.refused ?? []),
  };
}

/** The fields of the models' own answers, and what the pipeline adds. */
function resultOf(config: PipelineConfig, taskOf: TaskOf): Readonly<Record<string, unknown>> {
  const schemas = config.members.map((member) => resultSchemaOf(taskOf(member.config), member.config));
  const isPartial = config.on_member_error === 'partial';
  if (config.chain !== undefined)
    return chainSchema(chainResult(config.chain, schemas, isPartial), isPartial);
  const combine = config.ensemble?.combine;
  const own: z.ZodRawShape =
    combine === 'all'
      ? { [ANSWERS_FIELD]: ANSWERS }
      : combine === 'average' || combine === 'vote'
        ? { predictions: hasNumbers(config, taskOf) ? PREDICTIONS : NAMED_PREDICTIONS }
        : { [MODEL_FIELD]: MODEL_NAME };
  const added = schemaOf({
    ...own,
    ...(isPartial && { [MEMBER_ERRORS_FIELD]: MEMBER_ERRORS.optional() }),
  });
  if (!(MODEL_FIELD in own)) return added;
  const required = schemas
    .map((schema) => schema.required)
    .reduce((a, b) => a.filter((name) => b.includes(name)));
  return {
    properties: { ...schemas.map(({ properties }) => properties).reduce(bothAnswer), ...added.properties },
    required: [...required, ...added.required],
  };
}

function chainSchema(fields: ChainFields, isPartial: boolean): Readonly<Record<string, unknown>> {
  const added = schemaOf({
    ...(fields.mayStop && { [STOPPED_FIELD]: STOPPED_AFTER.optional() }),
    ...(fields.hasCrops && { [LEFT_OUT_FIELD]: CROPS_LEFT_OUT.optional() }),
    ...(isPartial && { [MEMBER_ERRORS_FIELD]: MEMBER_ERRORS.optional() }),
  });
  return { properties: { ...fields.properties, ...added.properties }, required: fields.required };
}

/** Code of users may name classes without a number. */
function hasNumbers({ members }: PipelineConfig, taskOf: TaskOf): boolean {
  const usual = schemaOf({ predictions: PREDICTIONS }).properties['predictions'];
  return members.every(({ config }) => {
    const { properties } = resultSchemaOf(taskOf(config), config);
    return haveSameColumns('predictions', properties['predictions'], usual);
  });
}

type Properties = ResultFields['properties'];

/** A field that models answer in different types may be any JSON value. A column of one type would lose rows. */
function bothAnswer(a: Properties, b: Properties): Properties {
  const differ = Object.keys(b).filter((field) => field in a && !haveSameColumns(field, a[field], b[field]));
  return { ...a, ...b, ...Object.fromEntries(differ.map((field) => [field, {}])) };
}

function schemaOf(shape: z.ZodRawShape) {
  const { properties = {}, required = [] } = z.toJSONSchema(z.object(shape)) as z.core.JSONSchema.BaseSchema;
  return { properties, required };
}
