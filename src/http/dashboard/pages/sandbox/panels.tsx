// Panels of a caught message that ask for more: where its links lead, and its source.
import { useEffect, useState } from 'preact/hooks';
import { get } from '../../lib/api.ts';
import { size } from '../../lib/format.ts';
import { plural, t } from '../../lib/i18n.ts';
import { Notice, Skeleton, Status } from '../../parts/basic.tsx';
import { BASE, type CaughtView } from './data.ts';
import { linksIn, type FoundLink } from './links.ts';

const MAX_LINKS = 500;

/** Links open here and not in the frame: the reader sees where each really leads, and the frame may do nothing at all. */
export function Links({ id, view }: Readonly<{ id: string; view: CaughtView }>) {
  const [links, setLinks] = useState<readonly FoundLink[] | undefined>(undefined);
  useEffect(() => {
    const find = async (): Promise<void> => {
      const html = view.html ? await get<string>(`${BASE}/${id}/html`) : undefined;
      setLinks(linksIn(html?.ok ? html.value : '', view.text ?? ''));
    };
    void find();
  }, [id, view]);
  if (!links) return <Skeleton />;
  if (links.length === 0) return <p class="quiet">{t('sandbox.noLinks')}</p>;
  return (
    <>
      {links.length > MAX_LINKS && <Notice>{plural('sandbox.moreLinks', MAX_LINKS)}</Notice>}
      <ol class="links">
        {links.slice(0, MAX_LINKS).map((link, at) => (
          <li key={at}>
            {link.opens === undefined ? (
              <span class="breaks">{link.address}</span>
            ) : (
              <a class="breaks" href={link.opens} target="_blank" rel="noopener noreferrer">
                {link.opens}
              </a>
            )}
            <span class="small quiet">{link.text ?? t('sandbox.inText')}</span>
            {link.oddity && (
              <Status tone="warn" icon="warning">
                {t(`sandbox.link.${link.oddity}`)}
              </Status>
            )}
          </li>
        ))}
      </ol>
    </>
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
      <pre class="source">{text}</pre>
    </>
  );
}
