// API keys as the API tells them.

export type Key = Readonly<{
  id: string;
  name: string;
  scopes: readonly string[];
  user?: string;
  by: string;
  madeAt: number;
  expiresAt?: number;
  usedAt?: number;
}>;

export type MadeKey = Key & Readonly<{ key: string }>;
