/** Width of the paper between its margins, in CSS pixels: A4 upright with 12 mm all around. */
const PAPER_PX = 702;
/** A higher picture would take the page from what is told about it. */
const PICTURE_PX = 420;

/** Lays pages out for paper while they are printed, in the colours of the light theme; styles/print.css says how. */
export function printAsShown(): void {
  let undo: (() => void)[] = [];
  addEventListener('beforeprint', () => {
    // What follows the window on the screen keeps the size that it has there: drawings would be stretched otherwise.
    const kept = [...document.querySelectorAll<HTMLElement>('[data-print="size"]')].map(keptSize);
    undo = [marked('data-theme', 'light'), marked('data-printing', ''), ...kept, fitted()];
  });
  addEventListener('afterprint', () => {
    for (const back of undo) back();
    undo = [];
  });
}

function marked(attribute: string, value: string): () => void {
  const root = document.documentElement;
  const before = root.getAttribute(attribute);
  root.setAttribute(attribute, value);
  return () => {
    if (before === null) root.removeAttribute(attribute);
    else root.setAttribute(attribute, before);
  };
}

/** A picture as large as it is, made smaller where the paper is narrower. */
function keptSize(element: HTMLElement): () => void {
  const { clientWidth: width, clientHeight: height } = element;
  const zoom = String(Math.min(1, PAPER_PX / Math.max(1, width), PICTURE_PX / Math.max(1, height)));
  return styled(element, { width: `${width}px`, height: `${height}px`, zoom });
}

/** The page as wide as the paper, and made smaller where a table of it is wider. */
function fitted(): () => void {
  const main = document.getElementById('main');
  if (!main) return () => undefined;
  const back = styled(main, { width: `${PAPER_PX}px`, zoom: '1' });
  const width = Math.max(PAPER_PX, main.scrollWidth);
  main.style.setProperty('width', `${width}px`);
  main.style.setProperty('zoom', String(PAPER_PX / width));
  return back;
}

// Name by name: the content policy forbids to write the whole attribute.
function styled(element: HTMLElement, styles: Record<string, string>): () => void {
  const before = Object.keys(styles).map((name) => [name, element.style.getPropertyValue(name)] as const);
  for (const [name, value] of Object.entries(styles)) element.style.setProperty(name, value);
  return () => {
    for (const [name, value] of before) element.style.setProperty(name, value);
  };
}
