// Recipients as the API tells them, and their merge fields as people write them: "city = Torino", one a line. Pure.

export type Recipient = Readonly<{
  address: string;
  name?: string;
  fields: Readonly<Record<string, string>>;
  first: number;
  last: number;
  status: string;
  accepted: number;
  delivered: number;
  opened: number;
  clicked: number;
}>;

/** A value of several lines is written with "\n". */
export function sayFields(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name} = ${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`)
    .join('\n');
}

/** What the lines say; a line without "=" is a field without a value. */
export function fieldsIn(text: string): Readonly<Record<string, string>> {
  const pairs = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const at = line.indexOf('=');
      const [name, value] = at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
      return [
        name.trim(),
        value.trim().replace(/\\(\\|n)/g, (_, mark: string) => (mark === 'n' ? '\n' : '\\')),
      ] as const;
    });
  return Object.fromEntries(pairs.filter(([name]) => name !== ''));
}
