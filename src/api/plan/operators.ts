/**
 * The operators of a plan. The logical plan describes what happens to a row. The physical plan describes which process
 * does it and what is fused. Pure.
 */
import { openersOf } from './row-openers.ts';
import type { DecodeMode } from '../../shared/domain/model/decode-mode.ts';
import { activationOf, type ModelConfig } from '../../shared/domain/model/model-config.ts';
import type { PlanWire } from '../http/wire/plan.ts';
import type { PlanFacts } from './facts.ts';

export function logicalPlan({ config, model, dataset, options }: PlanFacts): PlanWire['logical'] {
  return [
    { operator: 'read', does: READS[dataset.type] },
    { operator: 'decode', does: decoding(config, options.decode) },
    { operator: 'resample', does: config ? resampling(config) : "to the model's input size" },
    { operator: 'normalise', does: config ? normalising(config) : 'pixels to the input tensor' },
    { operator: 'infer', does: `${model.name}, ONNX` },
    {
      operator: 'postprocess',
      does: answering(config, options.top_k),
    },
    { operator: 'write', does: 'one part per block, as JSON lines, published and committed once' },
  ];
}

const READS = {
  files: 'files below a folder, in the order of their paths',
  manifest: 'paths and URLs of a manifest, in its order',
  urls: 'URLs of the request, in their order',
  inline: 'rows of the request, in their order',
  failed: 'rows that failed in an output, in their order',
} as const;

/** `asked`: the job's choice, which overrides the config's. Null: none. */
function decoding(config: ModelConfig | null, asked: DecodeMode | null): string {
  const mode = asked ?? config?.preprocess.decode ?? null;
  const { auto_orient, icc } = config?.preprocess ?? { auto_orient: false, icc: 'ignore' };
  // Only libvips handles colour profiles and orientation. If either is wanted, it decodes everything.
  const byLibvips = auto_orient || icc === 'convert';
  return [
    'image bytes to pixels',
    ...(mode === null ? [] : [byLibvips ? (auto_orient ? LIBVIPS : LIBVIPS_MODES[mode]) : JPEG_MODES[mode]]),
    ...(auto_orient ? ['rotated by their EXIF orientation'] : []),
    ...(icc === 'convert' ? ['converted to sRGB'] : []),
  ].join(', ');
}

const JPEG_MODES: Readonly<Record<DecodeMode, string>> = {
  exact: 'JPEG exactly as in Pillow',
  fast: 'JPEG the fast way (a few values differ slightly)',
  shrink: 'JPEG exactly as in Pillow, large ones shrunk while they are decoded',
};
const LIBVIPS = 'JPEG by libvips';
const LIBVIPS_MODES: Readonly<Record<DecodeMode, string>> = {
  exact: LIBVIPS,
  fast: LIBVIPS,
  shrink: `${LIBVIPS}, large ones shrunk while they are decoded`,
};

function answering(config: ModelConfig | null, topK: number): string {
  const activation = config === null ? 'none' : activationOf(config);
  const scores = activation === 'none' ? '' : `${activation}, `;
  const labels = config === null ? '' : config.labels === undefined ? ', without labels' : ' with labels';
  return `${scores}top ${topK}${labels}`;
}

function resampling({ preprocess: { resize, crop, interpolation } }: ModelConfig): string {
  const cut = `centre ${crop} x ${crop}`;
  return resize === undefined ? `${cut}, not resized` : `shorter side to ${resize}, ${interpolation}, ${cut}`;
}

function normalising({ preprocess: { color_order, rescale, mean, std } }: ModelConfig): string {
  const rounded = (n: number) => String(Number(n.toPrecision(4)));
  const list = (values: readonly number[]) => values.map(rounded).join(' ');
  return `(pixel x ${rounded(rescale)} - ${list(mean)}) / ${list(std)}, ${color_order.toUpperCase()}`;
}

export function physicalPlan(facts: PlanFacts): PlanWire['physical'] {
  const { opened, fetched } = openersOf(facts);
  const workers = facts.workers.length === 0 ? null : facts.workers.length;
  const lanes = workers === null ? null : facts.workers.reduce((sum, { served }) => sum + served.lanes, 0);
  const inLane = ['decode', 'resample', 'normalise', 'infer', 'postprocess'];
  const read = fetched === null ? [] : [fetched.operator];
  return {
    stages: [
      {
        where: 'api',
        processes: 1,
        operators: ['enumerate', 'split into blocks'],
        fused: true,
        why: 'one cursor per job moves only when blocks find room, so rows are never all in memory',
      },
      {
        where: 'worker',
        processes: workers,
        operators: [...read, 'batch'],
        fused: false,
        why: 'a batch takes rows of any block, so it is filled before a lane is chosen',
      },
      {
        where: 'lane',
        processes: lanes,
        operators: [...(opened ? ['read'] : []), ...inLane],
        fused: true,
        why:
          `same pool ("${facts.model.pool}"), same compute (${compute(facts.config)}), same batch: ` +
          `${opened ? 'a path' : 'compressed bytes'} in, answers out, no tensor between processes`,
      },
      {
        where: 'worker',
        processes: workers,
        operators: ['write', 'commit'],
        fused: true,
        why: 'a part is published and counted together, once',
      },
    ],
    not_fused: [
      {
        operator: 'enumerate',
        with: 'read',
        why: 'blocks go to any worker through the queue, and reading waits while the queue is full',
      },
      ...(fetched === null ? [] : [{ operator: fetched.operator, with: 'decode', why: fetched.why }]),
      {
        operator: 'write',
        with: 'postprocess',
        why: 'it needs the whole block, whose rows came from several batches and lanes',
      },
    ],
  };
}

function compute(config: ModelConfig | null): string {
  const providers = config?.execution_providers ?? ['cpu'];
  return providers[0] === 'cpu' ? 'CPU' : `${providers[0]}, while the CPU of the same lane decodes`;
}
