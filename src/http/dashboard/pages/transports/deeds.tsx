// What can be done about a transport: pause and resume, drain and undrain, quarantine and release.
import { useState } from 'preact/hooks';
import { post } from '../../lib/api.ts';
import { t } from '../../lib/i18n.ts';
import { Button } from '../../parts/basic.tsx';
import { Fields, FormDialog, told, useForm } from '../../parts/forms.tsx';
import type { IconName } from '../../parts/icons.tsx';
import { pathOf } from '../users/data.ts';
import type { Transport } from './data.ts';

type Verb = 'pause' | 'resume' | 'drain' | 'undrain';
type Props = Readonly<{ transport: Transport; again(): void }>;

const icons: Readonly<Record<Verb, IconName>> = {
  pause: 'pause',
  resume: 'play',
  drain: 'drain',
  undrain: 'play',
};
const opposite: Readonly<Record<Verb, Verb>> = {
  pause: 'resume',
  resume: 'pause',
  drain: 'undrain',
  undrain: 'drain',
};

export function TransportDeeds({ transport, again }: Props) {
  const { name, paused, draining, state, kind } = transport;
  const [asks, setAsks] = useState(false);
  const path = pathOf('transports', name);
  const act = async (verb: Verb): Promise<void> => {
    await told(
      post(`${path}/${verb}`),
      t(`transports.done.${verb}`, { name }),
      () => void act(opposite[verb]),
    );
    again();
  };
  const verbs: readonly Verb[] = [paused ? 'resume' : 'pause', draining ? 'undrain' : 'drain'];
  const isOut = state === 'quarantined';
  return (
    <>
      {verbs.map((verb) => (
        <Button
          key={verb}
          icon={icons[verb]}
          onClick={() => void act(verb)}
          title={t(`transports.about.${verb}`)}
        >
          {t(`transports.do.${verb}`)}
        </Button>
      ))}
      {kind === 'smtp' && (
        <Button
          icon={isOut ? 'check' : 'shield'}
          kind={isOut ? 'primary' : 'danger'}
          onClick={() => setAsks(true)}
        >
          {isOut ? t('transports.do.release') : t('transports.do.quarantine')}
        </Button>
      )}
      {asks && (
        <Why
          name={name}
          verb={isOut ? 'release' : 'quarantine'}
          onClose={() => setAsks(false)}
          again={again}
        />
      )}
    </>
  );
}

type WhyProps = Readonly<{
  name: string;
  verb: 'quarantine' | 'release';
  onClose(): void;
  again(): void;
}>;

/** Asks once, and why: others read it later. */
function Why({ name, verb, onClose, again }: WhyProps) {
  const form = useForm({ reason: '' });
  const reason = form.values.reason.trim();
  return (
    <FormDialog
      title={t(`transports.ask.${verb}`, { name })}
      action={t(`transports.do.${verb}`)}
      open
      onClose={onClose}
      send={() => post(`${pathOf('transports', name)}/${verb}`, reason === '' ? {} : { reason })}
      onDone={again}
    >
      {(problem) => (
        <>
          <p>{t(`transports.about.${verb}`)}</p>
          <Fields
            form={form}
            problem={problem}
            of={[{ name: 'reason', label: t('transports.reason'), hint: t('transports.reasonHint') }]}
          />
        </>
      )}
    </FormDialog>
  );
}
