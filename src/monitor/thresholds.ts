// The thresholds that hold for one user: those for all, and what it has of its own. Pure.
import { present } from '../lib/present.ts';
import type { User } from '../model/settings.ts';
import type { SenderConfig, TheftConfig } from './sender-config.ts';

export function senderConfigFor({ watch }: Pick<User, 'watch'>, config: SenderConfig): SenderConfig {
  if (!watch) return config;
  return {
    ...config,
    act: watch.act ?? config.act,
    bounces: { ...config.bounces, ...given(watch.bounces) },
    complaints: { ...config.complaints, ...given(watch.complaints) },
  };
}

export function theftConfigFor({ watch }: Pick<User, 'watch'>, config: TheftConfig): TheftConfig {
  if (!watch) return config;
  const { theft, recipientsPerHour, jump } = watch;
  return {
    ...config,
    act: theft ?? config.act,
    jump: jump ?? config.jump,
    ...(recipientsPerHour === undefined ? {} : { recipientsPerHour }),
  };
}

type Stages = Readonly<{ warn?: number | undefined; slow?: number | undefined; stop?: number | undefined }>;

const given = (stages: Stages | undefined): Partial<SenderConfig['bounces']> => present(stages ?? {});
