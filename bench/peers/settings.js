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
