/** The config of a pipeline: which models it has, and how it combines them. */
import { z } from 'zod';
import { HOOK_FILES } from '../../domain/model/hooks-config.ts';
import type { ModelConfig } from '../../domain/model/model-config.ts';
import { CHAIN } from './chain-config.ts';
import { MAX_MEMBERS, MEMBER_NAME } from './member-name.ts';

/**
 * `max_confidence`: the answer of the model that is most sure. `average`: the mean of the scores of each class. `vote`: the
 * class that most models name first. `all`: the answers of all models.
 */
export const COMBINE_MODES = ['max_confidence', 'average', 'vote', 'all'] as const;
export type CombineMode = (typeof COMBINE_MODES)[number];

/** `fail_row`: a row fails if it fails in any of its models. `partial`: the other models answer it. */
export const ON_MEMBER_ERROR = ['fail_row', 'partial'] as const;

export const PIPELINE_SHAPE = {
  kind: z.literal('pipeline'),
  /** Every model answers every row. */
  ensemble: z
    .strictObject({
      combine: z.enum(COMBINE_MODES),
      members: z
        .array(z.strictObject({ model: MEMBER_NAME, weight: z.number().positive().optional() }))
        .min(2)
        .max(MAX_MEMBERS),
    })
    .optional(),
  /** A row goes on to the next model while the score of its best class is below the threshold. */
  cascade: z
    .strictObject({
      levels: z
        .array(z.strictObject({ model: MEMBER_NAME, threshold: z.number().min(0).max(1).optional() }))
        .min(2)
        .max(MAX_MEMBERS),
    })
    .optional(),
  /** The models get the row one after the other, or crops of its image. */
  chain: CHAIN.optional(),
  on_member_error: z.enum(ON_MEMBER_ERROR).default('fail_row'),
};

type Fields = z.infer<z.ZodObject<typeof PIPELINE_SHAPE>>;

/** How the models of a pipeline are combined. One of the fields is set. */
export type Combining = Pick<Fields, 'ensemble' | 'cascade' | 'chain'>;

/** A model of the pipeline as it was found. The pipeline's hash covers it. */
export interface PipelineMember {
  /** As the pipeline names it. */
  readonly model: string;
  /** Content hash of the model. */
  readonly hash: string;
  readonly config: ModelConfig;
}

/** A checked config whose members were found. */
export interface PipelineConfig extends ModelConfig, Omit<Fields, 'kind'> {
  readonly kind: 'pipeline';
  readonly members: readonly PipelineMember[];
}

export function isPipeline(config: Pick<ModelConfig, 'kind'>): config is PipelineConfig {
  return config.kind === 'pipeline';
}

/** Whether code of users makes answers of the model. */
export function holdsCode(config: Pick<ModelConfig, 'kind' | 'hooks'>): boolean {
  return codeIn(config) !== null;
}

/** Which code of users the model holds, as the rest of a sentence. Null if it holds none. */
export function codeIn(config: Pick<ModelConfig, 'kind' | 'hooks'>): string | null {
  if (isPipeline(config)) {
    return config.members.map((member) => codeIn(member.config)).find((code) => code !== null) ?? null;
  }
  if (config.kind === 'predictor') return 'is a predictor';
  return config.hooks === undefined ? null : `has ${config.hooks.file ?? HOOK_FILES[0]}`;
}

/** Where a config names its models: the name, and its place as a JSON pointer. */
export function namedModels({ ensemble, cascade, chain }: Combining): readonly NamedModel[] {
  const at = (list: string) => (one: { readonly model: string }, i: number) => ({
    model: one.model,
    path: `/${list}/${i}/model`,
  });
  return (
    ensemble?.members.map(at('ensemble/members')) ??
    cascade?.levels.map(at('cascade/levels')) ??
    chain?.steps.map(at('chain/steps')) ??
    []
  );
}

export interface NamedModel {
  readonly model: string;
  readonly path: string;
}
