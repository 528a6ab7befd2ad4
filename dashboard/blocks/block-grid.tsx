/** All blocks of a job at a glance: one shape per state, so that colour is not the only difference. */
import type { JobBlocksWire } from '../../src/api/http/wire/blocks.ts';
import type { BlockState } from '../../src/shared/domain/block-ranges.ts';
import { count } from '../format.ts';
import { Problem } from '../parts/problem.tsx';
import { service } from '../service.ts';
import { usePoll } from '../use-poll.ts';
import { cellsOf } from './cells.ts';

const MOST_CELLS = 1200;
const COLUMNS = 60;
const CELL = 10;

/** Shapes in a cell of 10 by 10, from its left upper corner. */
const SHAPES: Readonly<Record<BlockState, string>> = {
  done: 'h9v9h-9z',
  running: 'h9v9h-9zm3 3v3h3v-3z',
  retrying: 'm4.5 -.5l5 5l-5 5l-5 -5z',
  queued: 'm2 2h5v5h-5z',
  not_run: 'm0 1.5l1.5 -1.5l3 3l3 -3l1.5 1.5l-3 3l3 3l-1.5 1.5l-3 -3l-3 3l-1.5 -1.5l3 -3z',
  unread: 'm3.5 3.5h2v2h-2z',
};

const NAMES: Readonly<Record<BlockState, string>> = {
  done: 'done',
  running: 'running',
  retrying: 'retrying after a failed run',
  queued: 'queued',
  not_run: 'not run',
  unread: 'not read yet',
};
const STATES = Object.keys(NAMES) as BlockState[];

/** `isOver`: the job has ended. */
export function BlockGrid({ id, isOver }: { id: string; isOver: boolean }) {
  const { data, error } = usePoll(`blocks ${id} ${isOver}`, isOver ? 600_000 : 2000, async () =>
    service().blocks(id),
  );
  return (
    <>
      <Problem error={error} />
      {data && <Grid blocks={data} />}
    </>
  );
}

function Grid({ blocks }: { blocks: JobBlocksWire }) {
  const { counts, ranges, block_rows, total } = blocks;
  const { per, states } = cellsOf(ranges, MOST_CELLS);
  if (states.length === 0) return <p class="muted">No block has been read yet.</p>;
  const shown = STATES.filter((state) => counts[state] > 0);
  const words = shown.map((state) => `${count(counts[state])} ${NAMES[state]}`).join(', ');
  const columns = Math.min(COLUMNS, states.length);
  const height = Math.ceil(states.length / columns) * CELL;
  return (
    <figure class="blocks">
      <svg
        viewBox={`0 0 ${columns * CELL} ${height}`}
        width={columns * CELL}
        role="img"
        aria-label={`Blocks: ${words}.`}
      >
        {shown.map((state) => (
          <path key={state} class={`block ${state}`} d={pathOf(states, state, columns)} />
        ))}
      </svg>
      <ul class="legend">
        {shown.map((state) => (
          <li key={state}>
            <svg class="key" viewBox="-1 -1 11 11" aria-hidden="true">
              <path class={`block ${state}`} d={`M0 0${SHAPES[state]}`} />
            </svg>
            {count(counts[state])} {NAMES[state]}
          </li>
        ))}
      </ul>
      <figcaption>
        Blocks of {count(block_rows)} {block_rows === 1 ? 'row' : 'rows'}
        {total === null ? ', as far as they are known' : ''}, from left to right.
        {per > 1 && ` A cell stands for ${count(per)} blocks, and shows the most urgent state among them.`}
      </figcaption>
    </figure>
  );
}

/** One path for all cells of a state costs far less than an element per cell. */
function pathOf(states: readonly BlockState[], state: BlockState, columns: number): string {
  let path = '';
  for (const [cell, found] of states.entries()) {
    if (found !== state) continue;
    path += `M${(cell % columns) * CELL} ${Math.floor(cell / columns) * CELL}${SHAPES[state]}`;
  }
  return path;
}
