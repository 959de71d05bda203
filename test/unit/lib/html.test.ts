// HTML: no text of a stranger opens a tag or ends an attribute.
import { expect, test } from 'vitest';
import { escapeHtml } from '../../../src/lib/html.ts';

test('what has a meaning in HTML is written as entities, once', () => {
  expect(escapeHtml(`<b title="a" id='b'>&amp;</b>`)).toBe(
    '&lt;b title=&quot;a&quot; id=&#39;b&#39;&gt;&amp;amp;&lt;/b&gt;',
  );
  expect(escapeHtml('Grüße, 5 € = x/y')).toBe('Grüße, 5 € = x/y');
});
