/** What to do after `invalid_partition`. Messages of the API and of workers say it, and so does the list of errors. */

const OTHER = 'another `partition_by` or with `compact` alone';

/** For a job whose results are all in parts. */
export const RESUME_INSTEAD = `Submit the job again with \`if_output_exists: "resume"\` (\`--resume\`), and with ${OTHER}.`;

/** For a retry, which a resume would end in the same way, because the files of the jobs before it still count. */
export const DELTA_INSTEAD = `Submit a delta job into another output, with this output as \`previous\`, and with ${OTHER}.`;
