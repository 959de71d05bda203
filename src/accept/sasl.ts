// What clients send in AUTH PLAIN and AUTH LOGIN, decoded (RFC 4616, draft-murchison-sasl-login). Pure.

const MAX_NAME = 255;
const MAX_PASSWORD = 1024;

/** Base64 of UTF-8 text without control characters (NUL is let through where `nul` says so); undefined when it is not. */
export function decodeText(base64: string, nul: 'nul' | 'no nul'): string | undefined {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3}={0,2})?$/.test(base64)) return undefined;
  const text = Buffer.from(base64, 'base64').toString('utf8');
  if (text.includes('\ufffd') || (nul === 'no nul' && text.includes('\0'))) return undefined;
  return text;
}

/** Name and password of AUTH PLAIN: `authzid NUL authcid NUL password`. Nobody may act for somebody else. */
export function readPlain(base64: string): Readonly<{ name: string; password: string }> | undefined {
  const parts = decodeText(base64, 'nul')?.split('\0');
  const [actFor = '', logInAs = '', password = ''] = parts ?? [];
  if (parts?.length !== 3) return undefined;
  const name = logInAs === '' ? actFor : logInAs; // old clients put the name first and leave the second empty
  if (actFor !== '' && actFor !== name) return undefined;
  return isName(name) && password.length <= MAX_PASSWORD ? { name, password } : undefined;
}

/** True for what may be a user name: some text on one line. */
export function isName(name: string): boolean {
  return name !== '' && name.length <= MAX_NAME && !/\p{Cc}/u.test(name);
}
