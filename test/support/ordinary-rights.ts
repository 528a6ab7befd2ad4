// How a child is bound by file permissions, whoever runs the test: root gives up the right to pass over them.
import { spawnSync } from 'node:child_process';
import type { ForkOptions } from 'node:child_process';

const PASS_OVER = '-dac_override,-dac_read_search';
const WITHOUT = [`--bounding-set=${PASS_OVER}`, `--inh-caps=${PASS_OVER}`];
const isRoot = process.getuid?.() === 0;

/** For fork. */
export const ordinaryRights: ForkOptions = isRoot
  ? { execPath: 'setpriv', execArgv: [...WITHOUT, process.execPath] }
  : {};

/** Null: children can be bound; else why not, for a test that is skipped. */
export const noOrdinaryRights: string | null =
  isRoot && spawnSync('setpriv', [...WITHOUT, 'true']).status !== 0
    ? 'skipped: root reads everything, and setpriv (util-linux) cannot take that from a child here'
    : null;
