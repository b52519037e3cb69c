import type { LiveState } from '$lib/live/client.svelte';

/** What to tell of the connection; a socket may take a minute to notice that its network is gone, the browser knows at once. */
export const shownState = (state: LiveState, isOffline: boolean): LiveState =>
  isOffline && (state === 'live' || state === 'polling') ? 'reconnecting' : state;
