// Events of a test: of every type one, for the webhook's own account and user, that no shape stumbles over.
import { expect, test } from 'vitest';
import { eventSchema, eventTypes } from '../../../src/model/event.ts';
import { sampleEvent } from '../../../src/webhooks/sample.ts';
import { shapeNames, shapes } from '../../../src/webhooks/shapes/index.ts';

test.each(eventTypes)('%s is an event, and says that it is a test', (type) => {
  const event = sampleEvent(type, { account: 'acme', user: 'shop', at: 1_764_072_000_000.4 });
  expect(eventSchema.parse(JSON.parse(JSON.stringify(event)))).toEqual(event);
  expect(event).toMatchObject({ type, account: 'acme', user: 'shop', at: 1_764_072_000_000 });
  expect(event.id).toMatch(/^test\./);
  expect(event.recipient).toMatch(/@example\.net$/);
});

test('without a user it is of none that there is, and two moments are two events', () => {
  expect(sampleEvent('opened', { account: 'a', at: 1 }).user).toBe('test');
  expect(sampleEvent('opened', { account: 'a', at: 1 }).id).not.toBe(
    sampleEvent('opened', { account: 'a', at: 2 }).id,
  );
});

test.each(shapeNames)('the shape %s has words for what happens to mail', (name) => {
  const known = eventTypes.filter((type) => shapes[name].word(sampleEvent(type, { account: 'a', at: 1 })));
  expect(known).toEqual(expect.arrayContaining(['delivered', 'bounced', 'opened', 'clicked']));
});
