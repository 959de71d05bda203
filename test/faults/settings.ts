// What a run of the fault tests can be told, by environment variables: seed, rounds, load, which subset.

const { env } = process;
const quick = env['FAULTS'] === 'quick';

export const settings = {
  /** FAULTS_SEED: the same seed gives the same messages and the same moments. */
  seed: Number(env['FAULTS_SEED'] ?? Math.floor(Date.now() / 1000) % 1_000_000),
  /** FAULTS=quick: a subset with few rounds, about four minutes. */
  quick,
  /** FAULTS_ROUNDS: kills in each scenario. */
  rounds: Number(env['FAULTS_ROUNDS'] ?? (quick ? 2 : 20)),
  /** FAULTS_RATE: messages a second. */
  rate: Number(env['FAULTS_RATE'] ?? (quick ? 50 : 120)),
  /** Links that visitors follow a second. */
  visits: quick ? 60 : 100,
  sessions: 12,
  /** FAULTS_KEEP=1: leave the folders of all scenarios, not only of those that failed. */
  keep: env['FAULTS_KEEP'] === '1',
} as const;
