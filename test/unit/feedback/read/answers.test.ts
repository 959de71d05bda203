// What comes to a return path and is no bounce: vacation notices in many languages, challenges, receipts, people, lists.
import { describe, expect, test } from 'vitest';
import { readReport } from '../../../../src/feedback/read/read-report.ts';

const message = (header: readonly string[], body: readonly string[] = ['Hello.']): Buffer =>
  Buffer.from([...header, 'To: bounce@shop.example', '', ...body, ''].join('\r\n'));

function kindOf(bytes: Buffer): string {
  const report = readReport(bytes);
  return 'sort' in report ? `${report.kind} ${report.sort}` : report.kind;
}

const ANN = 'From: Ann <ann@dest.example>';

describe('an automatic answer', () => {
  test.each<[string, readonly string[]]>([
    ['by RFC 3834', ['Auto-Submitted: auto-replied', 'Subject: Your order']],
    ['by RFC 3834, with a comment', ['Auto-Submitted: auto-replied (vacation)', 'Subject: Your order']],
    ['with the null sender', ['Return-Path: <>', 'Auto-Submitted: auto-replied', 'Subject: Your order']],
    ['by X-Autoreply', ['X-Autoreply: yes', 'Subject: Your order']],
    ['by X-Autorespond', ['X-Autorespond: Your order', 'Subject: Your order']],
    ['by Precedence', ['Precedence: auto_reply', 'Subject: Your order']],
    ['of Exchange', ['X-Auto-Response-Suppress: All', 'Subject: Automatic reply: Your order']],
    ['of Gmail', ['Precedence: bulk', 'Subject: Out of office Re: Your order']],
    ['in English', ['Subject: Out of Office: Your order']],
    ['in short English', ['Subject: OOO - back on Monday']],
    ['about a holiday', ['Subject: I am on annual leave']],
    ['in German', ['Subject: Automatische Antwort: Ihre Bestellung']],
    ['in German, without the word', ['Subject: Abwesenheitsnotiz']],
    ['in French', ['Subject: =?utf-8?Q?R=C3=A9ponse_automatique_:_Commande?=']],
    ['in French, of absence', ["Subject: =?utf-8?Q?Message_d'absence?="]],
    ['in Italian', ['Subject: Risposta automatica: Ordine']],
    ['in Italian, of holidays', ['Subject: In ferie fino al 20 agosto']],
    ['in Spanish', ['Subject: =?utf-8?Q?Respuesta_autom=C3=A1tica=3A_Pedido?=']],
    ['in Spanish, of the office', ['Subject: Fuera de la oficina']],
    ['in Portuguese', ['Subject: =?utf-8?Q?Resposta_autom=C3=A1tica?=']],
    ['in Dutch', ['Subject: Automatisch antwoord: Bestelling']],
    ['in Swedish', ['Subject: Autosvar: Order']],
    ['in Polish', ['Subject: =?utf-8?Q?Automatyczna_odpowied=C5=BA?=']],
    ['in Russian', [`Subject: =?utf-8?B?${Buffer.from('Автоматический ответ: заказ').toString('base64')}?=`]],
    ['in Japanese', [`Subject: =?utf-8?B?${Buffer.from('自動応答: 注文').toString('base64')}?=`]],
    ['in Chinese', [`Subject: =?utf-8?B?${Buffer.from('自动回复: 订单').toString('base64')}?=`]],
    [
      'of a ticket system',
      ['Auto-Submitted: auto-replied', 'Subject: [Ticket #4711] We received your message'],
    ],
  ])('%s', (_, header) => {
    const body = [
      'I am away until Monday. Your mail was not forwarded, and could not be delivered to a colleague.',
    ];
    expect(kindOf(message([ANN, ...header], body))).toBe('auto-reply vacation');
  });

  test('from the postmaster that says nothing that a program could read', () => {
    const header = [
      'Return-Path: <>',
      'From: postmaster@dest.example',
      'Auto-Submitted: auto-replied',
      'Subject: notice',
    ];
    const body = ['Your message was rejected since the mailbox is full.', 'target address: ann@dest.example'];
    expect(kindOf(message(header, body))).toBe('auto-reply vacation');
  });

  test.each<[string, readonly string[], readonly string[]]>([
    ['by its subject', ['Subject: Please confirm your message'], ['Reply to this message.']],
    [
      'by its text',
      ['Auto-Submitted: auto-replied', 'Subject: Re: Your order'],
      ['Your message is waiting.', 'Please verify that you are a human sender of this e-mail.'],
    ],
  ])('that challenges, %s', (_, header, body) => {
    expect(kindOf(message([ANN, ...header], body))).toBe('auto-reply challenge');
  });

  test('that says that the message was read, or deleted unread', () => {
    const header = [
      ANN,
      'Subject: Not read: Your order',
      'Content-Type: multipart/report; report-type=disposition-notification; boundary=b',
    ];
    const body = [
      '--b',
      '',
      'Your message was deleted without being read.',
      '--b',
      'Content-Type: message/disposition-notification',
      '',
      'Final-Recipient: rfc822; ann@dest.example',
      'Disposition: manual-action/MDN-sent-manually; deleted',
      '--b--',
    ];
    expect(kindOf(message(header, body))).toBe('auto-reply receipt');
  });
});

describe('mail of people and lists', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['a plain answer', [ANN, 'Subject: Re: Your order'], ['Thanks, it has arrived.']],
    [
      'an answer that quotes a refusal',
      [ANN, 'Subject: Re: Your order'],
      [
        'I got this when I wrote to bob@dest.example:',
        '> 550 5.1.1 <bob@dest.example>: User unknown',
        'Can you help?',
      ],
    ],
    [
      'a bounce that a person forwards as text',
      [ANN, 'Subject: Fwd: Undelivered Mail Returned to Sender'],
      ['Look:', '> <bob@dest.example>: 550 5.1.1 User unknown', '> Action: failed'],
    ],
    [
      'a bounce that a person attaches',
      [ANN, 'Subject: see attachment', 'Content-Type: multipart/mixed; boundary=b'],
      [
        '--b',
        '',
        'See the attachment, please.',
        '--b',
        'Content-Type: message/rfc822',
        '',
        'From: MAILER-DAEMON@mx.example.net',
        'Content-Type: multipart/report; report-type=delivery-status; boundary=c',
        '',
        '--c',
        'Content-Type: message/delivery-status',
        '',
        'Reporting-MTA: dns; mx.example.net',
        '',
        'Final-Recipient: rfc822; bob@dest.example',
        'Action: failed',
        'Status: 5.1.1',
        '--c--',
        '--b--',
      ],
    ],
    [
      'a question about delivery',
      [ANN, 'Subject: order 550 not delivered'],
      [
        'My parcel was not delivered. The address does exist, and the mailbox is full of your advertisements.',
      ],
    ],
    [
      'a newsletter',
      [
        'From: News <news@shop.example>',
        'Precedence: list',
        'List-Id: <news.shop.example>',
        'Subject: 50 % off',
      ],
      ['Everything must go.'],
    ],
    [
      'a newsletter about bounces',
      ['From: News <news@shop.example>', 'Precedence: bulk', 'Subject: How to read bounces'],
      ['A hard bounce says "550 5.1.1 user unknown": the message could not be delivered.'],
    ],
    ['nothing at all', ['X: y'], []],
  ])('%s', (_, header, body) => expect(kindOf(message(header, body))).toBe('other mail'));
});
