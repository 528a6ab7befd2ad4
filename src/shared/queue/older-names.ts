/** Translates values that older versions store in Redis under names that have changed since. Pure. */
import type { Choice } from '../domain/choice.ts';
import type { JobFailure } from '../domain/job/job.ts';

/** `boundBy` of a choice. */
const BOUND_BY: Readonly<Record<string, Choice['boundBy']>> = { contract: 'model_config' };
const ERROR_CODES: Readonly<Record<string, JobFailure['code']>> = {
  invalid_contract: 'invalid_model_config',
  contract_mismatch: 'config_mismatch',
};

/** Translates a failure from a job's record or a worker's heartbeat. */
export function withCurrentCode<Failure extends { readonly code: string }>(failure: Failure): Failure {
  return { ...failure, code: ERROR_CODES[failure.code] ?? failure.code };
}

/** Translates the choices of a worker's heartbeat. A value that is not a choice stays unchanged. */
export function withCurrentBounds<Choices extends object>(choices: Choices): Choices {
  return Object.fromEntries(
    Object.entries(choices).map(([name, value]: [string, unknown]) => [
      name,
      isChoice(value) ? { ...value, boundBy: BOUND_BY[value.boundBy] ?? value.boundBy } : value,
    ]),
  ) as Choices;
}

function isChoice(value: unknown): value is Choice {
  return typeof value === 'object' && value !== null && 'boundBy' in value;
}
