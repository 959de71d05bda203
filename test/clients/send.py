# Sends one letter with Python's smtplib and email packages. usage: python3 send.py TASK.json
# Writes what it sent to sent.eml beside the task, and tells what its user would see.
import json, os, smtplib, ssl, sys
from email.message import EmailMessage
from email.policy import SMTP as policy

task = json.load(open(sys.argv[1]))
folder = os.path.dirname(sys.argv[1])
read = lambda name: open(os.path.join(folder, name), 'rb').read()

message = EmailMessage(policy=policy)
message['From'] = f'Müller & Söhne <{task["from"]}>'
message['To'] = task['to']
message['Bcc'] = task['bcc']
message['Subject'] = task['subject']
for name, value in task['fields'].items():
    message[name] = value
message.set_content(read('text.txt').decode(), cte='8bit')
message.add_alternative(read('page.html').decode(), subtype='html')
maintype, subtype = task['attachmentType'].split('/')
message.add_attachment(read(task['attachment']), maintype=maintype, subtype=subtype, filename=task['attachment'])
raw = message.as_bytes()
open(os.path.join(folder, 'sent.eml'), 'wb').write(raw)

context = ssl.create_default_context(cafile=task['certificate'])
if task['tls'] == 'implicit':
    class Named(smtplib.SMTP_SSL):
        def _get_socket(self, host, port, timeout):
            self._host = 'relay.test'  # the name in the certificate
            return super()._get_socket(host, port, timeout)
    smtp = Named('127.0.0.1', task['port'], context=context, timeout=15)
else:
    smtp = smtplib.SMTP('127.0.0.1', task['port'], timeout=15)
    if task['tls'] == 'starttls':
        smtp._host = 'relay.test'
        smtp.starttls(context=context)
smtp.ehlo_or_helo_if_needed()
if task['auth'] != 'by address':
    smtp.user, smtp.password = task['username'], task['password']
    smtp.auth(task['auth'], getattr(smtp, 'auth_' + task['auth'].lower()))
smtp.set_debuglevel(1)  # its user's look at the conversation, on standard error
try:
    smtp.sendmail(task['from'], [task['to'], task['bcc']], raw, mail_options=['BODY=8BITMIME'])
except smtplib.SMTPResponseException as error:
    print(error.smtp_code, error.smtp_error.decode())
smtp.quit()
