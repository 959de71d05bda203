// Panels of a caught message: where its links lead, and its source.
import { useEffect, useState } from 'preact/hooks';
import { size } from '../../lib/format.ts';
import { t } from '../../lib/i18n.ts';
import { Notice, Skeleton, Status } from '../../parts/basic.tsx';
import { BASE, opensAs, type FoundLink } from './data.ts';

/** Links open here and not in the frame: the reader sees where each really leads, and the frame may do nothing at all. */
export function Links({ links }: Readonly<{ links: readonly FoundLink[] }>) {
  if (links.length === 0) return <p class="quiet">{t('sandbox.noLinks')}</p>;
  return (
    <ol class="links">
      {links.map((link, at) => (
        <li key={at}>
          <Address link={link} />
          <span class="small quiet">{link.text ?? t('sandbox.inText')}</span>
          {link.oddity && (
            <Status tone="warn" icon="warning">
              {t(`sandbox.link.${link.oddity}`)}
            </Status>
          )}
        </li>
      ))}
    </ol>
  );
}

function Address({ link }: Readonly<{ link: FoundLink }>) {
  const opens = opensAs(link);
  if (opens === undefined) return <span class="breaks">{link.url}</span>;
  return (
    <a class="breaks" href={opens} target="_blank" rel="noopener noreferrer">
      {opens}
    </a>
  );
}

type Content = Readonly<{ text: string; shown: number; total: number }>;

export function Source({ id }: Readonly<{ id: string }>) {
  const [content, setContent] = useState<Content | undefined>(undefined);
  useEffect(() => {
    const read = async (): Promise<void> => {
      const response = await fetch(`${BASE}/${id}/source`);
      const bytes = await response.arrayBuffer();
      const total = Number(response.headers.get('x-total-bytes') ?? bytes.byteLength);
      setContent({ text: new TextDecoder().decode(bytes), shown: bytes.byteLength, total });
    };
    void read();
  }, [id]);
  if (!content) return <Skeleton />;
  const { text, shown, total } = content;
  return (
    <>
      {shown < total && <Notice>{t('sandbox.cutSource', { shown: size(shown), total: size(total) })}</Notice>}
      <pre class="source" tabIndex={0}>
        {text}
      </pre>
    </>
  );
}
