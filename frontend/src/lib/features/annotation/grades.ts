import type { Value } from '$lib/keeping/fields';

export interface GradeOption {
  value: Value & (string | number);
  /** The key that chooses it while its grade has the focus. */
  key: string;
}

export interface Grade {
  name: 'expansion' | 'icm' | 'te' | 'fragmentation' | 'evenness' | 'pn_count' | 'multinucleation';
  options: GradeOption[];
}

const digits = (from: number, to: number): GradeOption[] =>
  Array.from({ length: to - from + 1 }, (_, step) => ({ value: from + step, key: `Digit${from + step}` }));
const letters = (...values: string[]): GradeOption[] =>
  values.map((value) => ({ value, key: `Key${value}` }));
const numbered = (...values: string[]): GradeOption[] =>
  values.map((value, place) => ({ value, key: `Digit${place + 1}` }));

/** What is graded, in the order in which it is seen; the three of Gardner follow each other: 4, A, B. */
export const GRADES: readonly Grade[] = [
  { name: 'pn_count', options: digits(0, 4) },
  { name: 'evenness', options: numbered('even', 'uneven') },
  { name: 'fragmentation', options: numbered('none', 'mild', 'severe') },
  { name: 'multinucleation', options: numbered('none', 'at_2', 'at_4', 'at_both') },
  { name: 'expansion', options: digits(1, 6) },
  { name: 'icm', options: letters('A', 'B', 'C', 'D') },
  { name: 'te', options: letters('A', 'B', 'C', 'D') },
];

export const gradeField = (name: Grade['name']): string => `grades.${name}`;

/** The option that a key chooses, with or without the number pad. */
export const optionOf = (grade: Grade, code: string): GradeOption | null =>
  grade.options.find(({ key }) => key === code.replace(/^Numpad/, 'Digit')) ?? null;
