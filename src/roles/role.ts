// A role: a part of the work that a process can do alone or with others.

export const roleNames = ['submission', 'delivery', 'http'] as const;
export type RoleName = (typeof roleNames)[number];

export type Role = Readonly<{
  name: RoleName;
  /** Takes no new work, gives what runs `graceMs`, and ends. */
  stop(graceMs: number): Promise<void>;
}>;
