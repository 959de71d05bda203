// Plays every transcript of this folder against the real listener.
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { playDialog } from '../support/dialog.ts';
import { openFrontDoor, type FrontDoor } from '../support/front-door.ts';

let door: FrontDoor;
beforeEach(async () => {
  door = await openFrontDoor({ config: { maxMessageBytes: 20_000, maxRecipients: 3 } });
});
afterEach(() => door.close());

describe('dialogues', () => {
  for (const file of globSync('test/dialogs/*.smtp').sort()) {
    const transcript = readFileSync(file, 'utf8');
    const title = /^# (.+)$/m.exec(transcript)?.[1] ?? basename(file);
    test(`${basename(file)}: ${title}`, () => playDialog(transcript, door));
  }
});
