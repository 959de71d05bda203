// The dashboard's built files: read once, sent compressed, kept by browsers for ever where their name has a hash.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { problem, type Answer, type Ask, type Route } from './exchange.ts';

/** One file, and its compressed forms where they are there. */
type File = Readonly<{ type: string; plain: Buffer; br: Buffer | undefined; gzip: Buffer | undefined }>;

type Files = Readonly<{ page: File; assets: ReadonlyMap<string, File> }>;

/** Where "npm run build:dashboard" puts them, seen from src/http and from dist/http alike. */
const BUILT = fileURLToPath(new URL('../../dist/dashboard/', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
};

const FOR_EVER = 'public, max-age=31536000, immutable';
const gone = problem(404, 'Not found', 'There is nothing at this address.');

/** The page at "/" and at all addresses of its own, and what it is made of. They hold no data: those are asked for by the API. */
export function dashboardRoutes(folder: string = BUILT): readonly Route[] {
  let files = load(folder);
  const page = (ask: Ask): Answer => {
    // Somebody may have built it since the start.
    files ??= load(folder);
    return files ? fileAnswer(files.page, ask, 'no-cache') : missing;
  };
  return [
    { method: 'GET', path: '/', access: 'open', handle: (ask) => Promise.resolve(page(ask)) },
    {
      method: 'GET',
      path: '/assets/:name',
      access: 'open',
      handle: (ask) => {
        const file = files?.assets.get(ask.params['name'] ?? '');
        return Promise.resolve(file ? fileAnswer(file, ask, FOR_EVER) : gone);
      },
    },
    {
      method: 'GET',
      path: '/*',
      access: 'open',
      handle: (ask) => Promise.resolve(isPage(ask) ? page(ask) : gone),
    },
  ];
}

/** An address that somebody opens in a browser, and the page knows what it names; programs get 404 where there is nothing. */
function isPage({ path, header }: Ask): boolean {
  return !/^\/(?:api|page|assets)\//.test(path) && (header('accept') ?? '').includes('text/html');
}

function load(folder: string): Files | undefined {
  const page = join(folder, 'index.html');
  if (!existsSync(page)) return undefined;
  const names = globSync('assets/*.{js,css,svg}', { cwd: folder });
  const assets = names.map((name) => [name.slice('assets/'.length), read(join(folder, name))] as const);
  return { page: read(page), assets: new Map(assets) };
}

function read(path: string): File {
  const compressed = (ending: string): Buffer | undefined =>
    existsSync(path + ending) ? readFileSync(path + ending) : undefined;
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  return { type, plain: readFileSync(path), br: compressed('.br'), gzip: compressed('.gz') };
}

/** In the best form that the client takes. */
function fileAnswer({ type, plain, br, gzip }: File, ask: Ask, caching: string): Answer {
  const headers = { 'cache-control': caching, vary: 'accept-encoding' };
  const takes = (ask.header('accept-encoding') ?? '').split(',').map((one) => one.trim().split(';')[0]);
  const [body, encoding] =
    br && takes.includes('br')
      ? [br, 'br']
      : gzip && takes.includes('gzip')
        ? [gzip, 'gzip']
        : [plain, undefined];
  return {
    status: 200,
    type,
    policy: 'page',
    body,
    headers: encoding === undefined ? headers : { ...headers, 'content-encoding': encoding },
  };
}

const missing: Answer = {
  status: 503,
  type: 'text/html; charset=utf-8',
  policy: 'page',
  body: `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Postino</title></head>
<body>
<h1>Postino is running</h1>
<p>Its dashboard has not been built yet. In the folder of Postino, run:</p>
<pre>npm run build:dashboard</pre>
<p>Then load this page again. Mail, the commands and the <a href="/api/openapi.json">API</a> work without it.</p>
</body>
</html>
`,
};
