// How long work took the processor: a limit on that does not depend on what else runs on the machine.

/** Begins to count; each call of the result says what this process has worked since then, milliseconds. */
export function cpuClock(): () => number {
  const began = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1000;
  };
}
