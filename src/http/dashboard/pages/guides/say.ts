// A guide's words in the viewer's language.
import { language } from '../../lib/i18n.ts';
import type { Text } from './guide.ts';

export const say = (text: Text | string): string => (typeof text === 'string' ? text : text[language.value]);
