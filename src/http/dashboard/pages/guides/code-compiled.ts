// Set-up guides for programs in Java and C#, and for the command line. Pure.
import { FROM_ENV, retryHint, step, when } from './code-parts.ts';
import { pick, type Filled, type Guide } from './guide.ts';

const java: Guide = {
  id: 'java',
  name: 'Java',
  kind: 'code',
  icon: 'code',
  hints: [retryHint],
  steps: (at) => [
    step(
      {
        en: `With Jakarta Mail (org.eclipse.angus:angus-mail). ${FROM_ENV.en}`,
        it: `Con Jakarta Mail (org.eclipse.angus:angus-mail). ${FROM_ENV.it}`,
      },
      'Send.java',
      javaCode(at),
    ),
    step(
      {
        en: 'With Spring Boot, in application.properties.',
        it: 'Con Spring Boot, in application.properties.',
      },
      'application.properties',
      spring(at),
    ),
  ],
};

function javaCode(at: Filled): string {
  const tls = pick(at, {
    starttls: '    p.put("mail.smtp.starttls.required", "true");\n',
    implicit: '    p.put("mail.smtp.ssl.enable", "true");\n',
    none: '',
  });
  const auth = when(at.hasPassword, '    p.put("mail.smtp.auth", "true");\n');
  const send = at.hasPassword
    ? `Transport.send(message, "${at.user}", System.getenv("SMTP_PASSWORD"));`
    : 'Transport.send(message);';
  return `import jakarta.mail.*;
import jakarta.mail.internet.*;
import java.util.Properties;

public class Send {
  public static void main(String[] args) throws MessagingException {
    var p = new Properties();
    p.put("mail.smtp.host", "${at.host}");
    p.put("mail.smtp.port", "${at.port}");
${tls}${auth}    var message = new MimeMessage(Session.getInstance(p));
    message.setFrom(new InternetAddress("${at.from}"));
    message.setRecipient(Message.RecipientType.TO, new InternetAddress("someone@example.com"));
    message.setSubject("Your order", "UTF-8");
    message.setContent("<p>Thank you for your order.</p>", "text/html; charset=UTF-8");
    ${send}
  }
}`;
}

function spring(at: Filled): string {
  const lines = [
    `spring.mail.host=${at.host}`,
    `spring.mail.port=${at.port}`,
    ...(at.hasPassword
      ? [
          `spring.mail.username=${at.user}`,
          'spring.mail.password=${SMTP_PASSWORD}',
          'spring.mail.properties.mail.smtp.auth=true',
        ]
      : []),
    ...(at.tls === 'starttls' ? ['spring.mail.properties.mail.smtp.starttls.required=true'] : []),
    ...(at.tls === 'implicit' ? ['spring.mail.properties.mail.smtp.ssl.enable=true'] : []),
  ];
  return lines.join('\n');
}

const csharp: Guide = {
  id: 'csharp',
  name: 'C# / .NET',
  kind: 'code',
  icon: 'code',
  hints: [retryHint],
  steps: (at) => [
    step(
      { en: `With MailKit. ${FROM_ENV.en}`, it: `Con MailKit. ${FROM_ENV.it}` },
      'Program.cs',
      csharpCode(at),
    ),
  ],
};

function csharpCode(at: Filled): string {
  const security = pick(at, { starttls: 'StartTls', implicit: 'SslOnConnect', none: 'None' });
  const auth = when(
    at.hasPassword,
    `await client.AuthenticateAsync("${at.user}", Environment.GetEnvironmentVariable("SMTP_PASSWORD"));\n`,
  );
  return `// dotnet add package MailKit
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

var message = new MimeMessage();
message.From.Add(new MailboxAddress("Shop", "${at.from}"));
message.To.Add(MailboxAddress.Parse("someone@example.com"));
message.Subject = "Your order";
message.Body = new BodyBuilder {
  TextBody = "Thank you for your order.",
  HtmlBody = "<p>Thank you for your order.</p>",
}.ToMessageBody();

using var client = new SmtpClient();
await client.ConnectAsync("${at.host}", ${at.port}, SecureSocketOptions.${security});
${auth}Console.WriteLine(await client.SendAsync(message)); // 2.0.0 Ok: queued as ...
await client.DisconnectAsync(true);`;
}

const shell: Guide = {
  id: 'shell',
  name: { en: 'Command line', it: 'Riga di comando' },
  kind: 'code',
  icon: 'code',
  steps: (at) => [
    step(
      {
        en: 'With curl, which is there everywhere. It asks for the password.',
        it: 'Con curl, che c’è ovunque. Chiede la password.',
      },
      'curl',
      curl(at),
    ),
    step(
      {
        en: 'Over HTTP, with a key of the API (page “API keys”, scope messages:send).',
        it: 'Via HTTP, con una chiave dell’API (pagina «Chiavi API», permesso messages:send).',
      },
      'HTTP',
      http(at),
    ),
  ],
};

function curl(at: Filled): string {
  const scheme = at.tls === 'implicit' ? 'smtps' : 'smtp';
  const options = `${when(at.tls === 'starttls', ' --ssl-reqd')}${when(at.hasPassword, ` --user '${at.user}'`)}`;
  return `printf 'From: ${at.from}\\nTo: someone@example.com\\nSubject: A first message\\n\\nIt works.\\n' |
curl ${scheme}://${at.host}:${at.port}${options} --crlf \\
  --mail-from '${at.from}' --mail-rcpt someone@example.com -T -`;
}

function http(at: Filled): string {
  return `curl '${location.origin}/api/v1/messages' -H "authorization: Bearer $POSTINO_KEY" -H 'content-type: application/json' -d '{
  "user": "${at.user}",
  "from": "${at.from}",
  "to": ["someone@example.com"],
  "subject": "A first message",
  "text": "It works."
}'`;
}

export const compiled: readonly Guide[] = [java, csharp, shell];
