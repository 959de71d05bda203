// Wiring of the recipient store: it learns from the events of customers' mail, not from our own.
import { makeRecordSink } from '../events/sinks/record.ts';
import type { Sink } from '../events/sinks/index.ts';
import { SYSTEM } from './system.ts';
import type { Base } from './base.ts';

/** The sink that fills the recipient store. */
export function recipientsSink({ recipients }: Base): Sink {
  return makeRecordSink('recipients', (events) =>
    recipients.record(events.filter(({ account }) => account !== SYSTEM)),
  );
}
