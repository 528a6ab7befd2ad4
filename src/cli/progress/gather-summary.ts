/** Gathers the facts for the summary of an ended job. Leaves out facts that it cannot read. */
import type { JobWire } from '../../api/http/wire/job.ts';
import type { JobStatsWire } from '../../api/http/wire/stats.ts';
import type { ErrorRow, ResultRow } from '../../api/http/wire/row.ts';
import type { Client } from '../../client/client.ts';
import { answerText } from '../../shared/tasks/answer-text.ts';
import { groupErrors } from './error-groups.ts';
import type { Answer, Summary } from './summary-text.ts';

/** Example rows in a summary. */
const ANSWERS = 3;

type Reading = Pick<Client, 'stats' | 'errors' | 'results'>;

export async function gatherSummary(api: Reading, job: JobWire): Promise<Summary> {
  const stats = await api.stats(job.id).catch(() => null);
  const counts = countedErrors(job, stats);
  const errors = job.rows.failed === 0 ? [] : await groupErrors(api.errors(job.id), counts).catch(() => []);
  const answers = job.rows.succeeded === 0 ? [] : await firstAnswers(api.results(job.id)).catch(() => []);
  return { job, stats, errors, answers };
}

/** Null if the service has not counted all, because it or a worker is of an older version. */
function countedErrors(job: JobWire, stats: JobStatsWire | null): Readonly<Record<string, number>> | null {
  const counts = stats?.errors_by_code ?? {};
  const rows = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return rows === job.rows.failed ? counts : null;
}

async function firstAnswers(rows: AsyncIterable<ResultRow | ErrorRow>): Promise<Answer[]> {
  const answers: Answer[] = [];
  for await (const row of rows) {
    const text = 'error' in row ? null : answerText(row);
    if (text !== null) answers.push({ id: row.id, text });
    if (answers.length === ANSWERS) break;
  }
  return answers;
}
