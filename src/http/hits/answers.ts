// What goes back to a visitor: a redirect, a pixel, a page or a sentence, each with its strict headers.
import type { ServerResponse } from 'node:http';
import type { Page } from './page.ts';

const COMMON = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex, nofollow',
} as const;

const PAGE = {
  ...COMMON,
  'content-type': 'text/html; charset=utf-8',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  vary: 'accept-language',
} as const;

/** One transparent point. */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

/** `location` is surely a header value: clicks.ts sees to that. */
export function sendRedirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { ...COMMON, location, 'content-length': 0 }).end();
}

/** The same whether somebody was counted or not. */
export function sendPixel(response: ServerResponse): void {
  response
    .writeHead(200, {
      ...COMMON,
      'content-type': 'image/gif',
      'content-length': PIXEL.length,
      // Web mail may insist that pictures from elsewhere say so.
      'cross-origin-resource-policy': 'cross-origin',
    })
    .end(PIXEL);
}

/** Seconds after which what was answered with "later" may be asked for again. */
export const RETRY_AFTER = { 'retry-after': '60' } as const;

/** A page for people. */
export function sendPage(response: ServerResponse, { status, html, policy }: Page): void {
  const body = Buffer.from(html);
  response
    .writeHead(status, {
      ...PAGE,
      'content-security-policy': policy,
      'content-length': body.length,
      ...(status === 503 ? RETRY_AFTER : {}),
    })
    .end(body);
}

/** A sentence for programs, and for who types addresses. */
export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(`${text}\n`);
  response
    .writeHead(status, {
      ...COMMON,
      ...headers,
      'content-type': 'text/plain; charset=utf-8',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'content-length': body.length,
    })
    .end(body);
}
