// SendGrid's sections: texts that values name, put in their place, four levels deep and no larger than a bound. Pure.
import { searchFor, type LiteralSearch } from './literals.ts';

/** How deep a section may stand in another. */
const MAX_DEPTH = 4;
const SPARE = 65_536;
const MAX_HITS = 20_000;

export type SectionDeps = Readonly<{
  sections: Readonly<Record<string, string>>;
  /** Texts that are tags where they stand in a section; they are not in a value, which may come from anybody. */
  literals: Iterable<string>;
}>;

/** The value with its sections; `valueOf` gives the values of tags inside sections. */
export type Expand = (value: string, valueOf: (literal: string) => string | undefined) => string;

type Search = Readonly<{
  inValue: LiteralSearch;
  inSection: LiteralSearch;
  sections: Readonly<Record<string, string>>;
}>;
type Run = Readonly<{ search: Search; valueOf(literal: string): string | undefined; maxSize: number }>;

/** Compiles the sections of a submission; undefined when it has none. */
export function sectionsOf(deps: SectionDeps): Expand | undefined {
  const names = Object.keys(deps.sections).filter((name) => name !== '');
  if (names.length === 0) return undefined;
  const search: Search = {
    inValue: searchFor(names),
    inSection: searchFor([...names, ...deps.literals]),
    sections: deps.sections,
  };
  return (value, valueOf) => {
    if (search.inValue(value, 1).length === 0) return value;
    const run = { search, valueOf, maxSize: 2 * value.length + SPARE };
    return expand(run, value, { kind: 'value', depth: 0, room: run.maxSize });
  };
}

type Place = Readonly<{ kind: 'value' | 'section'; depth: number; room: number }>;

/** Where there is no room left or the depth is reached, the name stays as it stands. */
function expand(run: Run, text: string, place: Place): string {
  const search = place.kind === 'value' ? run.search.inValue : run.search.inSection;
  let out = '';
  let from = 0;
  for (const hit of search(text, MAX_HITS)) {
    const room = place.room - out.length - (text.length - from);
    if (room <= 0) break;
    out += text.slice(from, hit.start) + replacement(run, hit.text, { ...place, room });
    from = hit.end;
  }
  return out + text.slice(from);
}

function replacement(run: Run, name: string, place: Place): string {
  const isSection = Object.hasOwn(run.search.sections, name);
  const text = isSection ? run.search.sections[name] : run.valueOf(name);
  if (text === undefined || place.depth >= MAX_DEPTH || text.length > place.room) return name;
  return expand(run, text, {
    kind: isSection ? 'section' : 'value',
    depth: place.depth + 1,
    room: place.room,
  });
}
