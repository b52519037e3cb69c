import type { EmbryoPage } from './page.svelte';

/** Lay earlier frames so that the well stays where it is, or its shift would be all that differs. */
export function layGhosts(page: EmbryoPage, turns: () => number[]): void {
  page.dish.ghost.lay({
    turns,
    shiftOf: (from, to) => {
      const [then, now] = [page.wellAt(from), page.wellAt(to)];
      return then && now ? { dx: now.cx - then.cx, dy: now.cy - then.cy } : { dx: 0, dy: 0 };
    },
  });
}
