import { describe, expect, it } from 'vitest';
import { shownState } from './live_state';

describe('what the badge says of the connection', () => {
  it('never says live on a computer without a network, though its socket has not noticed yet', () => {
    expect(shownState('live', true)).toBe('reconnecting');
    expect(shownState('polling', true)).toBe('reconnecting');
  });

  it('tells the connection as it is where there is a network', () => {
    expect(shownState('live', false)).toBe('live');
    expect(shownState('polling', false)).toBe('polling');
  });
});
