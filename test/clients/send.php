<?php
// Sends one letter with PHPMailer as WordPress and Joomla do. usage: php send.php TASK.json
// Writes what it sent to sent.eml beside the task, and tells what its user would see.
require '/usr/share/php/libphp-phpmailer/autoload.php';

use PHPMailer\PHPMailer\PHPMailer;

$task = json_decode(file_get_contents($argv[1]), true);
$folder = dirname($argv[1]);
$mail = new PHPMailer(false); // no exceptions: WordPress' plugins read ErrorInfo
$mail->isSMTP();
$mail->Host = '127.0.0.1';
$mail->Port = $task['port'];
$mail->SMTPAuth = $task['auth'] !== 'by address';
if ($mail->SMTPAuth) {
    $mail->AuthType = $task['auth'];
    $mail->Username = $task['username'];
    $mail->Password = $task['password'];
}
$mail->SMTPSecure = ['none' => '', 'starttls' => PHPMailer::ENCRYPTION_STARTTLS, 'implicit' => PHPMailer::ENCRYPTION_SMTPS][$task['tls']];
$mail->SMTPOptions = ['ssl' => ['cafile' => $task['certificate'], 'peer_name' => 'relay.test']];
$mail->Timeout = 15;
$mail->CharSet = PHPMailer::CHARSET_UTF8;
$mail->setFrom($task['from'], 'Müller & Söhne');
$mail->addAddress($task['to'], 'Frau Schäfer');
$mail->addBCC($task['bcc']);
$mail->Subject = $task['subject'];
foreach ($task['fields'] as $name => $value) {
    $mail->addCustomHeader($name, $value);
}
$mail->msgHTML(file_get_contents("$folder/page.html"));
$mail->AltBody = file_get_contents("$folder/text.txt");
$mail->addAttachment("$folder/{$task['attachment']}", $task['attachment'], PHPMailer::ENCODING_BASE64, $task['attachmentType']);
$sent = $mail->send();
// It splits this into lines and ends each: the empty rest behind the last one is sent as a line of its own.
file_put_contents("$folder/sent.eml", $mail->getSentMIMEMessage() . "\r\n");
echo $sent ? 'sent, transaction ' . $mail->getSMTPInstance()->getLastTransactionID() : $mail->ErrorInfo, "\n";
exit($sent ? 0 : 1);
