import type { Parameter, Step, StepKind } from './types';

/** A step with its usual parameters. */
export const usualStep = ({ step, parameters }: StepKind): Step => ({
  step,
  ...Object.fromEntries(parameters.map(({ name, usual }) => [name, usual])),
});

/** The same steps with one moved one place earlier or later. */
export function moved(steps: readonly Step[], place: number, by: -1 | 1): Step[] {
  const next = [...steps];
  const one = next[place];
  const to = place + by;
  if (!one || to < 0 || to >= next.length) return next;
  next.splice(place, 1);
  next.splice(to, 0, one);
  return next;
}

export const without = (steps: readonly Step[], place: number): Step[] =>
  steps.filter((_, at) => at !== place);

export const changed = (steps: readonly Step[], place: number, name: Parameter, value: number): Step[] =>
  steps.map((step, at) => (at === place ? { ...step, [name]: value } : step));
