// How long a question takes: for benches of what is asked again and again.

const ROUNDS = 5;

/** First answer, then the middle one of some; beside the time the processor's, which tells the same on a busy machine. */
export async function time(name, ask, size) {
  const took = [];
  const cpu = [];
  let answer;
  for (let i = 0; i < ROUNDS; i++) {
    const began = performance.now();
    const before = process.cpuUsage();
    answer = await ask();
    took.push(performance.now() - began);
    const { user, system } = process.cpuUsage(before);
    cpu.push((user + system) / 1000);
  }
  const show = ([first, ...rest]) => {
    const middle = [first, ...rest].toSorted((x, y) => x - y)[Math.floor(ROUNDS / 2)];
    return `first ${first.toFixed(0).padStart(5)} ms   then ${middle.toFixed(0).padStart(5)} ms`;
  };
  console.log(`${name.padEnd(48)} ${show(took)}   processor: ${show(cpu)}   ${size(answer)} rows`);
}
