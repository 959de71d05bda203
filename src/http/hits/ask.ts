// For reverse proxies that fetch certificates on demand: whether a host name is one that links of ours point to.
import { json, problem, type Route } from '../exchange.ts';
import { hostOf } from './hosts.ts';

/** GET /tracking/ask?domain=…: 200 when it is, 404 when not (the form that Caddy's on_demand_tls asks in). */
export function askRoutes(isTrackingHost: (host: string) => boolean): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/tracking/ask',
      access: 'open',
      handle: (ask) => {
        const domain = hostOf(ask.query.get('domain') ?? '');
        const answer =
          domain !== '' && isTrackingHost(domain)
            ? json({ domain, ours: true })
            : problem(404, 'Not ours', 'No link of ours points to that host.');
        return Promise.resolve(answer);
      },
    },
  ];
}
