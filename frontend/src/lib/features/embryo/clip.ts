const MOST_FRAMES = 48;
const LEAST_FRAMES = 5;

/** The frames of a clip: those of the event, with some around a short one, and evenly fewer of a long one. */
export function clipFrames(
  first: number,
  last: number,
  frames: number,
  most: number = MOST_FRAMES,
): number[] {
  const end = Math.max(0, frames - 1);
  const [begun, done] = [Math.min(first, end), Math.min(last, end)];
  const room = Math.max(0, Math.ceil((LEAST_FRAMES - (done - begun + 1)) / 2));
  const from = Math.max(0, begun - room);
  const to = Math.max(from, Math.min(end, done + room));
  const count = Math.min(most, to - from + 1);
  if (count <= 1) return [from];
  return Array.from({ length: count }, (_, step) => from + Math.round((step * (to - from)) / (count - 1)));
}
