// What the guides for programs have in common. Pure.
import type { Step } from './guide.ts';

export const FROM_ENV = {
  en: 'The password comes from the environment variable SMTP_PASSWORD, so that it stands in no source.',
  it: 'La password viene dalla variabile d’ambiente SMTP_PASSWORD, così non sta nel codice.',
};

export const retryHint = {
  en: 'A code that begins with 4 means “later”: hand the message in again. With 250 Postino has it on disk and does the rest.',
  it: 'Un codice che inizia con 4 significa «più tardi»: riconsegna il messaggio. Con 250 Postino l’ha su disco e fa il resto.',
};

export const step = (text: Step['text'], label: string, code: string): Step => ({
  text,
  code: { label, text: code },
});
export const when = (is: boolean, text: string): string => (is ? text : '');
