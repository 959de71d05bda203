// JSON Merge Patch (RFC 7396): objects are merged, null takes a field away, all else is replaced. Pure.

export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const next = new Map<string, unknown>(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    if (value === null) next.delete(name);
    else next.set(name, mergePatch(next.get(name), value));
  }
  return Object.fromEntries(next);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
