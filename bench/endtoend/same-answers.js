/** Checks that the service and lanes without it compute the same answers. */
import { difference } from '../harness/same-values.js';
import { finished } from '../harness/service.js';

/** Answers have 6 or 7 digits, and the last ones depend on which rows share a model call. */
const TOLERANCE = 1e-4;

/**
 * Runs the rows through the service and a lane. Throws Error with the first difference.
 * @param {object} options
 * @param {object} options.client of the service
 * @param {object} options.lanes of startLanes
 * @param {object} options.body of the submit
 * @param {readonly string[]} options.rows those of the job, in its order
 * @param {number} [options.tolerance] of numbers
 */
export async function assertSameAnswers({ client, lanes, body, rows, tolerance = TOLERANCE }) {
  const expected = await lanes.answers(rows);
  const found = await answersOf(client, body);
  if (found.length !== expected.length) {
    throw new Error(`${body.model}: the service gave ${found.length} answers for ${expected.length} rows`);
  }
  for (const [i, answer] of expected.entries()) {
    const differs = difference(answer, found[i], tolerance);
    if (differs !== null) {
      throw new Error(`${body.model}, row ${i}: ceiling and service differ at ${differs}`);
    }
  }
}

/** @returns {Promise<object[]>} the answers of a job, in row order */
export async function answersOf(client, body) {
  const { id } = await client.submit(body);
  await finished(client, id);
  const answers = [];
  for await (const row of client.results(id)) answers[row.index] = row;
  return answers;
}
