/** Width of the paper between its margins, in CSS pixels: A4 across with 10 mm all around. */
const PAPER_PX = 1046;

/** Prints pages as they stand on the screen: their sizes kept, their colours those of the light theme. */
export function printAsShown(): void {
  let undo: (() => void)[] = [];
  addEventListener('beforeprint', () => {
    undo = [inLight(), ...keptSizes(), fitted()];
  });
  addEventListener('afterprint', () => {
    for (const back of undo) back();
    undo = [];
  });
}

function inLight(): () => void {
  const { dataset } = document.documentElement;
  const theme = dataset['theme'];
  dataset['theme'] = 'light';
  return () => {
    if (theme) dataset['theme'] = theme;
    else delete dataset['theme'];
  };
}

/** What follows the window's height on the screen would follow the paper's instead, and drawings would be stretched. */
function keptSizes(): (() => void)[] {
  const pictures = [...document.querySelectorAll<HTMLElement>('[data-print="size"]')].map((element) =>
    styled(element, { width: `${element.clientWidth}px`, height: `${element.clientHeight}px` }),
  );
  const columns = [...document.querySelectorAll<HTMLElement>('[data-print="columns"]')].map((element) =>
    styled(element, { 'grid-template-columns': getComputedStyle(element).gridTemplateColumns }),
  );
  return [...pictures, ...columns];
}

function fitted(): () => void {
  const main = document.getElementById('main');
  if (!main) return () => undefined;
  const width = main.clientWidth;
  return styled(main, { width: `${width}px`, zoom: String(Math.min(1, PAPER_PX / width)) });
}

function styled(element: HTMLElement, styles: Record<string, string>): () => void {
  const before = element.getAttribute('style');
  for (const [name, value] of Object.entries(styles)) element.style.setProperty(name, value);
  return () => {
    if (before === null) element.removeAttribute('style');
    else element.setAttribute('style', before);
  };
}
