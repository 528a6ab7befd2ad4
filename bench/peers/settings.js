/** The settings of the peers. README.md lists the others that were tried. `cores`: processor cores to use. */

export const PEERS = {
  ray: {
    label: 'Ray Data',
    program: 'ray_data.py',
    args: {
      small: (cores) => ['--plan', 'paths', '--actors', String(cores), '--batch', '16'],
      big: (cores) => ['--plan', 'paths', '--actors', String(cores), '--batch', '4'],
    },
  },
  daft: {
    label: 'Daft',
    program: 'daft_job.py',
    args: {
      small: (cores) => ['--plan', 'paths', '--instances', String(cores), '--batch', '16'],
      big: (cores) => ['--plan', 'paths', '--instances', String(cores), '--batch', '8'],
    },
  },
};

/**
 * Photos in Parquet files, with the settings that are best for photos in files. By default, Ray reads all of them as one
 * block, and only one actor works.
 */
export const TABLE_PEERS = {
  ray: {
    label: 'Ray Data',
    program: 'ray_data.py',
    args: (cores) => ['--plan', 'table', '--blocks', '16', '--actors', String(cores), '--batch', '16'],
  },
  daft: {
    label: 'Daft',
    program: 'daft_job.py',
    args: (cores) => ['--plan', 'table', '--instances', String(cores), '--batch', '16'],
  },
};

/**
 * The peers of `settings` for this many cores.
 * @template {{ args: (cores: number) => string[] }} P
 * @param {Record<string, P>} settings
 * @param {number} cores
 */
export function peersFor(settings, cores) {
  return Object.fromEntries(
    Object.entries(settings).map(([key, peer]) => [key, { ...peer, args: peer.args(cores) }]),
  );
}

/** Ray Data's actors and Daft's instances sort 128 texts at a time. The Python loops sort all texts. */
export const TEXT_PEERS = {
  loop: {
    label: 'Python loop, one session',
    program: 'plain_text.py',
    args: (cores) => ['--processes', '1', '--threads', String(cores)],
  },
  processes: {
    label: 'Python loop, one process per core',
    program: 'plain_text.py',
    args: (cores) => ['--processes', String(cores), '--threads', '1'],
  },
  ray: {
    label: 'Ray Data',
    program: 'ray_text.py',
    args: (cores) => ['--actors', String(cores), '--batch', '128'],
  },
  daft: {
    label: 'Daft',
    program: 'daft_text.py',
    args: (cores) => ['--instances', String(cores), '--batch', '128'],
  },
};
