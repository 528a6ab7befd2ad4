/**
 * The models that a job can name: those in the model folders, merged with those that live workers announce. Never opens a
 * graph. Workers report the contents of the graphs that they have loaded.
 */
import type { ModelConfig, ModelRef } from '../../shared/domain/model/model-config.ts';
import type { ModelUse } from '../../shared/domain/model/model-use.ts';
import type { RowKind } from '../../shared/tasks/task-description.ts';
import { rowKindOf } from '../../shared/tasks/task-descriptions.ts';
import type { GraphTensor } from '../../shared/models/graph-tensor.ts';
import { compareVersions, parseModelName } from '../../shared/models/version-name.ts';
import { isLoaded, isReady } from '../../shared/queue/workers/worker-registry.ts';
import type { ModelWire } from '../http/wire/model.ts';
import { blockQueueName } from '../../shared/queue/keys.ts';
import type { InlinePipeline } from '../../shared/queue/workers/inline-pipelines.ts';
import { chooseModel } from './choose-model.ts';
import { readInlinePipeline } from './inline-pipeline.ts';
import { loadedGraph } from './loaded-graph.ts';
import { brokenToWire, useOf, viewOf } from './model-view.ts';
import { createModelSurvey, type KnownModel } from './survey-models.ts';

export interface FoundModel {
  readonly ref: ModelRef;
  /** Null if only workers of older versions know the model. */
  readonly config: ModelConfig | null;
  /** Highest number of rows per model call over all live workers that are ready for the model. Null if none is. */
  readonly batchSize: number | null;
  /** The inputs of its graph. Null if no live worker has loaded it. */
  readonly graphInputs: readonly GraphTensor[] | null;
  /** The outputs of its graph that the task uses. Null if no live worker has loaded it. */
  readonly graphOutputs: readonly GraphTensor[] | null;
}

/** What live workers have done with a model. `use`: null if nothing yet. */
export interface CountedModel {
  readonly name: string;
  /** Null: it has no versions. */
  readonly version: string | null;
  readonly use: ModelUse | null;
}

export interface ModelCatalog {
  /**
   * Sorted by name and version. A model appears twice while workers still serve other content than its folder has.
   */
  readonly list: () => Promise<ModelWire[]>;
  /** `name`: as in findModel. Throws as findModel does. */
  readonly get: (name: string) => Promise<ModelWire>;
  /**
   * `name` may end with a version or an alias: `tiny@2`, `tiny@stable`, or `tiny@latest`, which is what `tiny` means. Throws
   * ForebayError `model_not_found`, which names the nearest and the known models, or `invalid_model_config` for a broken
   * folder. If a models folder cannot be read, it may hold the model, so `invalid_model_config` says why.
   */
  readonly findModel: (name: string) => Promise<FoundModel>;
  /**
   * As findModel, for online requests. If the files of a version were replaced a moment ago, or a version was added, no
   * worker has loaded the new content yet. Then this finds the old content that lanes still hold, or, if `name` leaves
   * the version open, the highest version below that lanes hold.
   */
  readonly findForRequest: (name: string) => Promise<FoundModel>;
  readonly uses: () => Promise<CountedModel[]>;
  /** `name`: as in findModel. Throws as findModel does. */
  readonly usesOf: (name: string) => Promise<CountedModel>;
  /** Checks a pipeline that a request gives. Throws ForebayError `invalid_request` with every issue. */
  readonly findInline: (given: object) => Promise<FoundModel & { readonly inline: InlinePipeline }>;
  /** The same content that an earlier job used, if it still exists. Otherwise what `findModel` finds by name. */
  readonly findAgain: (ref: ModelRef) => Promise<FoundModel>;
  /** What a model reads from a row. Null: no model with this content is known any more. */
  readonly rowKindOf: (ref: ModelRef) => Promise<RowKind | null>;
}

export function createModelCatalog(deps: Parameters<typeof createModelSurvey>[0]): ModelCatalog {
  const survey = createModelSurvey(deps);

  return {
    async list() {
      const all = await survey();
      const problems = [...all.broken, ...all.unreadable];
      const views = [...all.known.map((model) => viewOf(model, all)), ...problems.map(brokenToWire)];
      return views.toSorted(
        (a, b) =>
          (a.name < b.name ? -1 : a.name > b.name ? 1 : 0) ||
          compareVersions(a.version ?? '', b.version ?? ''),
      );
    },
    async get(name) {
      const all = await survey();
      return viewOf(chooseModel(all, name), all);
    },
    async findModel(name) {
      return toFound(chooseModel(await survey(), name));
    },
    async findForRequest(name) {
      const all = await survey();
      const found = chooseModel(all, name);
      if (found.served.some(isReady)) return toFound(found);
      const isOpen = parseModelName(name).version === null;
      const former = formerOf(all.known, found) ?? (isOpen ? versionBelow(all.known, found) : undefined);
      return toFound(former ?? found);
    },
    uses: async () => (await survey()).known.map(toCounted),
    usesOf: async (name) => toCounted(chooseModel(await survey(), name)),
    async findInline(given) {
      const all = await survey();
      const inline = await readInlinePipeline(given, all);
      const served = all.inline.get(blockQueueName(inline.ref)) ?? [];
      return { ...toFound({ ...inline, served }), inline };
    },
    async findAgain({ name, hash }) {
      const all = await survey();
      const same = all.known.find(({ ref }) => ref.name === name && ref.hash === hash);
      return toFound(same ?? chooseModel(all, name));
    },
    async rowKindOf({ name, hash }) {
      const { known } = await survey();
      const same = known.find(({ ref }) => ref.name === name && ref.hash === hash);
      return same === undefined ? null : rowKindOf(same.config);
    },
  };
}

/** The newest content of the version that lanes hold, but the folder no longer has. */
function formerOf(known: readonly KnownModel[], { ref, version }: KnownModel): KnownModel | undefined {
  const former = known.filter(
    (one) => !one.onDisk && one.ref.name === ref.name && one.version === version && one.served.some(isLoaded),
  );
  const older = new Set(former.flatMap(({ served }) => served.flatMap(({ replaces = [] }) => replaces)));
  return former.find((one) => !older.has(one.ref.hash)) ?? former[0];
}

/** The highest version below this one that lanes hold. */
function versionBelow(known: readonly KnownModel[], { ref, version }: KnownModel): KnownModel | undefined {
  if (version === null) return undefined;
  const [below] = known
    .filter((one) => one.ref.name === ref.name && one.served.some(isLoaded))
    .filter((one) => one.version !== null && compareVersions(one.version, version) < 0)
    .toSorted((a, b) => compareVersions(b.version!, a.version!));
  return below;
}

function toCounted({ ref, version, served }: KnownModel): CountedModel {
  return { name: ref.name, version, use: useOf(served) };
}

function toFound({ ref, config, served }: Pick<KnownModel, 'ref' | 'config' | 'served'>): FoundModel {
  const sizes = served.filter(isReady).map((model) => model.batchSize);
  const loaded = loadedGraph(served);
  return {
    ref,
    config,
    batchSize: sizes.length > 0 ? Math.max(...sizes) : null,
    graphInputs: loaded?.inputs ?? null,
    graphOutputs: loaded?.outputs ?? null,
  };
}
