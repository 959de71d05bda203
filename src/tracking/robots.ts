// Knows programs by their user agents; the only file that imports isbot.
import { isbot } from 'isbot';

/** True for crawlers, link previews, HTTP libraries and whoever names no browser. */
export function isRobot(userAgent: string): boolean {
  return isbot(userAgent);
}
