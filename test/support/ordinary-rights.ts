// Starts children that obey file permissions, even if root runs the test. setpriv removes root's exemption from them.
import { spawnSync } from 'node:child_process';
import type { ForkOptions } from 'node:child_process';

const IGNORE_THEM = '-dac_override,-dac_read_search';
const WITHOUT = [`--bounding-set=${IGNORE_THEM}`, `--inh-caps=${IGNORE_THEM}`];
const isRoot = process.getuid?.() === 0;

/** Options for fork. */
export const ordinaryRights: ForkOptions = isRoot
  ? { execPath: 'setpriv', execArgv: [...WITHOUT, process.execPath] }
  : {};

/** Null if children can be restricted here, otherwise the reason for skipping a test. */
export const noOrdinaryRights: string | null =
  isRoot && spawnSync('setpriv', [...WITHOUT, 'true']).status !== 0
    ? 'skipped: root reads everything, and setpriv (util-linux) cannot take that right from a child here'
    : null;
