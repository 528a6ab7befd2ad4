/** Settings of the folders: where files are kept, and what jobs may read and write. */
import { choice, folders, megabytes, text } from '../setting.ts';

export const FOLDERS = {
  dataDir: text({
    env: 'FOREBAY_DATA_DIR',
    fallback: '.forebay',
    flag: { usage: '--data <dir>', what: 'folder for results and state' },
    what: 'Folder for results, spooled inputs, the result cache and the private Redis',
    trade: 'It must survive restarts, and have room for all results that jobs do not write elsewhere.',
  }),
  cacheDir: text({
    env: 'FOREBAY_CACHE_DIR',
    what: 'Folder for data that can be regenerated: optimised graphs, profiles, decompressed inputs, models from S3 and Azure, an unpacked Redis',
    trade: 'A folder that survives restarts makes starts faster. You may delete it at any time.',
    unset: "forebay/ in the user's cache folder",
  }),
  fileCacheBytes: megabytes({
    env: 'FOREBAY_FILE_CACHE_MB',
    fallback: 20_480,
    what: 'Size of the cache of decompressed input files, which is in the cache folder',
    trade:
      'Each decompressed file must fit. A larger cache decompresses less often if jobs read many compressed files. Files that were not used for longest are deleted first.',
  }),
  resultCache: text({
    env: 'FOREBAY_RESULT_CACHE',
    what: 'Folder or prefix (`s3://bucket/prefix/`, `az://container/prefix/`) of the result cache, for jobs with `cache` "on"',
    trade:
      'All workers that use the same place share their results. It must not be below a root of inputs or outputs. You may delete it at any time.',
    unset: 'result-cache/ in the data folder',
  }),
  resultCacheBytes: megabytes({
    env: 'FOREBAY_RESULT_CACHE_MB',
    fallback: 4096,
    what: 'Size of the result cache',
    trade:
      'A larger cache keeps results for longer. In a folder, each row takes at least 4 kB. Results that were not used for longest are deleted first.',
  }),
  modelCacheBytes: megabytes({
    env: 'FOREBAY_MODEL_CACHE_MB',
    fallback: 20_480,
    what: 'Size of the copies of model folders from S3 and Azure, which are in the cache folder',
    trade:
      'All models in use on this machine must fit. While a model changes, its new version must fit, too. Copies that nothing used for longest are deleted first.',
  }),
  modelsDirs: folders({
    env: 'FOREBAY_MODELS_DIR',
    flag: {
      usage: '--models <dir>',
      what: 'folder, or s3:// or az:// prefix of model folders, or one model folder; repeatable',
    },
    what: 'Folders or prefixes (`s3://bucket/prefix/`, `az://container/prefix/`) of model folders, or single model folders; separated by ":"',
    trade: 'Every model in them is served, and takes memory in each worker.',
    unset: 'models',
  }),
  inputRoots: folders({
    env: 'FOREBAY_INPUT_ROOTS',
    flag: {
      usage: '--input-root <dir>',
      what: 'folder, or s3:// or az:// prefix that jobs may read; repeatable',
    },
    what: 'Folders and prefixes (`s3://bucket/prefix/`, `az://container/prefix/`) that jobs may read; separated by ":"',
    trade:
      'Wider roots are more convenient and less safe: whoever submits jobs can read everything below them.',
    unset: 'the working folder',
  }),
  storesFile: text({
    env: 'FOREBAY_STORES',
    what: 'JSON file with endpoints and sources of credentials for buckets of S3 and containers of Azure',
    trade: 'Needed only for several endpoints or several credentials (see stores.md). It holds no secrets.',
    unset:
      'AWS, or AWS_ENDPOINT_URL, and the storage account of AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCOUNT, with the usual sources of credentials',
  }),
  followLinks: choice({
    env: 'FOREBAY_FOLLOW_LINKS',
    choices: ['on', 'off'],
    fallback: 'off',
    what: 'Whether links in input folders may lead out of the input roots',
    trade:
      'Convenient for folders of links. Safe only if everybody who can create links there may read all that the service can read.',
  }),
  outputRoots: folders({
    env: 'FOREBAY_OUTPUT_ROOTS',
    flag: {
      usage: '--output-root <dir>',
      what: 'folder, or s3:// or az:// prefix that jobs may write to; repeatable',
    },
    what: 'Folders and prefixes (`s3://bucket/prefix/`, `az://container/prefix/`) that jobs may write to; separated by ":"',
    trade:
      'Wider roots are more convenient and less safe: a job with "overwrite" replaces earlier results. If no root is a folder, a job that names no output writes below the first one.',
    unset: 'results in the data folder',
  }),
};
