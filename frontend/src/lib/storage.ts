const PREFIX = 'embryovision.';

/** What this browser remembers for itself; a browser that forbids storage simply forgets. */
export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    // Full or forbidden: the page works, the next visit starts afresh.
  }
}
