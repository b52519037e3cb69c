/** What stands beside the keypad: what the machine found, what people remarked, and who said what when. */
export const SIDES = ['profile', 'comments', 'history'] as const;
export type Side = (typeof SIDES)[number];
