/**
 * The model servers and their settings. `environment`: see ../setup.sh. `takes`: the form of a request. It is a plain
 * file if the server can take one.
 */

export const SERVERS = {
  litserve: {
    label: 'LitServe',
    environment: 'servers',
    program: 'litserve_server.py',
    path: '/predict',
    takes: 'json',
    batch: 4,
    waitMs: 1,
  },
  mlserver: {
    label: 'MLServer',
    environment: 'mlserver',
    program: 'mlserver_server.py',
    path: '/v2/models/photos/infer',
    takes: 'oip',
    batch: 4,
    waitMs: 1,
  },
  ray: {
    label: 'Ray Serve',
    environment: 'servers',
    program: 'ray_server.py',
    path: '/',
    takes: 'file',
    batch: 4,
    waitMs: 1,
  },
};
