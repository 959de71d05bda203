// Whose things are meant: an account's, or those of one of its users alone. Pure.

/** What belongs to an account, and to one of its users where it says so. */
export type Owner = Readonly<{ account: string; user?: string | undefined }>;

/** Is what belongs to `of` the owner's, too? Who says less is the owner of more; nothing said: of everything. */
export function isOwn(owner: Partial<Owner>, of: Owner): boolean {
  return isMeant(owner.account, of.account) && isMeant(owner.user, of.user);
}

function isMeant(wanted: string | undefined, there: string | undefined): boolean {
  return wanted === undefined || wanted === there;
}
