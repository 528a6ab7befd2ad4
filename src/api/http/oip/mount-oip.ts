/** The Open Inference Protocol, version 2: what Triton and KServe speak. A face over the use cases of online requests. */
import { z } from 'zod';
import { mount, type MountTarget } from '../endpoint/mount.ts';
import { mountInfer, type InferDeps } from './mount-infer.ts';
import { mountOipModels, type OipModelsDeps } from './mount-oip-models.ts';
import { mountRepository, type RepositoryDeps } from './mount-repository.ts';
import { mountStatistics, type StatisticsDeps } from './mount-statistics.ts';
import { OIP_ERRORS } from './oip-errors.ts';
import { OIP_TAG } from './oip-paths.ts';

export type OipDeps = InferDeps &
  OipModelsDeps &
  RepositoryDeps &
  StatisticsDeps & {
    /** Rejects with the reason why requests cannot be accepted now. */
    ready(): Promise<void>;
    readonly version: string;
  };

const EXTENSIONS = ['binary_tensor_data', 'model_repository', 'parameters', 'statistics'];

const SERVER = z
  .object({ name: z.string(), version: z.string(), extensions: z.array(z.string()) })
  .meta({ id: 'OipServer' });

export function mountOip(target: MountTarget, deps: OipDeps): void {
  const health = { tag: OIP_TAG, access: 'probe', problems: [], errors: OIP_ERRORS } as const;
  const yes = (field: string, description: string) => [
    { status: 200, description, content: { 'application/json': z.object({ [field]: z.boolean() }) } },
  ];
  mount(
    target,
    {
      ...health,
      method: 'get',
      path: '/v2/health/live',
      operationId: 'oipLive',
      summary: 'Whether the process is up',
      success: yes('live', 'The process is up.'),
    },
    ({ c }) => c.json({ live: true }),
  );
  mount(
    target,
    {
      ...health,
      method: 'get',
      path: '/v2/health/ready',
      operationId: 'oipReady',
      summary: 'Whether requests can be accepted',
      success: yes('ready', 'Requests can be accepted.'),
    },
    async ({ c }) => {
      await deps.ready();
      return c.json({ ready: true });
    },
  );
  mount(
    target,
    {
      ...health,
      method: 'get',
      path: '/v2',
      operationId: 'oipServer',
      summary: 'Name, version and extensions',
      access: 'open',
      success: [{ status: 200, description: 'The service.', content: { 'application/json': SERVER } }],
    },
    ({ c }) => c.json({ name: 'forebay', version: deps.version, extensions: EXTENSIONS }),
  );
  // Before the paths of models, because one could be named `stats`.
  mountStatistics(target, deps);
  mountOipModels(target, deps);
  mountInfer(target, deps);
  mountRepository(target, deps);
}
