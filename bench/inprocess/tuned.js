/**
 * Finds the best configuration of lanes without the service. It tries one choice after the other and keeps each
 * improvement. The cache folder keeps the result for this machine.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeMachine } from '../harness/machine.js';
import { benchCache } from '../harness/places.js';
import { laneConfigOf, poolOf } from '../harness/subjects.js';
import { measureOnce } from './lanes.js';

/** After the batch size, these are tried in order, each against the best so far. */
const CHOICES = [{ unit: 'thread' }, { arenas: 2 }, { ahead: true }, { nice: 7 }];
/** A choice must be faster by this factor. A smaller gain is noise, so the simpler configuration stays. */
const PAYS = 1.01;

const machine = describeMachine();
const file = () => join(benchCache(), `ceiling-${machine.fingerprint}.json`);

/**
 * @param {import('../harness/subjects.js').Subject} subject
 * @returns a configuration for startLanes
 */
export function startingPoint(subject) {
  const batch = subject.batches[Math.floor(subject.batches.length / 2)];
  return { lanes: machine.cores, unit: 'process', threads: 1, batch };
}

/**
 * @param {import('../harness/subjects.js').Subject} subject
 * @returns the best choices, their rate, and everything that was tried
 */
export async function tuneCeiling(subject, { seconds, log }) {
  const rows = poolOf(subject);
  const fixed = laneConfigOf(subject);
  const tried = [];
  const attempt = async (chosen) => {
    const { rate } = await measureOnce({ ...fixed, ...chosen }, rows, seconds);
    tried.push({ ...chosen, rate });
    log(`${subject.name}: ${describe(chosen)}: ${rate.toFixed(1)} rows/s`);
    return rate;
  };
  let best = null;
  for (const batch of subject.batches) {
    const chosen = { ...startingPoint(subject), batch };
    const rate = await attempt(chosen);
    if (best === null || rate > best.rate * PAYS) best = { chosen, rate };
  }
  for (const change of [...(subject.choices ?? []), ...CHOICES]) {
    const chosen = { ...best.chosen, ...change };
    const rate = await attempt(chosen);
    if (rate > best.rate * PAYS) best = { chosen, rate };
  }
  writeFileSync(file(), JSON.stringify({ ...readKept(), [subject.name]: best.chosen }, null, 2));
  return { ...best, tried };
}

/** The last result on this machine, or the starting point. @param {import('../harness/subjects.js').Subject} subject */
export function ceilingConfig(subject) {
  const chosen = readKept()[subject.name] ?? startingPoint(subject);
  return { chosen, config: { ...laneConfigOf(subject), ...chosen } };
}

export function describe({ lanes, unit, threads, batch, tokensPerCall, arenas, ahead, nice }) {
  const words = [
    `${lanes} ${unit}${lanes === 1 ? '' : unit === 'process' ? 'es' : 's'} x ${threads}, batch ${batch}`,
  ];
  if (tokensPerCall !== undefined) words.push(`${tokensPerCall} tokens per call`);
  if (arenas !== undefined) words.push(`${arenas} arenas`);
  if (ahead) words.push('decoding ahead');
  if (nice !== undefined) words.push(`nice ${nice}`);
  return words.join(', ');
}

function readKept() {
  try {
    return JSON.parse(readFileSync(file(), 'utf8'));
  } catch {
    return {};
  }
}
