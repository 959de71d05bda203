// Set-up guides for shops: PrestaShop, Magento, Odoo. Pure.
import { password, pick, type Filled, type Guide } from './guide.ts';
import { certificate } from './sites.ts';

const prestashop: Guide = {
  id: 'prestashop',
  name: 'PrestaShop',
  kind: 'shop',
  icon: 'domains',
  steps: (at) => [
    {
      text: {
        en: 'Open Advanced Parameters → E-mail and choose “Set my own SMTP parameters”. In several shops, do it for each or for “All shops”.',
        it: 'Apri Parametri avanzati → Email e scegli «Imposta i miei parametri SMTP». Con più negozi, fallo per ognuno o per «Tutti i negozi».',
      },
      fields: [
        [{ en: 'Mail domain name', it: 'Nome di dominio della posta' }, at.domain],
        [{ en: 'SMTP server', it: 'Server SMTP' }, at.host],
        [
          { en: 'SMTP username', it: 'Nome utente SMTP' },
          at.hasPassword ? at.user : { en: 'leave empty', it: 'lascia vuoto' },
        ],
        [
          { en: 'SMTP password', it: 'Password SMTP' },
          at.hasPassword ? password : { en: 'leave empty', it: 'lascia vuoto' },
        ],
        [
          { en: 'Encryption', it: 'Crittografia' },
          pick(at, { starttls: 'TLS', implicit: 'SSL', none: 'None' }),
        ],
        [{ en: 'Port', it: 'Porta' }, String(at.port)],
      ],
    },
    {
      text: {
        en: 'Open Shop Parameters → Contact → Stores, and see that the e-mail address of the shop is one of your domain.',
        it: 'Apri Parametri negozio → Contatto → Negozi e controlla che l’indirizzo email del negozio sia del tuo dominio.',
      },
      fields: [[{ en: 'Email', it: 'Email' }, at.from]],
    },
    {
      text: {
        en: 'Back on the page E-mail, send a test with “Test your email configuration”.',
        it: 'Torna alla pagina Email e fai una prova con «Verifica la configurazione email».',
      },
    },
  ],
  hints: [certificate],
};

const magento: Guide = {
  id: 'magento',
  name: 'Magento 2 / Adobe Commerce',
  kind: 'shop',
  icon: 'domains',
  steps: (at) => [
    {
      text: {
        en: 'Open Stores → Configuration → Advanced → System → Mail Sending Settings (Magento 2.4.6 and later; older ones need an SMTP extension with the same fields).',
        it: 'Apri Stores → Configuration → Advanced → System → Mail Sending Settings (da Magento 2.4.6; le versioni precedenti vogliono un’estensione SMTP con gli stessi campi).',
      },
      fields: [
        ['Disable Email Communications', 'No'],
        ['Transport', 'SMTP'],
        ['Host', at.host],
        ['Port (25)', String(at.port)],
        ...(at.hasPassword
          ? ([
              ['Username', at.user],
              ['Password', password],
            ] as const)
          : []),
        ['Auth', at.hasPassword ? 'LOGIN' : 'NONE'],
        ['SSL', pick(at, { starttls: 'TLS', implicit: 'SSL', none: 'None' })],
        ['Set Return-Path', 'No'],
      ],
    },
    {
      text: {
        en: 'The same on the command line; then empty the cache.',
        it: 'Lo stesso dalla riga di comando; poi svuota la cache.',
      },
      code: { label: 'bin/magento', text: magentoCommands(at) },
    },
    {
      text: {
        en: 'Under Stores → Configuration → General → Store Email Addresses, give every sender an address of your domain.',
        it: 'In Stores → Configuration → General → Store Email Addresses assegna a ogni mittente un indirizzo del tuo dominio.',
      },
      fields: [['Sender Email', at.from]],
    },
  ],
  hints: [certificate],
};

function magentoCommands(at: Filled): string {
  const set = (key: string, value: string): string =>
    `bin/magento config:set system/smtp/${key} ${value}`.trimEnd();
  return [
    set('disable', '0'),
    set('transport', 'smtp'),
    set('host', at.host),
    set('port', String(at.port)),
    set('ssl', pick(at, { starttls: 'tls', implicit: 'ssl', none: "''" })),
    ...(at.hasPassword
      ? [set('auth', 'login'), set('username', at.user), set('password', `'${at.password}'`)]
      : [set('auth', 'none')]),
    'bin/magento cache:flush',
  ].join('\n');
}

const odoo: Guide = {
  id: 'odoo',
  name: 'Odoo',
  kind: 'shop',
  icon: 'domains',
  steps: (at) => [
    {
      text: {
        en: 'Open Settings → General Settings, tick “Use Custom Email Servers”, then “Outgoing Email Servers” → New.',
        it: 'Apri Impostazioni → Impostazioni generali, spunta «Usa server email personalizzati», poi «Server email in uscita» → Nuovo.',
      },
      fields: [
        [{ en: 'Name', it: 'Nome' }, 'Postino'],
        [{ en: 'FROM Filtering', it: 'Filtro mittente (FROM)' }, at.domain],
        [{ en: 'Priority', it: 'Priorità' }, '1'],
        [
          { en: 'Authenticate with', it: 'Autenticazione con' },
          at.hasPassword
            ? { en: 'Username', it: 'Nome utente' }
            : { en: 'Username, both left empty', it: 'Nome utente, lasciando vuoti i due campi' },
        ],
        [
          { en: 'Connection Encryption', it: 'Crittografia della connessione' },
          pick(at, { starttls: 'TLS (STARTTLS)', implicit: 'SSL/TLS', none: 'None' }),
        ],
        [{ en: 'SMTP Server', it: 'Server SMTP' }, at.host],
        [{ en: 'SMTP Port', it: 'Porta SMTP' }, String(at.port)],
        ...(at.hasPassword
          ? ([
              [{ en: 'Username', it: 'Nome utente' }, at.user],
              [{ en: 'Password', it: 'Password' }, password],
            ] as const)
          : []),
      ],
    },
    {
      text: {
        en: 'Press “Test Connection”, then save.',
        it: 'Premi «Testa la connessione», poi salva.',
      },
    },
    {
      text: {
        en: 'In developer mode, under Technical → Parameters → System Parameters, say which address stands in for people of other domains.',
        it: 'In modalità sviluppatore, in Funzioni tecniche → Parametri → Parametri di sistema, indica l’indirizzo che sostituisce le persone di altri domini.',
      },
      fields: [
        ['mail.default.from', at.from],
        ['mail.catchall.domain', at.domain],
      ],
    },
  ],
  hints: [
    {
      en: 'Odoo chooses the server by “FROM Filtering”: several domains stand there with commas between them.',
      it: 'Odoo sceglie il server con il «Filtro mittente»: più domini si scrivono separati da virgole.',
    },
    certificate,
  ],
};

export const shops: readonly Guide[] = [prestashop, magento, odoo];
