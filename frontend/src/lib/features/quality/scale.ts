/** Where hours lie on a line from 0 to 1, with round ticks. */
export interface Scale {
  at: (hours: number) => number;
  ticks: number[];
}

const STEP_H = 12;

/** From hour 0 to the first half day after the last figure. */
export function scaleOf(latest: number): Scale {
  const end = Math.max(2, Math.ceil(latest / STEP_H)) * STEP_H;
  const step = end > 96 ? 2 * STEP_H : STEP_H;
  return {
    at: (hours) => Math.min(Math.max(hours / end, 0), 1),
    ticks: Array.from({ length: Math.floor(end / step) + 1 }, (_, k) => k * step),
  };
}

/** The published median that a lab is held against: that of its own way of fertilising where one is plain. */
export function istanbul(median: { icsi: number; ivf: number } | null): number | null {
  return median === null ? null : (median.icsi + median.ivf) / 2;
}
