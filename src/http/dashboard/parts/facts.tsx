// The card with the facts of a thing: with what changes it and what deletes it, for those who may.
import type { ComponentChildren } from 'preact';
import { useLocation } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { remove } from '../lib/api.ts';
import { t } from '../lib/i18n.ts';
import { Button, Card } from './basic.tsx';
import { Confirm } from './dialog.tsx';
import { told } from './forms.tsx';

type Props = Readonly<{
  title: string;
  note?: string;
  /** False: it is only looked at. */
  mayChange: boolean;
  /** The form that changes it. */
  edit(onClose: () => void): ComponentChildren;
  /** How it is deleted: what is asked, where it is in the API, what is said then, and the page to go to. */
  drop: Readonly<{ title: string; text: string; path: string; done: string; next: string }>;
  children: ComponentChildren;
}>;

export function FactsCard({ title, note, mayChange, edit, drop, children }: Props) {
  const { route } = useLocation();
  const [asks, setAsks] = useState<'edit' | 'remove' | undefined>(undefined);
  const close = (): void => setAsks(undefined);
  const onConfirm = async (): Promise<void> => {
    if ((await told(remove(drop.path), drop.done)) !== undefined) route(drop.next);
  };
  const actions = mayChange && (
    <>
      <Button size="small" icon="edit" onClick={() => setAsks('edit')}>
        {t('common.change')}
      </Button>
      <Button size="small" icon="trash" kind="danger" onClick={() => setAsks('remove')}>
        {t('common.delete')}
      </Button>
    </>
  );
  return (
    <Card title={title} {...(note === undefined ? {} : { note })} actions={actions}>
      {children}
      {asks === 'edit' && edit(close)}
      <Confirm
        open={asks === 'remove'}
        onClose={close}
        title={drop.title}
        text={drop.text}
        action={t('common.delete')}
        onConfirm={onConfirm}
      />
    </Card>
  );
}
