import type { EmbryoEventValue } from '$lib/api/types';
import type { Change } from '$lib/keeping/edits';
import type { Fields } from '$lib/keeping/fields';

/** Something that a person saw and the machine did not. */
export interface OwnEvent {
  field: string;
  kind: string;
  first: number;
  last: number;
}

/** What can be seen, and the key of each once the list is open; a digit is the cell count it begins with. */
export const SEEN: readonly { kind: string; key: string }[] = [
  { kind: 'direct_cleavage_1_3', key: 'Digit1' },
  { kind: 'direct_cleavage_2_5', key: 'Digit2' },
  { kind: 'reverse_cleavage', key: 'KeyR' },
  { kind: 'chaotic_division', key: 'KeyH' },
  { kind: 'multinucleation', key: 'KeyM' },
  { kind: 'fragmentation', key: 'KeyF' },
  { kind: 'uneven_cells', key: 'KeyU' },
  { kind: 'early_compaction', key: 'KeyE' },
  { kind: 'collapse', key: 'KeyC' },
  { kind: 'reexpansion', key: 'KeyX' },
  { kind: 'arrest', key: 'KeyA' },
];

export const eventFieldOf = (kind: string, first: number): string => `events.${kind}@${first}`;

/** The events that a reading adds to the machine's, in order of time. */
export function ownEventsOf(fields: Fields): OwnEvent[] {
  const found = Object.entries(fields).flatMap(([field, value]): OwnEvent[] => {
    if (!field.startsWith('events.') || typeof value !== 'object' || value === null || Array.isArray(value))
      return [];
    const { kind, first_frame, last_frame, verdict } = value;
    if (verdict !== 'added' || typeof kind !== 'string') return [];
    return [{ field, kind, first: Number(first_frame), last: Number(last_frame) }];
  });
  return found.sort((a, b) => a.first - b.first || (a.field < b.field ? -1 : 1));
}

/** Say that it was seen from this frame on; where the machine says the very same, its word is accepted. */
export function added(kind: string, first: number, machine: readonly EmbryoEventValue[]): Change {
  const said = machine.find((event) => event.kind === kind && event.first_frame === first);
  const last = said?.last_frame ?? first;
  const verdict = said ? 'accepted' : 'added';
  return {
    field: eventFieldOf(kind, first),
    value: { kind, first_frame: first, last_frame: last, verdict },
  };
}

/** An event with another kind, beginning or end; its beginning never comes after its end. */
export function changed(event: OwnEvent, to: Partial<Pick<OwnEvent, 'kind' | 'first' | 'last'>>): Change[] {
  const kind = to.kind ?? event.kind;
  // What is moved pushes the other end along.
  const first = to.first ?? Math.min(event.first, to.last ?? event.first);
  const last = Math.max(first, to.last ?? event.last);
  const field = eventFieldOf(kind, first);
  const change: Change = {
    field,
    value: { kind, first_frame: first, last_frame: last, verdict: 'added' },
  };
  // An event is named by its kind and its first frame.
  return field === event.field ? [change] : [{ field: event.field, value: null }, change];
}
