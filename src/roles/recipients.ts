// Wiring of the recipient store: it learns from the events of customers' mail, not from our own.
import { makeRecipientsSink } from '../events/sinks/recipients.ts';
import type { Sink } from '../events/sinks/index.ts';
import { SYSTEM } from './system.ts';
import type { Base } from './base.ts';

/** The sink that fills the recipient store. */
export function recipientsSink({ recipients }: Base): Sink {
  return makeRecipientsSink((events) =>
    recipients.record(events.filter(({ account }) => account !== SYSTEM)),
  );
}
