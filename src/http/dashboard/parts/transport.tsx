// How a transport's state looks: icon, word and colour.
import { word } from '../lib/i18n.ts';
import { Status, type Tone } from './basic.tsx';
import type { IconName } from './icons.tsx';

type Look = Readonly<{ tone: Tone; icon: IconName }>;

const looks: Readonly<Record<string, Look>> = {
  running: { tone: 'ok', icon: 'check-circle' },
  warming: { tone: 'wait', icon: 'bolt' },
  healthy: { tone: 'ok', icon: 'check-circle' },
  degraded: { tone: 'warn', icon: 'warning' },
  quarantined: { tone: 'bad', icon: 'cross-circle' },
  paused: { tone: 'still', icon: 'pause' },
  draining: { tone: 'still', icon: 'drain' },
  sandbox: { tone: 'wait', icon: 'sandbox' },
};

/** `kind` "sandbox": it sends nothing, whatever its state is. */
export function TransportState({ state, kind }: Readonly<{ state: string; kind?: string }>) {
  const shown = kind === 'sandbox' && state !== 'paused' && state !== 'draining' ? 'sandbox' : state;
  return (
    <Status {...(looks[shown] ?? { tone: 'still', icon: 'info' })}>{word('transportState', shown)}</Status>
  );
}
