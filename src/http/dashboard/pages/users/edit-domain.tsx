// The form that changes a domain: hosts for links and bounces, the brand of the unsubscribe page, its pool.
import { patch, type Answer, type Problem } from '../../lib/api.ts';
import { t } from '../../lib/i18n.ts';
import { tell } from '../../lib/toasts.ts';
import { Fields, FormDialog, useForm, type FieldSpec } from '../../parts/forms.tsx';
import { poolField, usePools } from './add.tsx';
import { pathOf, type ShownDomain } from './data.ts';

type Props = Readonly<{ domain: ShownDomain; onClose(): void; onDone(): void }>;

const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim());

export function EditDomain({ domain, onClose, onDone }: Props) {
  const pools = usePools();
  const form = useForm({
    links: domain.trackingHost ?? '',
    bounces: domain.returnPath ?? '',
    brand: domain.brand?.name ?? '',
    logo: domain.brand?.logo ?? '',
    pool: domain.pool ?? '',
  });
  const { links, bounces, brand, logo, pool } = form.values;
  const send = (): Promise<Answer<ShownDomain>> =>
    patch<ShownDomain>(pathOf('domains', domain.name), {
      trackingHost: orNull(links),
      returnPath: orNull(bounces),
      brand: brand + logo === '' ? null : { ...(brand && { name: brand }), ...(logo && { logo }) },
      pool: orNull(pool),
    });
  const done = (): void => {
    tell(t('common.saved'));
    onDone();
  };
  const title = t('users.change', { name: domain.name });
  return (
    <FormDialog title={title} action={t('common.save')} open onClose={onClose} send={send} onDone={done}>
      {(problem: Problem | undefined) => (
        <>
          <Fields form={form} problem={problem} of={fields(domain.name)} />
          {pools.length > 0 && (
            <Fields form={form} problem={problem} of={[poolField(pools, t('domain.poolOfUser'))]} />
          )}
        </>
      )}
    </FormDialog>
  );
}

const fields = (domain: string): readonly FieldSpec<'links' | 'bounces' | 'brand' | 'logo' | 'pool'>[] => [
  {
    name: 'links',
    at: 'trackingHost',
    label: t('domains.links'),
    hint: t('domain.linksHint'),
    placeholder: `click.${domain}`,
  },
  {
    name: 'bounces',
    at: 'returnPath',
    label: t('domains.bounces'),
    hint: t('domain.bouncesHint'),
    placeholder: `bounce.${domain}`,
  },
  { name: 'brand', at: 'brand.name', label: t('domain.brand'), hint: t('domain.brandHint') },
  { name: 'logo', at: 'brand.logo', label: t('domain.logo'), kind: 'url', placeholder: 'https://' },
];
