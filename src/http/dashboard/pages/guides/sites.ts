// Set-up guides for sites: WordPress, WooCommerce, Joomla. Pure.
import { both, on, password, pick, yes, type Filled, type Guide, type Step } from './guide.ts';

const wordpressPlugin = (at: Filled): Step => ({
  text: {
    en: 'Open WP Mail SMTP → Settings, choose “Other SMTP” as mailer, fill in these fields and save.',
    it: 'Apri WP Mail SMTP → Impostazioni, scegli «Altro SMTP» come mailer, compila questi campi e salva.',
  },
  fields: [
    ['From Email', at.from],
    ['Force From Email', on],
    ['Mailer', 'Other SMTP'],
    ['SMTP Host', at.host],
    ['Encryption', pick(at, { starttls: 'TLS', implicit: 'SSL', none: 'None' })],
    ['SMTP Port', String(at.port)],
    ['Auto TLS', at.tls === 'starttls' ? on : { en: 'Off', it: 'Disattivo' }],
    ['Authentication', at.hasPassword ? on : { en: 'Off', it: 'Disattivo' }],
    ...(at.hasPassword
      ? ([
          ['SMTP Username', at.user],
          ['SMTP Password', password],
        ] as const)
      : []),
  ],
});

const install: Step = {
  text: {
    en: 'Install and activate the plug-in “WP Mail SMTP” (Plugins → Add New). “Easy WP SMTP” and “FluentSMTP” have the same fields.',
    it: 'Installa e attiva il plug-in «WP Mail SMTP» (Plugin → Aggiungi nuovo). «Easy WP SMTP» e «FluentSMTP» hanno gli stessi campi.',
  },
};

const formsHint = {
  en: 'Contact forms: From is an address of your domain, and the visitor stands in Reply-To. Postino refuses a visitor’s address in From.',
  it: 'Moduli di contatto: il From è un indirizzo del tuo dominio e il visitatore sta in Reply-To. Postino rifiuta l’indirizzo di un visitatore nel From.',
};

export const certificate = {
  en: '“Could not connect” or “certificate verify failed”: the host of the site blocks the port (try another one above), or the name in “host” is not the one of the certificate.',
  it: '«Could not connect» o «certificate verify failed»: il provider del sito blocca la porta (provane un’altra qui sopra), oppure il nome in «host» non è quello del certificato.',
};

const wordpress: Guide = {
  id: 'wordpress',
  name: 'WordPress',
  kind: 'shop',
  icon: 'domains',
  steps: (at) => [
    install,
    wordpressPlugin(at),
    {
      text: {
        en: 'Or put the same into wp-config.php, above “That’s all, stop editing”: then the password is not in the database.',
        it: 'Oppure scrivi lo stesso in wp-config.php, sopra «That’s all, stop editing»: così la password non sta nel database.',
      },
      code: { label: 'wp-config.php', text: wpConfig(at) },
    },
    {
      text: {
        en: 'Send a test: WP Mail SMTP → Tools → Email Test. It appears here under “Now” within a second.',
        it: 'Fai una prova: WP Mail SMTP → Strumenti → Email di prova. Compare qui in «Adesso» entro un secondo.',
      },
    },
  ],
  hints: [formsHint, certificate],
};

function wpConfig(at: Filled): string {
  const log = at.hasPassword
    ? `define( 'WPMS_SMTP_AUTH', true );
define( 'WPMS_SMTP_USER', '${at.user}' );
define( 'WPMS_SMTP_PASS', '${at.password}' );`
    : `define( 'WPMS_SMTP_AUTH', false );`;
  return `define( 'WPMS_ON', true );
define( 'WPMS_MAILER', 'smtp' );
define( 'WPMS_MAIL_FROM', '${at.from}' );
define( 'WPMS_MAIL_FROM_FORCE', true );
define( 'WPMS_SMTP_HOST', '${at.host}' );
define( 'WPMS_SMTP_PORT', ${at.port} );
define( 'WPMS_SSL', '${pick(at, { starttls: 'tls', implicit: 'ssl', none: '' })}' );
define( 'WPMS_SMTP_AUTOTLS', ${at.tls === 'starttls'} );
${log}`;
}

const woocommerce: Guide = {
  id: 'woocommerce',
  name: 'WooCommerce',
  kind: 'shop',
  icon: 'domains',
  steps: (at) => [
    {
      text: {
        en: 'WooCommerce sends by WordPress, so WordPress is set up first. Install and activate “WP Mail SMTP” (Plugins → Add New).',
        it: 'WooCommerce spedisce con WordPress, quindi si configura prima WordPress. Installa e attiva «WP Mail SMTP» (Plugin → Aggiungi nuovo).',
      },
    },
    wordpressPlugin(at),
    {
      text: {
        en: 'Open WooCommerce → Settings → Emails, and fill in the sender of order mail at the bottom of the page.',
        it: 'Apri WooCommerce → Impostazioni → Email e compila il mittente delle email degli ordini in fondo alla pagina.',
      },
      fields: [
        ['“From” name', { en: 'the name of your shop', it: 'il nome del tuo negozio' }],
        ['“From” address', at.from],
      ],
    },
    {
      text: {
        en: 'Send a test: place an order yourself, or WooCommerce → Orders → an order → Order actions → Resend new order notification.',
        it: 'Fai una prova: fai tu stesso un ordine, oppure WooCommerce → Ordini → un ordine → Azioni ordine → Reinvia la notifica del nuovo ordine.',
      },
    },
  ],
  hints: [formsHint, certificate],
};

const joomla: Guide = {
  id: 'joomla',
  name: 'Joomla',
  kind: 'shop',
  icon: 'domains',
  steps: (at) => [
    {
      text: {
        en: 'Open System → Global Configuration → Server. Fill in “Mail” as here.',
        it: 'Apri Sistema → Configurazione globale → Server. Compila «Mail» così.',
      },
      fields: [
        [{ en: 'Send Mail', it: 'Invio email' }, yes],
        ['Mailer', 'SMTP'],
        [{ en: 'From Email', it: 'Email mittente' }, at.from],
        [
          { en: 'From Name', it: 'Nome mittente' },
          { en: 'the name of your site', it: 'il nome del sito' },
        ],
        ['SMTP Host', at.host],
        [{ en: 'SMTP Port', it: 'Porta SMTP' }, String(at.port)],
        [
          { en: 'SMTP Security', it: 'Sicurezza SMTP' },
          pick(at, {
            starttls: 'STARTTLS (Joomla 3: TLS)',
            implicit: 'SSL/TLS (Joomla 3: SSL)',
            none: 'None',
          }),
        ],
        [{ en: 'SMTP Authentication', it: 'Autenticazione SMTP' }, at.hasPassword ? yes : both('No')],
        ...(at.hasPassword
          ? ([
              [{ en: 'SMTP Username', it: 'Nome utente SMTP' }, at.user],
              [{ en: 'SMTP Password', it: 'Password SMTP' }, password],
            ] as const)
          : []),
      ],
    },
    {
      text: {
        en: 'Save, then press “Send Test Mail” on the same page.',
        it: 'Salva, poi premi «Invia email di prova» nella stessa pagina.',
      },
    },
  ],
  hints: [formsHint, certificate],
};

export const sites: readonly Guide[] = [wordpress, woocommerce, joomla];
