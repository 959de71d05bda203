// What the world's tests measure and say: latencies, and one line per figure.
export const percentile = (list: readonly number[], share: number): number => {
  const sorted = list.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};

/** Prints a figure where the reporter does not swallow it. */
export function print(line: string): void {
  process.stdout.write(`  world: ${line}\n`);
}

/** Waits until `done` says so, at most `ms` of real time; resolves to whether it did. */
export async function until(done: () => boolean | Promise<boolean>, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  for (;;) {
    if (await done()) return true;
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
