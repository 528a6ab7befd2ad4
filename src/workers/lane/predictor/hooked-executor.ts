/** A graph in a lane with code of the user's around it: hooks that change its rows and its answers. */
import { join } from 'node:path';
import { ForebayError } from '../../../shared/errors.ts';
import { resultSchemaOf } from '../../../shared/tasks/result-schema.ts';
import { rowKindOf, taskOf } from '../../../shared/tasks/task-descriptions.ts';
import type { Executor } from '../executor.ts';
import type { ModelLoad } from '../messages.ts';
import type { ExecutorParts } from '../models/executor-parts.ts';
import { createAnswerReader, type SchemaNames } from './answers.ts';
import { readChanged } from './changed-rows.ts';
import { openHooked, type BoundHooks } from './hooked-batch.ts';
import { importHooks } from './import-predictor.ts';
import { guardCode } from './stray-errors.ts';
import { createPredictorGraphs } from './predictor-graphs.ts';
import { createRowReading } from './predictor-rows.ts';
import { checkOptions, createContext } from './user-context.ts';

/** Models share images by row. No other model has the rows that a hook makes, so their images are not kept. */
function withoutImages(parts: ExecutorParts): ExecutorParts {
  return { ...parts, services: { ...parts.services, sharedImages: undefined, pictures: undefined } };
}

/** `loadGraph`: loads the graph alone. Throws ForebayError `model_load_failed` or `config_mismatch`. */
export async function loadHookedExecutor(
  request: ModelLoad,
  parts: ExecutorParts,
  loadGraph: (request: ModelLoad, parts: ExecutorParts) => Promise<Executor>,
): Promise<Executor> {
  const { config, dir } = request;
  const { file, options: given, result } = config.hooks!;
  const guard = guardCode({ model: config.name, dir });
  const hooks = await importHooks(join(dir, file!), guard);
  const options = checkOptions(given, hooks.options, { at: '/hooks/options', what: file! });
  if (result !== undefined && hooks.after === undefined) {
    throw new ForebayError(
      'config_mismatch',
      `model.json says in "hooks" what answers hold ("result"), but ${file} has no function "after" that makes them`,
    );
  }
  const graphs = createPredictorGraphs(request, async (graph) => parts.createSession(graph));
  const leaving = new AbortController();
  const { createDecoder, rowBytes } = parts.services;
  const context = createContext(request, { options, signal: leaving.signal, graphs, createDecoder });
  const kind = rowKindOf(config);
  const answers = createAnswerReader(
    { type: 'object', ...resultSchemaOf(taskOf(config), config) },
    hooks.result,
    schemaNames(file!, config.task, result !== undefined),
  );
  const readFile = createRowReading(kind, rowBytes);
  const readRecord = createRowReading(kind === 'audio' ? 'features' : kind, rowBytes);
  const bound: BoundHooks = {
    // A waveform may be a record, too.
    readRow: (input) => ('json' in input ? readRecord : readFile)(input),
    before:
      hooks.before === undefined
        ? null
        : {
            name: 'before',
            returns: 'row',
            guard,
            call: (rows) => hooks.before!(rows, context),
            read: (value, row) => readChanged(value, row, kind),
          },
    after:
      hooks.after === undefined
        ? null
        : {
            name: 'after',
            returns: 'answer',
            guard,
            call: (all) =>
              hooks.after!(
                all.map(({ answer }) => answer),
                all.map(({ row }) => row),
                context,
              ),
            read: (answer) => answers.read(answer),
          },
  };
  const graph = await loadGraph(request, hooks.before === undefined ? parts : withoutImages(parts));
  return {
    // Hooks get the rows of one model call.
    info: { ...graph.info, splitsBatches: false, notes: [...graph.info.notes, ...graphs.notes] },
    open: (rows, asked) => openHooked(rows, asked, graph, bound),
    changedFile: () => graph.changedFile() ?? graphs.changed(),
    async release() {
      leaving.abort();
      await graph.release();
      await graphs.release();
    },
  };
}

function schemaNames(file: string, task: string, isDeclared: boolean): SchemaNames {
  const own = `"result" of ${file}`;
  if (isDeclared) return { declared: '"result" in "hooks" of model.json', advice: '', own };
  const advice = '; for other answers, set "result" in "hooks" of model.json';
  return { declared: `the task "${task}"`, advice, own };
}
