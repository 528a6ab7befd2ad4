/** The tokens of a batch's rows, in typed arrays that grow and are reused. */

export interface TokenRows {
  /** Begins a row. `push` adds its tokens, and `end` ends it. A row that is begun again loses its earlier tokens. */
  begin(at: number): void;
  push(id: number, type: number): void;
  end(): void;
  /** Tokens of the row. */
  length(at: number): number;
  /** Copies a row's ids to `into`: the first one to index `from`, the next ones `stride` apart. */
  copyIds(at: number, into: Int32Array, from: number, stride: number): void;
  copyTypes(at: number, into: Int32Array, from: number, stride: number): void;
}

export interface TokenRowsPool {
  take(rows: number): TokenRows;
  giveBack(rows: TokenRows): void;
}

/** Tokens of a typical row. */
const USUAL_TOKENS = 32;

/** Two batches are in a lane at once. */
const MOST_SPARE = 2;

/** Larger arrays are not kept, so that one batch of long texts does not cost memory for ever. */
const MOST_KEPT_TOKENS = 2 ** 20;

export function createTokenRowsPool(): TokenRowsPool {
  const spare: Reusable[] = [];
  return {
    take(rows) {
      const found = spare.pop() ?? createTokenRows();
      found.reset(rows);
      return found;
    },
    giveBack(rows) {
      const own = rows as Reusable;
      if (spare.length < MOST_SPARE && own.capacity() <= MOST_KEPT_TOKENS) spare.push(own);
    },
  };
}

interface Reusable extends TokenRows {
  reset(rows: number): void;
  capacity(): number;
}

function createTokenRows(): Reusable {
  let ids = new Int32Array(0);
  let types = new Int32Array(0);
  let starts = new Int32Array(0);
  let lengths = new Int32Array(0);
  let used = 0;
  let current = 0;

  function grow(): void {
    const moreIds = new Int32Array(ids.length * 2);
    moreIds.set(ids);
    ids = moreIds;
    const moreTypes = new Int32Array(types.length * 2);
    moreTypes.set(types);
    types = moreTypes;
  }

  return {
    reset(rows) {
      used = 0;
      if (lengths.length < rows) {
        starts = new Int32Array(rows);
        lengths = new Int32Array(rows);
      }
      lengths.fill(0);
      if (ids.length > 0) return;
      ids = new Int32Array(rows * USUAL_TOKENS);
      types = new Int32Array(rows * USUAL_TOKENS);
    },
    capacity: () => ids.length,
    begin(at) {
      current = at;
      starts[at] = used;
    },
    push(id, type) {
      if (used === ids.length) grow();
      ids[used] = id;
      types[used] = type;
      used += 1;
    },
    end() {
      lengths[current] = used - starts[current]!;
    },
    length: (at) => lengths[at]!,
    copyIds(at, into, from, stride) {
      const [start, length] = [starts[at]!, lengths[at]!];
      for (let i = 0; i < length; i++) into[from + i * stride] = ids[start + i]!;
    },
    copyTypes(at, into, from, stride) {
      const [start, length] = [starts[at]!, lengths[at]!];
      for (let i = 0; i < length; i++) into[from + i * stride] = types[start + i]!;
    },
  };
}
