/** Endpoints about the whole service: metrics and queues. */
import { z } from 'zod';
import { METRICS_TYPE, type Metrics } from '../../../shared/observe/metrics/instruments.ts';
import { queuesToWire } from '../../overview/overview-view.ts';
import { surveyService, type SurveyDeps } from '../../overview/survey-service.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';
import { QUEUE_LIST } from '../wire/overview.ts';

export interface OverviewDeps {
  readonly metrics: Pick<Metrics, 'scrape'>;
  readonly survey: SurveyDeps;
}

export function mountOverview(target: MountTarget, { metrics, survey }: OverviewDeps): void {
  mount(
    target,
    {
      method: 'get',
      path: '/metrics',
      operationId: 'metrics',
      tag: 'Operations',
      access: 'service:read',
      summary: 'Metrics for Prometheus',
      success: [
        {
          status: 200,
          description: 'The text format of Prometheus. docs/metrics.md lists all metrics.',
          content: { 'text/plain': z.string() },
        },
      ],
      problems: [],
    },
    async () => new Response(await metrics.scrape(), { headers: { 'Content-Type': METRICS_TYPE } }),
  );
  mount(
    target,
    {
      method: 'get',
      path: '/v1/queues',
      operationId: 'listQueues',
      tag: 'Operations',
      access: 'service:read',
      summary: 'List queues',
      description: 'How full each queue is, how long its blocks wait, and why its jobs wait.',
      success: [{ status: 200, description: 'All queues.', content: { 'application/json': QUEUE_LIST } }],
      problems: [],
    },
    async ({ c }) => c.json(queuesToWire((await surveyService(survey)).queues)),
  );
}
