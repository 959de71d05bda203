// Logarithmic histograms of durations: counted in buckets that grow by 10 %, packed into bytes, read as quantiles. Pure.

/** How often a duration fell into each bucket, by the bucket's number. */
export type Times = Map<number, number>;

/** A bucket ends 10 % above where it begins: a quantile is that exact. */
const GROWTH = Math.log(1.1);
/** Durations above about 25 days count as that. */
const LAST = 228;

/** The bucket of a duration in milliseconds. */
export function bucketOf(ms: number): number {
  return ms < 1 ? 0 : Math.min(LAST, 1 + Math.floor(Math.log(ms) / GROWTH));
}

export function addTimes(to: Times, from: Times): void {
  for (const [bucket, count] of from) to.set(bucket, (to.get(bucket) ?? 0) + count);
}

/** The duration in milliseconds that a share of all, such as 0.95, did not exceed; undefined where there are none. */
export function quantile(times: Times, share: number): number | undefined {
  const total = [...times.values()].reduce((sum, count) => sum + count, 0);
  if (total <= 0) return undefined;
  let left = total * share;
  const buckets = [...times].sort(([a], [b]) => a - b);
  for (const [bucket, count] of buckets) {
    left -= count;
    if (left <= 0) return middleOf(bucket);
  }
  return middleOf(buckets.at(-1)?.[0] ?? 0);
}

function middleOf(bucket: number): number {
  return bucket === 0 ? 0 : Math.round(Math.exp((bucket - 0.5) * GROWTH));
}

/** Pairs of bucket and count as variable-length numbers, buckets rising. */
export function packTimes(times: Times): Uint8Array {
  const bytes: number[] = [];
  for (const [bucket, count] of [...times].sort(([a], [b]) => a - b)) {
    bytes.push(bucket);
    let rest = count;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
    bytes.push(rest);
  }
  return Uint8Array.from(bytes);
}

/** Also of several packed ones, one after the other. */
export function readTimes(bytes: Uint8Array): Times {
  const times: Times = new Map();
  eachTime(bytes, (bucket, count) => times.set(bucket, (times.get(bucket) ?? 0) + count));
  return times;
}

/** Sums by bucket, to add packed ones to many times over. */
export function newTimeSums(): Float64Array {
  return new Float64Array(LAST + 1);
}

export function addPacked(sums: Float64Array, bytes: Uint8Array): void {
  eachTime(bytes, (bucket, count) => {
    sums[bucket] = (sums[bucket] ?? 0) + count;
  });
}

/** undefined where there are none. */
export function packSums(sums: Float64Array): Uint8Array | undefined {
  const some = [...sums.entries()].filter(([, count]) => count !== 0);
  return some.length === 0 ? undefined : packTimes(new Map(some));
}

function eachTime(bytes: Uint8Array, each: (bucket: number, count: number) => void): void {
  for (let at = 0; at < bytes.length;) {
    const bucket = bytes[at++] ?? 0;
    let [count, unit] = [0, 1];
    for (let more = true; more && at < bytes.length; unit *= 0x80) {
      const byte = bytes[at++] ?? 0;
      count += (byte & 0x7f) * unit;
      more = byte >= 0x80;
    }
    each(bucket, count);
  }
}

/** Two packed histograms as one. */
export function mergeTimes(a: Uint8Array, b: Uint8Array): Uint8Array {
  const times = readTimes(a);
  addTimes(times, readTimes(b));
  return packTimes(times);
}
