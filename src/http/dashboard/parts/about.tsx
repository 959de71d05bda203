// What an alert is about, with a link to the page where one looks and acts.

/** Where one looks and acts: the page of what an alert is about, by what the advice names, else by the alert's kind. */
const pagesOf: Readonly<Record<string, string>> = {
  transport: 'transports',
  listing: 'transports',
  'warm-up': 'transports',
  user: 'users',
  sender: 'users',
  theft: 'users',
  domain: 'domains',
  dkim: 'domains',
  webhook: 'webhooks',
};

type Props = Readonly<{ kind: string; advice?: string; name: string }>;

/** What it is about; a link where it has a page. */
export function About({ kind, advice = '', name }: Props) {
  const noun = /^postino (\w+) /.exec(advice)?.[1] ?? kind;
  const page = pagesOf[noun];
  const strong = <strong>{name}</strong>;
  return page === undefined ? strong : <a href={`/${page}/${encodeURIComponent(name)}`}>{strong}</a>;
}
