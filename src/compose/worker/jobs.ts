// Jobs of the rendering threads: what is asked, what comes back, and how much of each. Pure.
import type { MessagePort } from 'node:worker_threads';
import type { EpochMs } from '../../lib/clock.ts';

export const parts = ['subject', 'html', 'text'] as const;
export type Part = (typeof parts)[number];

/** What a part is called in sentences. */
export const partNames: Readonly<Record<Part, string>> = {
  subject: 'The subject of the template',
  html: 'The HTML of the template',
  text: 'The text of the template',
};

/** Parts of a message; one that is absent was not asked for. */
export type Parts = Readonly<{ [part in Part]?: string | undefined }>;

/** A template to fill in: its parts, and the values for one recipient. */
export type LiquidJob = Parts &
  Readonly<{
    /** Names the template for the cache, as "account/name/version"; what stands before the first "/" takes turns with others. */
    key: string;
    /** What "now" means in the template: when the message was accepted, so that each attempt gives the same bytes. */
    now: EpochMs;
    /** Values by name, such as JSON has. */
    scope: Readonly<Record<string, unknown>>;
    /** Names of values that are HTML already and are not escaped in HTML. */
    markup?: readonly string[];
  }>;

/**
 * Why there is no result: `wrong`, and it will be next time; `slow`, which a busy machine may be the reason of; `busy`, nothing
 * was tried. `problem` is one sentence for people.
 */
export type Refusal = Readonly<{ ok: false; kind: 'wrong' | 'slow' | 'busy'; problem: string }>;

/** A result, or a sentence why there is none. */
export type Made<T> = Readonly<{ ok: true; output: T }> | Refusal;

/** A refusal; `problem` is one sentence for people. */
export const refuse = (kind: Refusal['kind'], problem: string): Refusal => ({ ok: false, kind, problem });

/** Characters that a part of a template, or an HTML body whose CSS is inlined, may have. */
export const MAX_SOURCE = 512 * 1024;
/** Characters that all values of one message may have, as JSON. */
export const MAX_SCOPE = 1024 * 1024;
/** Characters that may come out: of one part, of one body. */
export const MAX_OUTPUT = 2 * 1024 * 1024;
/** Characters of a subject: what a line may have (RFC 5322 §2.1.1). */
export const MAX_SUBJECT = 998;
/** Milliseconds for filling in all parts together; the thread that needs more is ended, a little later. */
export const RENDER_MS = 120;
/** Characters and list items that the filters and captures of one part may make, each counted once. */
export const MAX_ALLOCATED = 1024 * 1024;
/** Characters of a text that is made from a list. */
export const MAX_JOINED = 4 * 1024 * 1024;

/** What a thread is told when it starts. */
export type Start = Readonly<{
  engine: 'liquid' | 'css';
  /** Jobs come in here, and answers go out. */
  port: MessagePort;
  /** Where it writes how far it is, for those who end it. */
  step: Int32Array<SharedArrayBuffer>;
}>;

/** The values as JSON: cheaper to hand over than objects, and nothing but data. */
export type LiquidTask = Parts &
  Readonly<{ key: string; now: EpochMs; scope: string; markup?: readonly string[] }>;

export type CssTask = Readonly<{ html: string }>;
