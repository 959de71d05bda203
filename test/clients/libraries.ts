// Libraries that applications send with: PHPMailer, Python's smtplib, nodemailer with a pool.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createTransport } from 'nodemailer';
import { certificateOf, portFor, run, type Client, type Errand, type Sent } from './client.ts';
import { extraFields, writeParts } from './letter.ts';

type Way = Pick<Client, 'tls' | 'auth'>;

const PHPMAILER = '/usr/share/php/libphp-phpmailer/autoload.php';

export const libraries: readonly Client[] = [
  ...ways('PHPMailer', ['/usr/bin/php', PHPMAILER], byScript(['/usr/bin/php'], 'send.php'), [
    { tls: 'starttls', auth: 'LOGIN' },
    { tls: 'implicit', auth: 'PLAIN' },
    { tls: 'none', auth: 'LOGIN' },
  ]),
  ...ways('Python smtplib', ['/usr/bin/python3'], byScript(['/usr/bin/python3', '-I'], 'send.py'), [
    { tls: 'starttls', auth: 'PLAIN' },
    { tls: 'implicit', auth: 'LOGIN' },
  ]),
  ...ways('nodemailer pool', [], byNodemailer, [
    { tls: 'starttls', auth: 'PLAIN' },
    { tls: 'implicit', auth: 'LOGIN' },
  ]),
];

type Send = (errand: Errand, way: Way) => Promise<Sent>;

function ways(name: string, needs: readonly string[], send: Send, list: readonly Way[]): readonly Client[] {
  return list.map((way) => ({
    name,
    ...way,
    user: 'shop',
    needs,
    send: (errand) => send(errand, way),
  }));
}

/** A script in another language gets the letter as files and a task in JSON, and leaves what it sent in sent.eml. */
function byScript(command: readonly string[], script: string): Send {
  const path = new URL(script, import.meta.url).pathname;
  return async (errand, way) => {
    const { relay, user, from, to, bcc, letter, folder } = errand;
    writeParts(letter, folder);
    const task = {
      ...way,
      port: portFor(relay, way.tls),
      certificate: certificateOf(relay),
      username: user.name,
      password: user.password,
      from,
      to,
      bcc,
      subject: letter.subject,
      fields: extraFields,
      attachment: letter.attachment.name,
      attachmentType: letter.attachment.type,
    };
    writeFileSync(join(folder, 'task.json'), JSON.stringify(task));
    const { said } = await run([...command, path, join(folder, 'task.json')]);
    const sent = join(folder, 'sent.eml');
    return { raw: existsSync(sent) ? readFileSync(sent) : undefined, said };
  };
}

function openPool({ relay, user }: Errand, way: Way) {
  return createTransport({
    pool: true,
    maxConnections: 3,
    host: '127.0.0.1',
    port: portFor(relay, way.tls),
    secure: way.tls === 'implicit',
    requireTLS: way.tls === 'starttls',
    tls: { ca: readFileSync(certificateOf(relay)), servername: 'relay.test' },
    authMethod: way.auth,
    auth: { user: user.name, pass: user.password },
    connectionTimeout: 15_000,
    socketTimeout: 15_000,
  });
}

function contentOf({ from, letter }: Errand) {
  const { name, type, content } = letter.attachment;
  return {
    from: `"Müller & Söhne" <${from}>`,
    subject: letter.subject,
    text: letter.text,
    html: letter.html,
    headers: extraFields,
    attachments: [{ filename: name, contentType: type, content }],
  };
}

async function byNodemailer(errand: Errand, way: Way): Promise<Sent> {
  const { to, bcc } = errand;
  const made: Buffer[] = [];
  const pool = openPool(errand, way);
  // Sees the message on its way out, since nodemailer does not tell what it made.
  pool.use('stream', (mail, done) => {
    mail.message.transform(() => {
      const through = new PassThrough();
      through.on('data', (chunk: Buffer) => made.push(chunk));
      return through;
    });
    done();
  });
  try {
    const { response } = await pool.sendMail({ ...contentOf(errand), to, bcc });
    return { raw: Buffer.concat(made), said: response };
  } catch (error) {
    return { raw: undefined, said: String(error) };
  } finally {
    pool.close();
  }
}

/** Sends the errand's letter to each address, all at once through one pool; resolves with the relay's replies. */
export async function sendByPool(errand: Errand, addresses: readonly string[]): Promise<readonly string[]> {
  const pool = openPool(errand, { tls: 'starttls', auth: 'PLAIN' });
  try {
    const sent = addresses.map((to) => pool.sendMail({ ...contentOf(errand), to }));
    return (await Promise.all(sent)).map(({ response }) => response);
  } finally {
    pool.close();
  }
}
