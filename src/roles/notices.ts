// Notices go into the stream of events, where people, alerts and programs find them; they are told in the log, too.
import { noticeEvent, type Notice } from '../model/notice.ts';
import { makeAppend } from '../tracking/append.ts';
import type { Base } from './base.ts';

/** Tells what happened to the installation. Never rejects: with Redis away the log alone has it. */
export type Tell = (notice: Notice) => Promise<void>;

export function makeTell({ asking, keys, log }: Pick<Base, 'asking' | 'keys' | 'log'>): Tell {
  const append = makeAppend(asking, keys.events);
  return async (notice) => {
    const { type, at: _, reason, ...facts } = notice;
    log[notice.over === true ? 'info' : 'warn']({ notice: type, ...facts }, reason);
    await append([noticeEvent(notice)]).catch((error: unknown) => {
      log.debug({ error: String(error) }, 'a notice could not be written down');
    });
  };
}
