// The list of shapes: a new one is a file here and a word in this list.
import { mailgun } from './mailgun.ts';
import { mandrill } from './mandrill.ts';
import { sendgrid } from './sendgrid.ts';
import type { Shape } from './shape.ts';
import { smtpplus } from './smtpplus.ts';
import { standard } from './standard.ts';

export const shapeNames = ['standard', 'sendgrid', 'mailgun', 'mandrill', 'smtpplus'] as const;

export type ShapeName = (typeof shapeNames)[number];

export const shapes: Readonly<Record<ShapeName, Shape>> = { standard, sendgrid, mailgun, mandrill, smtpplus };
