// Wiring of shaping: the providers' rules, limits in force, shares of what providers allow, users who are suspended.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import type { DeliverDeps } from '../deliver/deliver.ts';
import { makeProviders, type Providers } from '../deliver/providers.ts';
import { overlay, providersFile } from '../deliver/providers-file.ts';
import { leasesFrom } from '../deliver/shaping/leases.ts';
import { BaseProblem, type Base } from './base.ts';
import { makeTell } from './notices.ts';
import { findConfig } from './places.ts';
import { reasonOf } from '../lib/reason.ts';

/** config/providers.yaml, with the operator's own file over it. Throws BaseProblem when that cannot be used. */
export function readProviders(ownFile: string | undefined): Providers {
  const shipped: unknown = parse(readFileSync(findConfig('providers.yaml'), 'utf8'));
  if (ownFile === undefined) return makeProviders(providersFile.parse(shipped));
  const read = providersFile.safeParse(overlay(shipped, readOwn(ownFile)));
  if (read.success) return makeProviders(read.data);
  throw new BaseProblem(`${ownFile} (delivery.providers) cannot be used:\n${z.prettifyError(read.error)}`);
}

function readOwn(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = reasonOf(error);
    throw new BaseProblem(`${file} (delivery.providers) cannot be read: ${why}`);
  }
}

/** What shapes the lanes of this process beside their rules. */
export function openShaping(base: Base): NonNullable<DeliverDeps['shaping']> {
  const { asking, prefix, owner, limits, operate, clock } = base;
  const tell = makeTell(base);
  return {
    limits,
    leases: leasesFrom(asking, prefix, owner),
    suspendUser: async (user, { rule, why, until }) => {
      const name = `user:${user}` as const;
      const pauses = await operate.pauses();
      if (pauses.some((pause) => pause.name === name)) return;
      await operate.pause(name, { by: `rule ${rule}`, reason: why, until });
      const about = { type: 'limit', scope: 'user', key: user, user, rule, action: 'suspended' } as const;
      await tell({ ...about, until, at: clock.now(), reason: why });
    },
  };
}

/** Lifts pauses whose time is over, and tells so. Rejects with RedisTrouble. */
export async function endPauses(
  base: Pick<Base, 'asking' | 'keys' | 'log' | 'operate' | 'clock'>,
): Promise<void> {
  const tell = makeTell(base);
  for (const { name, by, until } of await base.operate.resumeExpired()) {
    const [scope = '', ...rest] = name.split(':');
    const key = rest.join(':');
    const about = { type: 'limit', scope, key, rule: by, action: 'suspended', over: true } as const;
    const user = scope === 'user' ? { user: key } : {};
    await tell({ ...about, ...user, at: until ?? base.clock.now(), reason: 'Its time is over.' });
  }
}
