// Set-up guides for programs in PHP, Python and Node: code that runs with the reader's host and user. Pure.
import { FROM_ENV, retryHint, step, when } from './code-parts.ts';
import { pick, type Filled, type Guide } from './guide.ts';

const php: Guide = {
  id: 'php',
  name: 'PHP',
  kind: 'code',
  icon: 'code',
  hints: [retryHint],
  steps: (at) => [
    step(
      { en: `With PHPMailer. ${FROM_ENV.en}`, it: `Con PHPMailer. ${FROM_ENV.it}` },
      'PHPMailer',
      phpMailer(at),
    ),
    step(
      {
        en: 'With Symfony or Laravel, in .env. Special characters of the password are written as in addresses (@ is %40).',
        it: 'Con Symfony o Laravel, in .env. I caratteri speciali della password si scrivono come negli indirizzi (@ è %40).',
      },
      '.env',
      phpEnv(at),
    ),
  ],
};

function phpMailer(at: Filled): string {
  const secure = pick(at, {
    starttls: '$mail->SMTPSecure = PHPMailer::ENCRYPTION_STARTTLS;',
    implicit: '$mail->SMTPSecure = PHPMailer::ENCRYPTION_SMTPS;',
    none: '$mail->SMTPAutoTLS = false;',
  });
  const auth = at.hasPassword
    ? `$mail->SMTPAuth = true;
$mail->Username = '${at.user}';
$mail->Password = getenv('SMTP_PASSWORD');
`
    : '';
  return `<?php // composer require phpmailer/phpmailer
require 'vendor/autoload.php';
use PHPMailer\\PHPMailer\\PHPMailer;

$mail = new PHPMailer(true);
$mail->isSMTP();
$mail->Host = '${at.host}';
$mail->Port = ${at.port};
${secure}
${auth}$mail->CharSet = 'UTF-8';
$mail->setFrom('${at.from}', 'Shop');
$mail->addAddress('someone@example.com');
$mail->Subject = 'Your order';
$mail->isHTML(true);
$mail->Body = '<p>Thank you for your order.</p>';
$mail->AltBody = 'Thank you for your order.';
$mail->send();`;
}

function phpEnv(at: Filled): string {
  const login = when(at.hasPassword, `${at.user}:${at.password}@`);
  const scheme = at.tls === 'implicit' ? 'smtps' : 'smtp';
  const laravel = [
    'MAIL_MAILER=smtp',
    `MAIL_SCHEME=${scheme}`,
    `MAIL_HOST=${at.host}`,
    `MAIL_PORT=${at.port}`,
    ...(at.hasPassword ? [`MAIL_USERNAME=${at.user}`, `MAIL_PASSWORD="${at.password}"`] : []),
    `MAIL_FROM_ADDRESS="${at.from}"`,
  ];
  return `# Symfony
MAILER_DSN="${scheme}://${login}${at.host}:${at.port}${when(at.tls === 'none', '?auto_tls=false')}"

# Laravel
${laravel.join('\n')}`;
}

const python: Guide = {
  id: 'python',
  name: 'Python',
  kind: 'code',
  icon: 'code',
  hints: [retryHint],
  steps: (at) => [
    step(
      { en: `With nothing but Python itself. ${FROM_ENV.en}`, it: `Solo con Python. ${FROM_ENV.it}` },
      'send.py',
      pythonCode(at),
    ),
    step(
      { en: 'With Django, in settings.py.', it: 'Con Django, in settings.py.' },
      'settings.py',
      django(at),
    ),
  ],
};

function pythonCode(at: Filled): string {
  const open = at.tls === 'implicit' ? 'SMTP_SSL' : 'SMTP';
  const context = when(at.tls === 'implicit', ', context=ssl.create_default_context()');
  const lines = [
    when(at.tls === 'starttls', '    server.starttls(context=ssl.create_default_context())\n'),
    when(at.hasPassword, `    server.login("${at.user}", os.environ["SMTP_PASSWORD"])\n`),
  ].join('');
  return `import os, smtplib, ssl
from email.message import EmailMessage

message = EmailMessage()
message["From"] = "Shop <${at.from}>"
message["To"] = "someone@example.com"
message["Subject"] = "Your order"
message.set_content("Thank you for your order.")
message.add_alternative("<p>Thank you for your order.</p>", subtype="html")

with smtplib.${open}("${at.host}", ${at.port}${context}) as server:
${lines}    server.send_message(message)`;
}

function django(at: Filled): string {
  const lines = [
    'EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"',
    `EMAIL_HOST = "${at.host}"`,
    `EMAIL_PORT = ${at.port}`,
    ...(at.tls === 'starttls' ? ['EMAIL_USE_TLS = True'] : []),
    ...(at.tls === 'implicit' ? ['EMAIL_USE_SSL = True'] : []),
    ...(at.hasPassword
      ? [`EMAIL_HOST_USER = "${at.user}"`, 'EMAIL_HOST_PASSWORD = os.environ["SMTP_PASSWORD"]']
      : []),
    `DEFAULT_FROM_EMAIL = "Shop <${at.from}>"`,
  ];
  return lines.join('\n');
}

const node: Guide = {
  id: 'node',
  name: 'Node.js',
  kind: 'code',
  icon: 'code',
  hints: [retryHint],
  steps: (at) => [
    step(
      { en: `With nodemailer. ${FROM_ENV.en}`, it: `Con nodemailer. ${FROM_ENV.it}` },
      'send.mjs',
      nodeCode(at),
    ),
  ],
};

function nodeCode(at: Filled): string {
  const tls = pick(at, {
    starttls: '  secure: false,\n  requireTLS: true,\n',
    implicit: '  secure: true,\n',
    none: '  secure: false,\n  ignoreTLS: true,\n',
  });
  const auth = when(at.hasPassword, `  auth: { user: '${at.user}', pass: process.env.SMTP_PASSWORD },\n`);
  return `// npm install nodemailer
import { createTransport } from "nodemailer";

const mail = createTransport({
  host: '${at.host}',
  port: ${at.port},
${tls}${auth}  pool: true,
});

const { response } = await mail.sendMail({
  from: 'Shop <${at.from}>',
  to: 'someone@example.com',
  subject: 'Your order',
  text: 'Thank you for your order.',
  html: '<p>Thank you for your order.</p>',
});
console.log(response); // 250 2.0.0 Ok: queued as ...
mail.close();`;
}

export const scripts: readonly Guide[] = [php, python, node];
