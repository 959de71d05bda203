// Names browser, system and device of a user agent; the only file that imports bowser.
import bowser from 'bowser';

export type Browser = Readonly<{
  /** Such as "Chrome" and "Windows"; undefined when unknown. */
  client: string | undefined;
  os: string | undefined;
  /** Such as "desktop", "mobile", "tablet", "tv". */
  platform: string | undefined;
}>;

/** What a user agent says of itself. `userAgent` is bounded by the caller: patterns run over it. */
export function nameBrowser(userAgent: string): Browser {
  if (userAgent === '') return { client: undefined, os: undefined, platform: undefined };
  const { browser, os, platform } = bowser.parse(userAgent);
  return {
    client: browser.name || undefined,
    os: os.name || undefined,
    platform: platform.type || undefined,
  };
}
