// Our icons: strokes on a grid of 24, drawn in the colour of the text. They say nothing to a screen reader: words stand beside them.
import type { SVGAttributes } from 'preact';

const paths = {
  now: 'M3 12h4l3-8 4 16 3-8h4',
  messages: 'M4 5h16v14H4z M4 7l8 6 8-6',
  sandbox: 'M3 13h5l1.5 3h5l1.5-3h5 M3 13l3-8h12l3 8v6H3z',
  statistics: 'M4 20V10 M10 20V4 M16 20v-7 M22 20H2',
  campaigns: 'M3 10v4h4l9 5V5l-9 5z M19.5 9.5a4 4 0 0 1 0 5',
  users:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z M2.5 20c.5-3.5 3-5.5 6.5-5.5s6 2 6.5 5.5 M16 4.5a3.5 3.5 0 0 1 0 6.5 M18 14.8c2 .8 3.2 2.6 3.5 5.2',
  domains: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M3 12h18 M12 3c3 3 3 15 0 18 M12 3c-3 3-3 15 0 18',
  guides: 'M12 6c-2-1.5-5-2-9-2v14c4 0 7 .5 9 2 2-1.5 5-2 9-2V4c-4 0-7 .5-9 2z M12 6v14',
  transports: 'M4 7h13 M13 3l4 4-4 4 M20 17H7 M11 13l-4 4 4 4',
  suppressions: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M5.6 5.6l12.8 12.8',
  recipients:
    'M3 5h18v14H3z M9 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4z M5.5 16c.4-1.7 1.6-2.5 3.5-2.5s3.1.8 3.5 2.5 M15.5 10h3 M15.5 13h3',
  webhooks: 'M9 8a3 3 0 1 1 4.5 2.6L17 16 M12 8l-3.5 6.5 M6.5 14a3 3 0 1 0 3 3H17 M17 14a3 3 0 1 1-2.6 4.5',
  keys: 'M14.5 3a6.5 6.5 0 0 0-6.2 8.5L3 17v4h4v-2.5h2.5V16l2-1.3A6.5 6.5 0 1 0 14.5 3z M16.5 7.5h.01',
  settings: 'M4 7h10 M18 7h2 M16 5v4 M4 17h2 M10 17h10 M8 15v4 M4 12h16',
  members: 'M12 3l7 3v6c0 4.5-3 7.5-7 9-4-1.5-7-4.5-7-9V6z M9 12l2 2 4-4',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14z M20.5 20.5 16 16',
  menu: 'M4 7h16 M4 12h16 M4 17h16',
  close: 'M6 6l12 12 M18 6 6 18',
  back: 'M19 12H5 M11 6l-6 6 6 6',
  next: 'M9 6l6 6-6 6',
  down: 'M6 9l6 6 6-6',
  plus: 'M12 5v14 M5 12h14',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  'check-circle': 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M8 12.3l2.7 2.7L16 9.5',
  'cross-circle': 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M9 9l6 6 M15 9l-6 6',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M12 7v5l3 2',
  again: 'M20 11a8 8 0 0 0-14-4.5L3.5 9 M3.5 4v5h5 M4 13a8 8 0 0 0 14 4.5l2.5-2.5 M20.5 20v-5h-5',
  warning: 'M12 4 2.5 20h19z M12 10v4.5 M12 17.3h.01',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M12 11v5 M12 8h.01',
  minus: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M8 12h8',
  pause: 'M9 5v14 M15 5v14',
  play: 'M7 4.5v15l12-7.5z',
  drain: 'M12 4v11 M7 11l5 5 5-5 M5 20h14',
  eye: 'M2 12c2.5-4.5 6-7 10-7s7.5 2.5 10 7c-2.5 4.5-6 7-10 7s-7.5-2.5-10-7z M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z',
  click: 'M10 10l10 4-4.5 1.5L14 20z M5 5l2 2 M10 3v3 M3 10h3 M15.5 4.5l-2 2 M4.5 15.5l2-2',
  complaint: 'M6 21V4 M6 4h12l-2.5 4.5L18 13H6',
  unsubscribe: 'M4 5h16v8 M4 5v14h9 M4 7l8 6 8-6 M16 16l5 5 M21 16l-5 5',
  inbound: 'M12 3v12 M7 10l5 5 5-5 M4 20h16',
  outbound: 'M12 17V4 M7 9l5-5 5 5 M4 20h16',
  copy: 'M9 9h11v11H9z M5 15H4V4h11v1',
  download: 'M12 4v11 M7 11l5 5 5-5 M4 20h16',
  upload: 'M12 16V5 M7 9l5-5 5 5 M4 20h16',
  trash: 'M4 7h16 M9 7V4h6v3 M6 7l1 13h10l1-13 M10 11v5 M14 11v5',
  edit: 'M4 20l1-4L16 5l3 3L8 19z',
  link: 'M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.7-5.7L12 7 M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.7 5.7L12 17',
  file: 'M6 3h8l5 5v13H6z M14 3v5h5',
  send: 'M21 3 10 14 M21 3l-7 18-4-7-7-4z',
  filter: 'M4 5h16l-6 8v6l-4-2v-4z',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z M12 2v2.5 M12 19.5V22 M2 12h2.5 M19.5 12H22 M5 5l1.7 1.7 M17.3 17.3 19 19 M19 5l-1.7 1.7 M6.7 17.3 5 19',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z',
  screen: 'M3 4h18v12H3z M8 20h8 M12 16v4',
  leave: 'M14 4h6v16h-6 M10 8l-4 4 4 4 M6 12h9',
  desktop: 'M3 4h18v12H3z M8 20h8 M12 16v4',
  mobile: 'M7 2.5h10v19H7z M11 18.5h2',
  shield: 'M12 3l7 3v6c0 4.5-3 7.5-7 9-4-1.5-7-4.5-7-9V6z',
  lock: 'M6 11h12v9H6z M8.5 11V7.5a3.5 3.5 0 0 1 7 0V11',
  bolt: 'M13 2 4 14h6l-1 8 9-12h-6z',
  printer: 'M7 9V3h10v6 M7 17H4V9h16v8h-3 M7 14h10v7H7z',
  code: 'M8 7l-5 5 5 5 M16 7l5 5-5 5',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, ...rest }: Readonly<{ name: IconName }> & SVGAttributes<SVGSVGElement>) {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      {...rest}
    >
      <path d={paths[name]} />
    </svg>
  );
}

/** Our mark. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--mark, #1f6f5c)" />
      <path
        d="M8.5 10h15a1.5 1.5 0 0 1 1.5 1.5v9a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 7 20.5v-9A1.5 1.5 0 0 1 8.5 10z M7.5 11l8.5 6.5L24.5 11"
        fill="none"
        stroke="#fff"
        stroke-width="2"
        stroke-linejoin="round"
      />
    </svg>
  );
}
