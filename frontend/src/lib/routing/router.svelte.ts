/** The address bar as state: pages read `path` and `query`, links and code change them. */
export class Router {
  url = $state.raw(new URL(location.href));
  readonly path = $derived(this.url.pathname);
  readonly query = $derived(this.url.searchParams);
  #stops: (() => void)[] = [];

  /** Follow the browser's own moves and clicks on links within the product. */
  start(): void {
    const onMove = (): void => void (this.url = new URL(location.href));
    const onClick = (event: MouseEvent): void => this.#onClick(event);
    addEventListener('popstate', onMove);
    addEventListener('hashchange', onMove);
    document.addEventListener('click', onClick);
    this.#stops = [
      () => removeEventListener('popstate', onMove),
      () => removeEventListener('hashchange', onMove),
      () => document.removeEventListener('click', onClick),
    ];
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  go(address: string, { replace = false }: { replace?: boolean } = {}): void {
    const next = new URL(address, location.href);
    if (replace) history.replaceState(null, '', next);
    else if (next.href !== location.href) history.pushState(null, '', next);
    this.url = next;
  }

  /** Change some query values of this page; an empty one leaves the address. Moves no history entry unless asked. */
  setQuery(values: Record<string, string | number | null>, { push = false }: { push?: boolean } = {}): void {
    const next = new URL(location.href);
    for (const [name, value] of Object.entries(values)) {
      if (value === null || value === '') next.searchParams.delete(name);
      else next.searchParams.set(name, String(value));
    }
    if (next.href !== location.href) this.go(next.href, { replace: !push });
  }

  #onClick(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest('a');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (/^\/(api|media)\//.test(link.pathname)) return;
    if (link.pathname === location.pathname && link.hash) return; // a jump within the page
    event.preventDefault();
    this.go(link.href);
  }
}
