/** Takes records with named features. Answers with the best classes, one number, or named outputs of the graph. */
import { ForebayError } from '../../../shared/errors.ts';
import type { RowError } from '../../../shared/domain/row.ts';
import type { GraphTensor } from '../../../shared/models/graph-tensor.ts';
import { configOf } from '../../../shared/tasks/model-config-schema.ts';
import { TABULAR, type TabularConfig, type TabularOptions } from '../../../shared/tasks/tabular.ts';
import { invalidRow, type Fields } from './record.ts';
import { bindColumns } from './tabular/bind-columns.ts';
import { chooseAnswer, widthOf, type Answer } from '../../../shared/tasks/tabular/choose-answer.ts';
import type { Answerer } from './tabular/answerer.ts';
import { createClassAnswerer } from './tabular/class-answer.ts';
import { readClassNames, type ClassNames } from './tabular/class-names.ts';
import type { ColumnReader } from './tabular/column-reader.ts';
import { readColumns } from './tabular/columns-reader.ts';
import { createReader } from './tabular/create-reader.ts';
import { createRecordsReader, readJson } from './tabular/records-reader.ts';
import { createFeatureRows, type FeatureRows } from './tabular/feature-rows.ts';
import { createNamedAnswerer } from './tabular/named-answer.ts';
import { madeUpRecords } from './tabular/made-up-records.ts';
import { createValueAnswerer } from './tabular/value-answer.ts';
import type { Task, TaskInput } from './task.ts';
import type { Outputs } from './tensors.ts';

export const tabular: Task = {
  id: TABULAR.id,
  bind({ config: given, graph, files }) {
    const config = configOf(TABULAR, given);
    const { inputs, fixedBatch } = bindColumns(config.columns, graph.inputs);
    const readers = inputs.map(createReader);
    const openRows = createFeatureRows(readers, fixedBatch);
    const readRecords = createRecordsReader(readers);
    checkExample(config, readers, openRows);
    const names = readClassNames(config, files);
    const answer = chooseAnswer(config, names?.list ?? null, graph.outputs);
    let answerer = answererOf(answer, config, names);
    const used = { inputs: graph.inputs, outputs: answerer.outputs };
    return {
      used,
      fixedBatch,
      notes: [],
      probeRows: () => madeUpRecords(readers, config.example ?? null),
      open(rows, options) {
        const { top_k } = options as TabularOptions;
        const features = openRows(rows);
        return {
          prepare: (at, row) => readRow(features, at, row),
          prepareRecords: (records) => readRecords(features, records),
          prepareColumns: (columns) => readColumns(features, columns),
          calls: (positions) => [positions],
          feeds: (positions) => features.feeds(positions),
          answers: (outputs, { length }) => answerer.answers(outputs, length, fixedBatch ?? length, top_k),
          release: () => features.release(),
        };
      },
      numbers: (outputs, rows) => answerer.numbers(outputs, rows, fixedBatch ?? rows),
      check(outputs) {
        const seen = seenOutput(answer, outputs);
        if (seen !== null) {
          const known = used.outputs.map((output) => (output.name === seen.name ? seen : output));
          const settled = chooseAnswer({ ...config, output: seen.name }, names?.list ?? null, known);
          answerer = answererOf(settled, config, names);
        }
        answerer.check(outputs, fixedBatch ?? 1);
      },
    };
  },
};

/**
 * The output with the scores or the value, if its width is not the one that the graph states. Converters leave the
 * width open, or write 1 for any number of targets. Null if the graph is right.
 */
function seenOutput(answer: Answer, outputs: Outputs): GraphTensor | null {
  if (answer.is === 'outputs') return null;
  const told = answer.is === 'classes' ? answer.scores : answer.output;
  const { dims } = outputs[told.name]!;
  if (widthOf({ shape: dims }) === widthOf(told)) return null;
  return { ...told, shape: [told.shape[0] ?? '', ...dims.slice(1)] };
}

function answererOf(answer: Answer, config: TabularConfig, names: ClassNames | null): Answerer {
  if (answer.is === 'value') return createValueAnswerer(answer.output);
  if (answer.is === 'outputs') return createNamedAnswerer(answer.outputs);
  return createClassAnswerer({ ...answer, names, activation: config.activation });
}

function readRow(features: FeatureRows, at: number, row: TaskInput): RowError | null {
  if ('madeUp' in row) return features.read(at, row.madeUp as Fields);
  if (!('json' in row)) return NOT_A_RECORD;
  return readJson(features, at, row.json);
}

const NOT_A_RECORD = invalidRow(
  'the row is a file, but the model takes records: give the features as a JSON object, for example as a line of a .jsonl file',
);

function checkExample(
  { example }: TabularConfig,
  readers: readonly ColumnReader[],
  openRows: (rows: number) => FeatureRows,
): void {
  if (example === undefined || readers.length === 0) return;
  const rows = openRows(1);
  const error = rows.read(0, example);
  rows.release();
  if (error !== null) {
    throw new ForebayError('config_mismatch', `the example in model.json does not fit: ${error.message}`);
  }
}
