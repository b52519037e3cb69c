const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Local midnight at which a day of the address begins, `days` later, as the server reads it; null for anything else. */
export function midnight(day: string, days = 0): string | null {
  if (!DAY.test(day)) return null;
  const [year, month, date] = day.split('-').map(Number) as [number, number, number];
  const at = new Date(year, month - 1, date + days);
  const isReal = new Date(year, month - 1, date).getDate() === date && month >= 1 && month <= 12;
  return isReal ? at.toISOString() : null;
}
