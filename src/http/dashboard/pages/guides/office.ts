// Set-up guides for the office: Exchange smart host, SAP, printers and scanners, and anything else that has a form. Pure.
import { both, no, password, pick, yes, type Field, type Filled, type Guide } from './guide.ts';

const none = { en: 'leave empty', it: 'lascia vuoto' };

const logIn = (at: Filled): readonly Field[] =>
  at.hasPassword
    ? [
        [{ en: 'User name', it: 'Nome utente' }, at.user],
        ['Password', password],
      ]
    : [];

const networkHint = {
  en: 'What cannot log in is known by its address: on the page of the user, put its address under “Known by these networks”, and choose “no log-in” here.',
  it: 'Chi non sa fare il login si riconosce dall’indirizzo: nella pagina dell’utente scrivilo in «Riconosciuto da queste reti», e qui scegli «senza login».',
};

const exchange: Guide = {
  id: 'exchange',
  name: { en: 'Exchange smart host', it: 'Exchange (smart host)' },
  kind: 'office',
  icon: 'send',
  steps: (at) => [
    {
      text: {
        en: 'In the Exchange admin center: Mail flow → Send connectors → “+”. In the pages of the wizard:',
        it: 'Nel centro di amministrazione di Exchange: Flusso di posta → Connettori di invio → «+». Nelle pagine della procedura:',
      },
      fields: [
        [{ en: 'Name', it: 'Nome' }, 'Postino'],
        [
          { en: 'Type', it: 'Tipo' },
          { en: 'Custom', it: 'Personalizzato' },
        ],
        [
          { en: 'Network settings', it: 'Impostazioni di rete' },
          { en: 'Route mail through smart hosts', it: 'Inoltra la posta tramite smart host' },
        ],
        ['Smart host', at.host],
        [
          { en: 'Smart host authentication', it: 'Autenticazione dello smart host' },
          at.hasPassword
            ? {
                en: 'Basic authentication, “only after starting TLS” ticked',
                it: 'Autenticazione di base, con «solo dopo l’avvio di TLS» spuntato',
              }
            : { en: 'None', it: 'Nessuna' },
        ],
        ...logIn(at),
        [
          { en: 'Address space', it: 'Spazio indirizzi' },
          { en: 'Type SMTP, FQDN *, cost 1', it: 'Tipo SMTP, FQDN *, costo 1' },
        ],
        [
          { en: 'Source server', it: 'Server di origine' },
          { en: 'your Mailbox servers', it: 'i tuoi server Cassette postali' },
        ],
      ],
    },
    {
      text: {
        en: 'The wizard knows port 25 alone, so the port is set in the Exchange Management Shell. This makes the whole connector in one go:',
        it: 'La procedura conosce solo la porta 25, quindi la porta si imposta in Exchange Management Shell. Questo crea tutto il connettore in una volta:',
      },
      code: { label: 'Exchange Management Shell', text: exchangeShell(at) },
    },
    {
      text: {
        en: 'On the page of this user, let it send from all domains that your mailboxes have. Automatic replies and bounces come with an empty sender, which Postino takes.',
        it: 'Nella pagina di questo utente, permettigli di spedire da tutti i domini delle tue cassette. Le risposte automatiche e i bounce arrivano con mittente vuoto, e Postino li accetta.',
      },
    },
  ],
  hints: [
    {
      en: '“Basic authentication after TLS” wants a certificate for exactly this host name; a self-signed one is refused.',
      it: '«Autenticazione di base dopo TLS» vuole un certificato proprio per questo nome host; uno autofirmato viene rifiutato.',
    },
    {
      en: 'Forwarding by inbox rules keeps the stranger in From. The operator allows that with: postino user set NAME --trusted-smart-host',
      it: 'L’inoltro con regole di posta lascia l’estraneo nel From. Lo permette il gestore con: postino user set NOME --trusted-smart-host',
    },
    {
      en: 'Exchange Online: an outbound connector to “Your organization’s email server”, smart host as above; it comes by port 25 and its networks, without a password.',
      it: 'Exchange Online: un connettore in uscita verso «Server di posta dell’organizzazione», smart host come sopra; arriva dalla porta 25 e dalle sue reti, senza password.',
    },
  ],
};

function exchangeShell(at: Filled): string {
  const auth = at.hasPassword
    ? at.tls === 'none'
      ? ' `\n  -SmartHostAuthMechanism BasicAuth -AuthenticationCredential (Get-Credential)'
      : ' `\n  -SmartHostAuthMechanism BasicAuthRequireTLS -AuthenticationCredential (Get-Credential)'
    : ' `\n  -SmartHostAuthMechanism None';
  const about = at.hasPassword ? `# Get-Credential asks: user ${at.user}, and its password\n` : '';
  return `${about}New-SendConnector -Name "Postino" -Usage Custom -AddressSpaces "SMTP:*;1" \`
  -DNSRoutingEnabled $false -SmartHosts "${at.host}" -Port ${at.port}${auth}`;
}

const sap: Guide = {
  id: 'sap',
  name: 'SAP',
  kind: 'office',
  icon: 'settings',
  steps: (at) => [
    {
      text: {
        en: 'Start transaction SCOT (SAPconnect), open “Outbound Messages” → “SMTP Nodes”, and change the node SMTP.',
        it: 'Avvia la transazione SCOT (SAPconnect), apri «Messaggi in uscita» → «Nodi SMTP» e modifica il nodo SMTP.',
      },
      fields: [
        [{ en: 'Node in use', it: 'Nodo in uso' }, yes],
        ['Mail Host', at.host],
        ['Mail Port', String(at.port)],
        [
          { en: 'Security → TLS', it: 'Sicurezza → TLS' },
          pick(at, { starttls: 'STARTTLS', implicit: 'TLS', none: 'No' }),
        ],
        [
          { en: 'Security → log-in', it: 'Sicurezza → accesso' },
          at.hasPassword
            ? { en: 'user name and password (below)', it: 'nome utente e password (sotto)' }
            : no,
        ],
        ...logIn(at),
        [{ en: 'Supported address types', it: 'Tipi di indirizzo' }, both('Internet, address area *')],
      ],
    },
    {
      text: {
        en: 'In SCOT, Settings → Default Domain: fill in your domain. Every sender in SU01 needs an address of it.',
        it: 'In SCOT, Impostazioni → Dominio predefinito: inserisci il tuo dominio. Ogni mittente in SU01 deve averne un indirizzo.',
      },
      fields: [[{ en: 'Default Domain', it: 'Dominio predefinito' }, at.domain]],
    },
    {
      text: {
        en: 'Plan the send job (SCOT → Send Jobs, report RSCONN01) every minute, and try it with SBWP. SOST shows what was sent.',
        it: 'Pianifica il job di invio (SCOT → Job di invio, report RSCONN01) ogni minuto e prova con SBWP. SOST mostra che cosa è partito.',
      },
    },
  ],
  hints: [
    {
      en: 'Older releases have no TLS and no log-in for outgoing mail: take the port without TLS, and let the user be known by the network of the SAP host.',
      it: 'Le versioni più vecchie non hanno TLS né login per la posta in uscita: usa la porta senza TLS e fai riconoscere l’utente dalla rete dell’host SAP.',
    },
    {
      en: 'SAP waits for status messages: let its inbound SMTP take them, so that SOST shows what could not be delivered.',
      it: 'SAP aspetta messaggi di stato: fai in modo che il suo SMTP in entrata li accetti, così SOST mostra che cosa non è stato consegnato.',
    },
  ],
};

const printer: Guide = {
  id: 'printer',
  name: { en: 'Printer or scanner', it: 'Stampante o scanner' },
  kind: 'office',
  icon: 'printer',
  steps: (at) => [
    {
      text: {
        en: 'Open the web page of the device (its IP address in a browser), log in as its administrator, and look for “Scan to E-mail”, “E-mail / SMTP settings” or “Network → SMTP”.',
        it: 'Apri la pagina web del dispositivo (il suo indirizzo IP nel browser), entra come amministratore e cerca «Scansione su e-mail», «Impostazioni e-mail / SMTP» o «Rete → SMTP».',
      },
      fields: [
        [{ en: 'SMTP server', it: 'Server SMTP' }, at.host],
        [{ en: 'Port', it: 'Porta' }, String(at.port)],
        [
          { en: 'Security, SSL/TLS', it: 'Sicurezza, SSL/TLS' },
          pick(at, { starttls: 'STARTTLS', implicit: 'SSL/TLS', none: 'Off' }),
        ],
        [
          { en: 'SMTP authentication', it: 'Autenticazione SMTP' },
          at.hasPassword ? { en: 'On (LOGIN or PLAIN)', it: 'Attiva (LOGIN o PLAIN)' } : both('Off'),
        ],
        ...logIn(at),
        [{ en: 'Sender address', it: 'Indirizzo mittente' }, at.from],
        [{ en: 'POP before SMTP', it: 'POP prima di SMTP' }, both('Off')],
      ],
    },
    {
      text: {
        en: 'Press “Test” on the same page, or scan a page to your own address.',
        it: 'Premi «Prova» nella stessa pagina, o scansiona una pagina verso il tuo indirizzo.',
      },
    },
  ],
  hints: [
    networkHint,
    {
      en: 'Many panels take no more than 20 letters and digits as a password, and an old device no TLS above 1.0: let it be known by its network instead.',
      it: 'Molti pannelli accettano password di 20 lettere e cifre al massimo, e un dispositivo vecchio nessun TLS oltre 1.0: fallo riconoscere dalla sua rete.',
    },
    {
      en: 'A device without DNS takes the IP address of the server in place of its name, with “verify certificate” off.',
      it: 'Un dispositivo senza DNS vuole l’indirizzo IP del server al posto del nome, con «verifica certificato» disattivata.',
    },
  ],
};

const other: Guide = {
  id: 'other',
  name: { en: 'Anything else', it: 'Qualsiasi altro' },
  kind: 'office',
  icon: 'settings',
  steps: (at) => [
    {
      text: {
        en: 'Whatever sends mail has a form such as this one: it may say “smart host”, “relay”, “outgoing server”.',
        it: 'Tutto ciò che spedisce posta ha un modulo come questo: può chiamarsi «smart host», «relay», «server in uscita».',
      },
      fields: [
        [{ en: 'Server, host', it: 'Server, host' }, at.host],
        [{ en: 'Port', it: 'Porta' }, String(at.port)],
        [
          { en: 'Encryption', it: 'Crittografia' },
          pick(at, { starttls: 'STARTTLS (TLS)', implicit: 'SSL/TLS', none: 'None' }),
        ],
        [{ en: 'Log-in', it: 'Accesso' }, at.hasPassword ? 'PLAIN, LOGIN' : none],
        ...logIn(at),
        [{ en: 'Sender', it: 'Mittente' }, at.from],
      ],
    },
    {
      text: { en: 'Postfix as a client of ours:', it: 'Postfix come nostro client:' },
      code: { label: '/etc/postfix/main.cf', text: postfix(at) },
    },
  ],
  hints: [networkHint],
};

function postfix(at: Filled): string {
  const lines = [
    `relayhost = [${at.host}]:${at.port}`,
    ...(at.tls === 'none' ? [] : ['smtp_tls_security_level = verify']),
    ...(at.tls === 'implicit' ? ['smtp_tls_wrappermode = yes'] : []),
    ...(at.hasPassword
      ? [
          'smtp_sasl_auth_enable = yes',
          'smtp_sasl_security_options = noanonymous',
          `smtp_sasl_password_maps = static:${at.user}:${at.password}`,
        ]
      : []),
  ];
  return lines.join('\n');
}

export const office: readonly Guide[] = [exchange, sap, printer, other];
