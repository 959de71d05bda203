// Which version of Postino this is.
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Such as "0.1.0", from package.json, which lies beside src and dist. */
export const VERSION = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))).version;
