// A stranger's HTML: in a frame that may do nothing (sandbox=""), with an answer whose policy loads and runs nothing.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Notice, Skeleton } from './basic.tsx';

export type MailFrameProps = Readonly<{
  src: string;
  title: string;
  /** What is said when there is nothing to show. */
  gone: string;
  /** What is said where it is what came in, and not what its recipient got. */
  accepted?: string;
}>;

type State = 'asking' | 'sent' | 'accepted' | 'gone';

export function MailFrame({ src, title, gone, accepted }: MailFrameProps) {
  const [state, setState] = useState<State>('asking');
  useEffect(() => {
    const stop = new AbortController();
    setState('asking');
    // Asked for by a request first: a frame says nothing about an answer such as 404.
    void fetch(src, { signal: stop.signal }).then(
      (answer) => setState(stateOf(answer)),
      () => undefined,
    );
    return () => stop.abort();
  }, [src]);
  if (state === 'asking') return <Skeleton lines={6} />;
  if (state === 'gone') return <Notice>{gone}</Notice>;
  return (
    <>
      {state === 'accepted' && accepted && <p class="small quiet">{accepted}</p>}
      <SandboxedFrame src={src} title={title} />
    </>
  );
}

function stateOf({ ok, headers }: Response): State {
  if (!ok) return 'gone';
  return headers.get('x-postino-shown') === 'accepted' ? 'accepted' : 'sent';
}

/** The attribute "sandbox" stands before "src" is set, so that nothing is ever loaded without it. */
function SandboxedFrame({ src, title }: Readonly<{ src: string; title: string }>) {
  const frame = useRef<HTMLIFrameElement>(null);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    element.setAttribute('sandbox', '');
    element.src = src;
  }, [src]);
  return <iframe class="mail" ref={frame} sandbox="" title={title} referrerpolicy="no-referrer" />;
}
