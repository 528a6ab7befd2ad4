// Checks every kind of answer of the API against the schemas of the OpenAPI document.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEvents } from '#forebay/client/read-events.js';
import type { ApiDocument } from '../../support/api-document.ts';
import { LOAD, startTestApi, type TestApi } from '../../support/api-service.ts';

let api: TestApi;
let fits: (schema: string, value: unknown) => void;
beforeAll(async () => {
  api = await startTestApi();
  const document = (await (await fetch(`${api.url}/openapi.json`)).json()) as ApiDocument;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'api', components: document.components });
  const validators = new Map<string, ValidateFunction>();
  fits = (schema, value) => {
    const validate =
      validators.get(schema) ??
      ajv.compile({ $ref: `api#/components/schemas/${schema}`, unevaluatedProperties: false });
    validators.set(schema, validate);
    expect(validate(value), `${schema}: ${JSON.stringify(validate.errors)}`).toBe(true);
  };
});
afterAll(() => api.close());

const json = async (path: string, init?: RequestInit) => (await fetch(`${api.url}${path}`, init)).json();

describe('an answer of the API', () => {
  it('fits its schema in the OpenAPI document and has no other fields', async () => {
    const job = await api.runningJob();
    const { spec } = await api.jobs.mustGet(job.id);
    const problem = { code: 'model_load_failed', message: 'no' };
    const served = {
      ref: spec.model,
      lanes: 1,
      batchSize: 4,
      problem: null,
      graph: { fixedBatch: 1 },
      batchInvariance: null,
      memory: null,
    };
    const beat = (
      id: string,
      model: typeof served | (Omit<typeof served, 'problem'> & { problem: typeof problem }),
    ) =>
      api.workers.beat(
        { id, host: 'h', pid: 1, pool: 'default', startedAt: 0, lagP99Ms: 3, ...LOAD, models: [model] },
        false,
      );
    await beat('well', served);
    await beat('ill', { ...served, problem });
    await api.commitBlock(job, 0, (index) => index === 1, { blocks_run: 1, infer_us: 5 });
    await api.endJob(job.id);

    fits('Job', await json(`/v1/jobs/${job.id}`));
    fits('JobList', await json('/v1/jobs'));
    fits('Deliveries', await json(`/v1/jobs/${job.id}/deliveries`));
    fits('JobStats', await json(`/v1/jobs/${job.id}/stats`));
    fits('ModelList', await json('/v1/models'));
    fits('Model', await json('/v1/models/digits-small'));
    fits('Health', await json('/readyz'));
    fits('Problem', await json('/v1/jobs/job_none'));
    fits('Problem', await json('/v1/jobs?limit=x&y=1'));
    for (const line of (await (await fetch(`${api.url}/v1/jobs/${job.id}/results`)).text())
      .trim()
      .split('\n')) {
      fits('ResultRow', JSON.parse(line));
    }
    for (const line of (await (await fetch(`${api.url}/v1/jobs/${job.id}/errors`)).text())
      .trim()
      .split('\n')) {
      fits('ErrorRow', JSON.parse(line));
    }
    const first = await api.jobs.firstEventId(job.id);
    const names = { snapshot: 'Job', status: 'StatusEvent', progress: 'ProgressEvent' } as Record<
      string,
      string
    >;
    const seen = new Set<string>();
    for (const query of ['', `?last_event_id=${first}`]) {
      const response = await fetch(`${api.url}/v1/jobs/${job.id}/events${query}`);
      for await (const event of readEvents(response.body!)) {
        fits(names[event.type]!, JSON.parse(event.data));
        seen.add(event.type);
      }
    }
    expect([...seen].toSorted()).toEqual(['progress', 'snapshot', 'status']);
  });
});
