// The dashboard begins: the viewer's colours and language, then who is logged in, then the page.
import { render } from 'preact';
import { App } from './app.tsx';
import { preferred, speak } from './lib/i18n.ts';
import { findSession } from './lib/session.ts';
import { applyTheme, theme } from './lib/theme.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/frame.css';
import './styles/controls.css';
import './styles/blocks.css';
import './styles/tables.css';
import './styles/overlays.css';
import './styles/charts.css';
import './styles/pages.css';
import './styles/setup.css';
import './styles/write.css';

applyTheme(theme.value);
const place = document.getElementById('app');
// Both are asked for at the same time; words come first, so that nothing is shown without them.
const who = findSession();
await speak(preferred());
if (place) render(<App />, place);
await who;
