// The record of an attempt's conversation: each command, its reply and the milliseconds between, in at most 4 KiB. Pure.
import type { RemoteReply } from '../model/outcome.ts';

const MAX_CHARS = 4000; // leaves room for characters of several bytes and the gap's line
const MAX_STEP_CHARS = 600;
const MAX_STEPS = 64;

/** Steps of one attempt, in order. A class, since it grows while the attempt runs. AUTH and data must never be handed in. */
export class Conversation {
  readonly #steps: string[] = [];
  #skipped = 0;

  /** A command with what came back and after how long. */
  heard(command: string, reply: RemoteReply, ms: number): void {
    this.#add(`${command} → ${sayReply(reply)} (${Math.round(ms)} ms)`);
  }

  /** Something that is no command, in words. */
  note(text: string): void {
    this.#add(text);
  }

  text(): string {
    let steps = this.#steps;
    let skipped = this.#skipped;
    while (byteLength(steps) > MAX_CHARS) {
      steps = steps.toSpliced(Math.floor(steps.length / 2), 1); // beginning and end tell the most
      skipped++;
    }
    if (skipped === 0) return steps.join('\n');
    const half = Math.floor(steps.length / 2);
    return [...steps.slice(0, half), `… (${skipped} steps left out)`, ...steps.slice(half)].join('\n');
  }

  #add(step: string): void {
    if (this.#steps.length >= MAX_STEPS) {
      this.#steps.splice(MAX_STEPS / 2, 1);
      this.#skipped++;
    }
    this.#steps.push(step.length > MAX_STEP_CHARS ? `${step.slice(0, MAX_STEP_CHARS)}…` : step);
  }
}

/** A reply on one line, such as "250 2.1.5 Ok". */
export function sayReply(reply: RemoteReply): string {
  return reply.status === undefined
    ? `${reply.code} ${reply.text}`
    : `${reply.code} ${reply.status} ${reply.text}`;
}

function byteLength(steps: readonly string[]): number {
  return steps.reduce((sum, step) => sum + Buffer.byteLength(step) + 1, 0);
}
