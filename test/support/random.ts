// Numbers from a seed (mulberry32), so that what a random test finds can be found again, and how many of them to try.

/** Whole numbers from 0 up to, and without, what each call names: the same sequence for the same seed. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

/** How many rounds a random test takes: all of them, and a tenth in `npm run check`, which comes before every commit. */
export function rounds(all: number): number {
  return process.env['QUICK'] ? Math.ceil(all / 10) : all;
}
