// Takes from a rendering thread what a template must never reach; for the thread's own file only.
import { MAX_JOINED } from './jobs.ts';

/**
 * A thread is no sandbox, and template languages have had ways out before: by the constructor of a function to code of one's own
 * (CVE-2026-45618), by a built-in prototype to the messages of others. Both are closed, whatever the engine does.
 */
export function closeWaysOut(): void {
  const functions = [() => 0, async () => 0, function* () {}, async function* () {}];
  for (const one of functions) {
    const prototype: object = Object.getPrototypeOf(one);
    const nothing = { value: undefined, writable: false, configurable: false };
    Object.defineProperty(prototype, 'constructor', nothing);
  }
  boundJoin();
  const builtIn = [Object, Array, Function, String, Number, Boolean, RegExp, Map, Set, Promise, Error];
  for (const one of builtIn) Reflect.preventExtensions(one.prototype);
}

/**
 * The limit of a thread's heap ends the thread, except when one text takes more than what is left: that ends the process. Joining
 * a list that names the same text many times is the way to such a text, also when a list is printed or used as a name.
 */
function boundJoin(): void {
  const { join } = Array.prototype;
  const value = function (this: readonly unknown[], separator: unknown = ','): string {
    const between = String(separator);
    const texts: string[] = [];
    let left = MAX_JOINED;
    for (const item of this) {
      const text = join.call([item], '');
      left -= text.length + between.length;
      if (left < 0) throw new RangeError('Invalid string length');
      texts.push(text);
    }
    return join.call(texts, between);
  };
  Object.defineProperty(Array.prototype, 'join', { value, writable: true, configurable: true });
}
