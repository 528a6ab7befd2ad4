/** Endpoints for autoscalers: how many workers each pool should have. */
import type { PoolScale, PoolScales } from '../../scale/pool-scales.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';
import { rounded } from '../wire/scalars.ts';
import { POOL_PARAMS, POOL_SCALE, SCALE_LIST, type PoolScaleWire } from '../wire/scale.ts';

export interface ScaleDeps {
  readonly scales: PoolScales;
  readonly scaleTargetS: number;
}

export function mountScale(target: MountTarget, { scales, scaleTargetS }: ScaleDeps): void {
  mount(
    target,
    {
      method: 'get',
      path: '/v1/scale',
      operationId: 'listScales',
      tag: 'Operations',
      access: 'service:read',
      summary: 'List how many workers the pools should have',
      description:
        'The numbers grow at once with the work, and shrink only after fewer workers have been enough for a while.',
      success: [{ status: 200, description: 'All pools.', content: { 'application/json': SCALE_LIST } }],
      problems: [],
    },
    async ({ c }) =>
      c.json({
        object: 'list' as const,
        data: (await scales.all()).map((scale) => scaleToWire(scale, scaleTargetS)),
      }),
  );
  mount(
    target,
    {
      method: 'get',
      path: '/v1/scale/{pool}',
      operationId: 'getScale',
      tag: 'Operations',
      access: 'service:read',
      summary: 'Get how many workers a pool should have',
      description:
        'For an autoscaler. Use `wanted_replicas` to set how many workers run: it also counts a replacement for each drained worker. A pool without workers and jobs has an answer, too.',
      params: POOL_PARAMS,
      success: [{ status: 200, description: 'The pool.', content: { 'application/json': POOL_SCALE } }],
      problems: [],
    },
    async ({ c, params }) => c.json(scaleToWire(await scales.one(params.pool), scaleTargetS)),
  );
}

function scaleToWire({ work, workers, backlogS, why }: PoolScale, targetS: number): PoolScaleWire {
  return {
    pool: work.pool,
    object: 'pool_scale',
    wanted_workers: workers,
    live_workers: work.liveWorkers,
    drained_workers: work.drainedWorkers,
    wanted_replicas: workers === 0 ? 0 : workers + work.drainedWorkers,
    why,
    backlog_s: rounded(backlogS, 1)!,
    target_s: targetS,
    models: work.models.map(({ model, rows, rowsPerS, source }) => ({
      name: model,
      rows_left: rows,
      rows_per_s: rounded(rowsPerS, 2)!,
      rate: source,
    })),
  };
}
