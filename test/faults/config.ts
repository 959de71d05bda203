// The configuration of the relay on a stage: two sites, two transports, two users, links under a host of their own. Pure.
import { FOOTER, SENDER_DOMAIN, TRACKING_HOST } from './treated.ts';

/** `hook`: where a receiver of webhooks is, if there is one. */
export type Ports = Readonly<{ smtp: number; http: number; tracking: number; hook?: number }>;

export type ConfigFacts = Readonly<{
  data: string;
  /** "embedded", or its address. */
  redis: string;
  ports: Ports;
  /** Ports of the mail host, one for each site. */
  sites: readonly number[];
}>;

/** The text of the file. */
export function writeConfig({ data, redis, ports, sites }: ConfigFacts): string {
  return `hostname: relay.test
data: ${data}
redis: ${redis}
smtp: { listeners: [{ host: 127.0.0.1, port: ${ports.smtp}, tls: none }] }
http: { host: 127.0.0.1, port: ${ports.http} }
tracking: { host: 127.0.0.1, port: ${ports.tracking}, url: "https://${TRACKING_HOST}" }
${ports.hook === undefined ? '' : `webhooks: { http: true, ports: [${ports.hook}], networks: [127.0.0.0/8] }\n`}delivery:
  routes:
    - { domain: a.test, host: 127.0.0.1, port: ${sites[0]}, tls: none }
    - { domain: "*", host: 127.0.0.1, port: ${sites[1]}, tls: none }
  retry: { steps: [1s, 2s, 5s], expire: 1h }
transports:
  - { name: ip1, address: 127.0.1.1, ehlo: ip1.relay.test, pool: default }
  - { name: ip2, address: 127.0.1.2, ehlo: ip2.relay.test, pool: default }
domains: [{ name: ${SENDER_DOMAIN}, trackingHost: ${TRACKING_HOST} }]
users:
  - name: shop
    networks: [127.0.0.1/32]
    suppressed: drop
    domains: [${SENDER_DOMAIN}]
    pool: default
    liquid: true
    defaults: { opens: true, clicks: all, unsubscribe: true, footer: true, merge: { syntaxes: [brackets] } }
    footer: { html: "<p>${FOOTER}</p>", text: "${FOOTER}" }
    watch: { act: "off", theft: "off" }
  - { name: plain, networks: [127.0.0.2/32], domains: [${SENDER_DOMAIN}], pool: default, watch: { act: "off", theft: "off" } }
stopWithin: 5s
log: { level: warn }
`;
}
