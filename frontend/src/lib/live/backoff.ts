/** How long to wait before try number `attempt` (from 0): doubling, capped, and spread so that browsers do not return together. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(500 * 2 ** attempt, 15_000);
  return ceiling / 2 + (random() * ceiling) / 2;
}
