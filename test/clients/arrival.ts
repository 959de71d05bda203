// What must be true of a letter that arrived at a mail host, whoever sent it; each check says what is wrong.
import { simpleParser } from 'mailparser';
import { expect } from 'vitest';
import { scanHeaders } from '../../src/mail/headers.ts';
import type { MxMessage } from '../support/fake-mx.ts';
import { verify, type Verdict } from '../support/letters.ts';
import type { RelayUser } from '../support/relay.ts';
import type { Client } from './client.ts';
import type { Letter } from './letter.ts';

/** Where a message went out of the relay: address, EHLO name, TLS. */
export function expectTransport(message: MxMessage, user: RelayUser, tlsOffered: boolean): void {
  expect({ peer: message.peer, ehlo: message.ehlo }).toEqual({ peer: user.address, ehlo: user.ehlo });
  if (tlsOffered) expect(message.tls).toMatch(/^TLSv1\.[23]$/);
  else expect(message.tls).toBeUndefined();
}

/** The body byte for byte, and every field of the client's but those that must go, in its order. */
export function expectSameBytes(raw: Buffer, message: MxMessage): void {
  const sent = parts(normalise(raw));
  const came = parts(message.data);
  expect(came.body.equals(sent.body), whereDifferent(sent.body, came.body)).toBe(true);
  const kept = sent.fields.filter(({ name }) => !isRemoved(name)).map(({ text }) => text);
  const added = came.fields.filter(({ text }) => !kept.includes(text)).map(({ name }) => name);
  const stayed = came.fields.filter(({ text }) => kept.includes(text)).map(({ text }) => text);
  expect(stayed).toEqual(kept);
  for (const name of added)
    expect(['dkim-signature', 'received', 'date', 'message-id', 'mime-version']).toContain(name);
}

/** Control fields, Bcc and Return-Path are gone, whatever the client did about them. */
export function expectClean(message: MxMessage, bcc: string): void {
  const { fields, body } = parts(message.data);
  expect(fields.map(({ name }) => name).filter(isRemoved)).toEqual([]);
  const header = message.data.subarray(0, message.data.length - body.length).toString('latin1');
  if (message.to !== bcc) expect(header).not.toContain(bcc);
}

/** One trace field of ours, on top of the client's, with the id that the client was told. */
export function expectReceived(message: MxMessage, client: Client, id: string): void {
  const received = parts(message.data).fields.filter(({ name }) => name === 'received');
  const ours = received.filter(({ text }) => text.includes('(Postino)'));
  expect(ours).toHaveLength(1);
  expect(received[0]).toBe(ours[0]);
  const protocol = `ESMTP${client.tls === 'none' ? '' : 'S'}${client.auth === 'by address' ? '' : 'A'}`;
  expect(ours[0]?.text.replace(/\r\n\s+/g, ' ')).toContain(
    `by relay.test (Postino) with ${protocol} id ${id}`,
  );
}

/** Both signatures hold. */
export async function expectSigned(
  message: MxMessage,
  user: RelayUser,
  dns: Readonly<Record<string, string>>,
): Promise<readonly Verdict[]> {
  const verdicts = await verify(message.data, dns);
  const found = verdicts.map(({ algorithm, domain, result }) => `${algorithm} ${domain} ${result}`);
  expect(found.toSorted()).toEqual([`ed25519-sha256 ${user.domain} pass`, `rsa-sha256 ${user.domain} pass`]);
  return verdicts;
}

/** What a recipient reads: subject, HTML and attachment are the letter's. */
export async function expectReadable(message: MxMessage, letter: Letter, from: string): Promise<void> {
  const mail = await simpleParser(message.data, { skipImageLinks: true });
  expect(mail.subject).toBe(letter.subject);
  expect(mail.from?.value[0]).toEqual({ name: 'Müller & Söhne', address: from });
  const html = typeof mail.html === 'string' ? mail.html : '';
  expect(html.replaceAll('\r\n', '\n').trimEnd()).toBe(letter.html.trimEnd());
  expect(mail.attachments.map(({ filename }) => filename)).toEqual([letter.attachment.name]);
  expect(mail.attachments[0]?.content.equals(letter.attachment.content)).toBe(true);
}

type Field = Readonly<{ name: string; text: string }>;

function parts(message: Buffer): Readonly<{ fields: readonly Field[]; body: Buffer }> {
  const block = scanHeaders(message);
  const fields = block.fields.map(({ name, start, end }) => ({
    name,
    text: message.toString('latin1', start, end),
  }));
  return { fields, body: message.subarray(block.size) };
}

function isRemoved(name: string): boolean {
  return ['bcc', 'return-path', 'x-postino-tag', 'x-mailgun-tag', 'x-smtpapi'].includes(name);
}

/** CRLF, and one at the end, as DATA brings it. */
function normalise(raw: Buffer): Buffer {
  const text = raw.toString('latin1').replace(/\r?\n/g, '\r\n');
  return Buffer.from(text.endsWith('\r\n') ? text : `${text}\r\n`, 'latin1');
}

function whereDifferent(sent: Buffer, came: Buffer): string {
  const at = sent.findIndex((byte, i) => came[i] !== byte);
  const from = Math.max(0, (at < 0 ? sent.length : at) - 30);
  const show = (bytes: Buffer): string => JSON.stringify(bytes.toString('latin1', from, from + 80));
  return `bodies of ${sent.length} and ${came.length} bytes differ near ${from}: ${show(sent)} became ${show(came)}`;
}
