// A classic script of its own file: it runs before the first paint, so a light page never flashes dark.
try {
  document.documentElement.dataset.theme =
    localStorage.getItem('embryovision.theme') === 'light' ? 'light' : 'dark';
} catch {
  document.documentElement.dataset.theme = 'dark';
}
