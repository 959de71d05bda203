// What deliver asks of a warm-up: may one more message leave today? Pure.
import type { EpochMs } from '../../lib/clock.ts';
import type { Transport } from '../../model/settings.ts';

/** free: there is no limit · taken: it is counted for the day that ends at `until` · full: not before `until`. */
export type Permit =
  | Readonly<{ kind: 'free' }>
  | Readonly<{ kind: 'taken'; until: EpochMs; giveBack(): Promise<void> }>
  | Readonly<{ kind: 'full'; until: EpochMs }>;

/**
 * `provider` is undefined where no rule knows the mail hosts; `acceptedAt` is when the message was accepted: what was held
 * yesterday goes before what is new.
 */
export type WarmupRoom = Readonly<{
  /** When there is room again, as far as is known without asking: it costs no connection to find out then. */
  fullUntil(transport: Transport, provider: string | undefined, acceptedAt?: EpochMs): EpochMs | undefined;
  /** Counts one message, right before MAIL. Never rejects: where it cannot be counted, nothing may leave for a moment. */
  take(transport: Transport, provider: string | undefined, acceptedAt?: EpochMs): Promise<Permit>;
}>;

/** The room as a message finds it that was accepted at this time. */
export const roomFor = (room: WarmupRoom, acceptedAt: EpochMs): WarmupRoom => ({
  fullUntil: (transport, provider) => room.fullUntil(transport, provider, acceptedAt),
  take: (transport, provider) => room.take(transport, provider, acceptedAt),
});

/** Every transport is warm. */
export const noWarmup: WarmupRoom = {
  fullUntil: () => undefined,
  take: () => Promise.resolve({ kind: 'free' }),
};
