import { describe, expect, it } from 'vitest';

interface Cost {
  readonly perWorker: number;
  readonly perBlock: number;
  readonly perRow: number;
}
interface CostModel {
  readonly fitCost: (kind: string, measured: object) => Cost;
  readonly wall: (cost: Cost, workers: number, blockRows: number) => number;
}

const model = new URL('../../../bench/simulation/cost-model.js', import.meta.url).href;
const { fitCost, wall } = (await import(model)) as CostModel;

const cost = { perWorker: 0.0002, perBlock: 0.0004, perRow: 1e-7 };
const workers = 500;
const load = (rowsPerS: number, blockRows: number, noise = 1) => ({
  rowsPerS,
  blocksPerS: rowsPerS / blockRows,
  cores: {
    redis: workers * cost.perWorker + (rowsPerS / blockRows) * cost.perBlock * noise + rowsPerS * cost.perRow,
  },
});
const idle = { redis: workers * cost.perWorker };

describe('the cost model of the simulation', () => {
  it('finds the costs that made the loads', () => {
    const found = fitCost('redis', { workers, idle, small: load(150_000, 256), large: load(160_000, 1024) });
    expect(found.perWorker).toBeCloseTo(cost.perWorker, 9);
    expect(found.perBlock).toBeCloseTo(cost.perBlock, 9);
    expect(found.perRow).toBeCloseTo(cost.perRow, 12);
  });

  it('has no negative costs if the measurements contradict each other', () => {
    const cheap = load(150_000, 256, 0.1);
    const found = fitCost('redis', { workers, idle, small: cheap, large: load(160_000, 1024, 4) });
    expect(found.perBlock).toBe(0);
    expect(found.perRow).toBeGreaterThan(0);
    const expensive = fitCost('redis', {
      workers,
      idle,
      small: load(150_000, 256, 4),
      large: load(160_000, 1024, 0.1),
    });
    expect(expensive.perRow).toBe(0);
    expect(expensive.perBlock).toBeGreaterThan(0);
  });

  it('says at which rate a core is full, and that idle workers take their part', () => {
    expect(wall(cost, 0, 1000)).toBeCloseTo(1 / (cost.perBlock / 1000 + cost.perRow), 3);
    expect(wall(cost, 2500, 1000)).toBeCloseTo(wall(cost, 0, 1000) / 2, 3);
    expect(wall(cost, 10_000, 1000)).toBe(0);
  });
});
