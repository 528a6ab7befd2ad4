// Shows jobs as tables and lists.
import { expect, it } from 'vitest';
import { jobsTable, jobText } from '#forebay/cli/jobs/job-text.js';
import { JOB } from '../../../support/job-wire.ts';

it('lists jobs with aligned columns', () => {
  const [head, line] = jobsTable(
    [{ ...JOB, reason: 'queue_limit' }],
    Date.parse(JOB.created_at) + 90_000,
  ).split('\n');
  expect(line).toMatch(/running \(queue_limit\) +tiny +1,216 of 5,000 \(24 %\) +3 +812 +4\.7 s +1 min 30 s$/);
  expect(head!.indexOf('STATUS')).toBe(line!.indexOf('running'));
});

it('shows one job as a list of facts', () => {
  const text = jobText({ ...JOB, metadata: { team: 'search' } }, null);
  expect(text).toMatch(/^input +files \/data$/m);
  expect(text).toMatch(/^metadata +team=search$/m);
  expect(text).not.toMatch(/^finished/m);
});
