import { describe, expect, it } from 'vitest';
import { otlpJson } from '#forebay/shared/observe/tracing/otlp-json.js';
import { isSampled, jobSpan, runSpan } from '#forebay/shared/observe/tracing/span.js';
import { headersOf, startTracing } from '#forebay/shared/observe/tracing/start-tracing.js';
import { callerSpan } from '#forebay/shared/observe/tracing/trace-context.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('span ids', () => {
  it('follow from the job and the run, so that processes agree without a context', () => {
    const run = { job: 'job_1', block: 3, token: 'a' };
    expect(runSpan(run)).toEqual(runSpan({ ...run }));
    expect(runSpan(run).traceId).toBe(jobSpan('job_1').traceId);
    expect(runSpan(run).spanId).not.toBe(runSpan({ ...run, token: 'b' }).spanId);
    expect(jobSpan('job_1').traceId).toMatch(/^[\da-f]{32}$/);
    expect(jobSpan('job_1').spanId).toMatch(/^[\da-f]{16}$/);
  });

  it('decide which jobs are sampled, in about the given share', () => {
    const jobs = Array.from({ length: 2000 }, (_, i) => `job_${i}`);
    const share = jobs.filter((job) => isSampled(job, 20)).length / jobs.length;
    expect(share).toBeGreaterThan(0.16);
    expect(share).toBeLessThan(0.24);
    expect(jobs.filter((job) => isSampled(job, 0))).toEqual([]);
    expect(jobs.every((job) => isSampled(job, 100))).toBe(true);
  });
});

it('OTLP/JSON has hex ids, 64-bit numbers as text, and kinds as numbers', () => {
  const span = {
    traceId: TRACE,
    spanId: SPAN,
    name: 'block',
    kind: 'consumer' as const,
    startMs: 1_700_000_000_000.25,
    endMs: 1_700_000_000_001,
    attributes: { 'forebay.rows': 4, 'forebay.ms': 0.5, 'forebay.job': 'job_1' },
    error: 'it broke',
    links: [{ traceId: TRACE, spanId: SPAN }],
  };
  const { resourceSpans } = JSON.parse(otlpJson([span], { 'service.name': 'forebay' })) as {
    resourceSpans: [{ resource: unknown; scopeSpans: [{ spans: object[] }] }];
  };
  expect(resourceSpans[0].resource).toEqual({
    attributes: [{ key: 'service.name', value: { stringValue: 'forebay' } }],
  });
  expect(resourceSpans[0].scopeSpans[0].spans).toEqual([
    {
      traceId: TRACE,
      spanId: SPAN,
      name: 'block',
      kind: 5,
      startTimeUnixNano: '1700000000000250000',
      endTimeUnixNano: '1700000000001000000',
      attributes: [
        { key: 'forebay.rows', value: { intValue: '4' } },
        { key: 'forebay.ms', value: { doubleValue: 0.5 } },
        { key: 'forebay.job', value: { stringValue: 'job_1' } },
      ],
      links: [{ traceId: TRACE, spanId: SPAN }],
      status: { code: 2, message: 'it broke' },
    },
  ]);
});

it.each([
  [`00-${TRACE}-${SPAN}-01`, true],
  [`cc-${TRACE}-${SPAN}-01-what-the-future-will-bring`, true],
  [`00-${TRACE}-${SPAN}-00`, false],
  [`00-${'0'.repeat(32)}-${SPAN}-01`, false],
  [`ff-${TRACE}-${SPAN}-01`, false],
  ['garbage', false],
  [null, false],
])('the header traceparent %s names a caller that records: %s', (header, records) => {
  expect(callerSpan(header)).toEqual(records ? { traceId: TRACE, spanId: SPAN } : null);
});

it('headers for the collector are pairs with percent-encoded values', () => {
  expect(headersOf('authorization=Bearer%20x=y, x-team = a%zz ,=no,nor this')).toEqual({
    authorization: 'Bearer x=y',
    'x-team': 'a%zz',
  });
  expect(headersOf(undefined)).toEqual({});
});

it.each([
  ['http://me:secret@h', undefined],
  ['http://h:4318', 'authorization=secret%0Ax'],
  ['http://h:4318/?key=secret', undefined],
  ['h:4318', undefined],
])(
  'a collector that cannot be asked is refused, and its secrets are not shown: %s',
  (tracesUrl, tracesHeaders) => {
    const config = { tracesUrl, tracesHeaders, tracesService: 'forebay' };
    const start = () => startTracing(config, { kind: 'api', version: '1' }, () => undefined);
    expect(start).toThrow(expect.objectContaining({ code: 'config_invalid' }));
    expect(start).not.toThrow(/secret/);
  },
);
