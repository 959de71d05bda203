// The DNS resolver: the servers of the configuration, or those of the system.
import { Resolver } from 'node:dns/promises';

/** A resolver of its own settings. `servers` empty: those of the system. Throws when a server's address is none. */
export function openResolver({
  servers,
  timeout,
  tries,
}: Readonly<{ servers: readonly string[]; timeout: number; tries: number }>): Resolver {
  const resolver = new Resolver({ timeout, tries });
  if (servers.length > 0) resolver.setServers([...servers]);
  return resolver;
}
