import type { ReadingValue } from '$lib/api/types';
import type { Fields, Value } from '$lib/keeping/fields';

const GROUPS = ['onsets', 'events', 'grades', 'measurements', 'profile'] as const;

/** A reading as a flat list of what it says: "onsets.t2", "grades.icm", "events.collapse@210". */
export function fieldsOf(reading: ReadingValue | null): Fields {
  if (!reading) return {};
  const fields: Record<string, Value> = {};
  for (const group of GROUPS) {
    for (const [name, value] of Object.entries(reading[group] ?? {})) {
      if (value !== null && value !== undefined) fields[`${group}.${name}`] = value as Value;
    }
  }
  for (const phase of reading.absent) fields[`onsets.${phase}`] = { is_absent: true };
  return fields;
}
