// What can be done with batch files: seeing how far the jobs are, and writing an export now.
import type { BatchConfig } from '../batch/config.ts';
import type { Batch, JobState } from '../batch/run.ts';
import type { EpochMs } from '../lib/clock.ts';
import { did, noSuch, refused, type Did } from './did.ts';
import { reasonOf } from '../lib/reason.ts';

export type BatchVerbs = Readonly<{
  batch: Pick<Batch, 'states' | 'exportNow'>;
  config: Readonly<{ batch: BatchConfig }>;
}>;

/** A job of the configuration, and what it did last. */
export type ShownJob = Readonly<{ name: string; does: string; place: string }> & JobState;

/** All jobs, exports first. */
export async function listJobs({ batch, config }: BatchVerbs): Promise<readonly ShownJob[]> {
  const states = await batch.states();
  const { exports, imports } = config.batch;
  const does = [
    ...exports.map(({ name, what, place }) => ({ name, does: `export ${what}`, place })),
    ...imports.map(({ name, what, place }) => ({ name, does: `import ${what}`, place })),
  ];
  return does.map((job) => ({ ...job, ...states.get(job.name) }));
}

/** Writes the file of the hour or day that `at` is in; what is due stays due. Rejects with what went wrong. */
export async function exportNow(
  { batch, config }: BatchVerbs,
  name: string,
  at: EpochMs,
): Promise<Did<Readonly<{ file: string; place: string; rows: number }>>> {
  const job = config.batch.exports.find((one) => one.name === name);
  if (!job) return noSuch('export', name, 'batch list');
  try {
    return did({ place: job.place, ...(await batch.exportNow(job, at)) });
  } catch (error) {
    return refused('wrong', `The export ${name} failed: ${reasonOf(error)}.`);
  }
}
