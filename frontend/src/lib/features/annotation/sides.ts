/** What stands beside the keypad: what the machine found, what was measured, what people remarked, and who said what when. */
export const SIDES = ['profile', 'measured', 'comments', 'history'] as const;
export type Side = (typeof SIDES)[number];
