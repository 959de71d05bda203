// A client of the API with an admin's session, for filling a relay; what fails is printed, and the rest goes on.

export type Client = Readonly<{ ask(method: string, path: string, body?: unknown): Promise<unknown> }>;

export async function makeClient(origin: string, password: string, name = 'admin'): Promise<Client> {
  const root = `${origin}/api/v1`;
  const json = { 'content-type': 'application/json' };
  const began = await fetch(`${root}/session`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ name, password }),
  });
  const session: Readonly<{ token?: string }> = JSON.parse(await began.text());
  const cookie = (began.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const headers = { ...json, cookie, 'x-csrf-token': session.token ?? '' };
  return {
    ask: async (method, path, body) => {
      const answer = await fetch(root + path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const told = await answer.text();
      if (!answer.ok) console.log(`${method} ${path}: ${answer.status} ${told}`);
      return told === '' ? undefined : JSON.parse(told);
    },
  };
}
