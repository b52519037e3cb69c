import { describe, expect, it } from 'vitest';
import { istanbul, scaleOf } from './scale';

describe('the line of hours', () => {
  it('ends at the half day after the last figure', () => {
    const scale = scaleOf(113.2);
    expect(scale.at(0)).toBe(0);
    expect(scale.at(120)).toBe(1);
    expect(scale.ticks).toEqual([0, 24, 48, 72, 96, 120]);
  });

  it('is a day long where there are hardly any hours', () => {
    expect(scaleOf(3).ticks).toEqual([0, 12, 24]);
  });

  it('keeps what lies beyond it at its end', () => {
    expect(scaleOf(24).at(50)).toBe(1);
  });
});

it('stands between the two published medians', () => {
  expect(istanbul({ icsi: 23, ivf: 24 })).toBe(23.5);
  expect(istanbul(null)).toBeNull();
});
