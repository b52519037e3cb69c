import type { App } from '$lib/app.svelte';
import type { Command } from '$lib/keys/commands.svelte';

/** The commands that every page has. */
export function everywhere(app: App, open: (what: 'keys' | 'palette') => void): Command[] {
  const go = (address: string) => (): void => app.router.go(address);
  const commands: Command[] = [
    {
      id: 'palette',
      title: 'palette.title',
      group: 'everywhere',
      keys: ['Ctrl+KeyK'],
      run: () => open('palette'),
    },
    { id: 'keys', title: 'keys.title', group: 'everywhere', keys: ['Shift+Slash'], run: () => open('keys') },
    { id: 'go.dishes', title: 'nav.dishes', group: 'go', keys: ['Alt+Digit1'], run: go('/') },
    {
      id: 'go.upload',
      title: 'nav.upload',
      group: 'go',
      keys: ['Alt+Digit2'],
      run: go('/upload'),
      isEnabled: () => app.may('embryologist'),
    },
    { id: 'go.weights', title: 'nav.weights', group: 'go', keys: ['Alt+Digit3'], run: go('/weights') },
    {
      id: 'go.lab',
      title: 'nav.lab',
      group: 'go',
      keys: ['Alt+Digit4'],
      run: go('/lab'),
      isEnabled: () => app.lab !== null,
    },
    { id: 'go.settings', title: 'nav.settings', group: 'go', keys: ['Alt+Digit5'], run: go('/settings') },
    {
      id: 'go.review',
      title: 'nav.review',
      group: 'go',
      keys: ['Alt+Digit6'],
      run: go('/review'),
      isEnabled: () => app.lab !== null,
    },
    {
      id: 'go.compare',
      title: 'nav.compare',
      group: 'go',
      keys: ['Alt+Digit7'],
      run: go('/compare'),
      isEnabled: () => app.lab !== null,
    },
    {
      id: 'go.quality',
      title: 'nav.quality',
      group: 'go',
      keys: ['Alt+Digit8'],
      run: go('/lab/quality'),
      isEnabled: () => app.lab !== null,
    },
    {
      id: 'go.labels',
      title: 'nav.labels',
      group: 'go',
      keys: ['Alt+Digit9'],
      run: go('/labels'),
      isEnabled: () => app.lab !== null,
    },
    {
      id: 'go.data_sets',
      title: 'nav.data_sets',
      group: 'go',
      keys: ['Alt+Digit0'],
      run: go('/data-sets'),
      isEnabled: () => app.lab !== null,
    },
    {
      id: 'go.training',
      title: 'nav.training',
      group: 'go',
      run: go('/training'),
      isEnabled: () => app.lab !== null,
    },
    {
      id: 'go.rules',
      title: 'nav.rules',
      group: 'go',
      run: go('/lab/rules'),
      isEnabled: () => app.lab !== null,
    },
    { id: 'go.audit', title: 'nav.audit', group: 'go', run: go('/audit'), isEnabled: () => app.may('admin') },
    {
      id: 'go.labs',
      title: 'nav.labs',
      group: 'go',
      run: go('/labs'),
      isEnabled: () => app.user?.is_instance_admin ?? false,
    },
    {
      id: 'theme',
      title: 'command.theme',
      group: 'everywhere',
      run: () => void savePreference(app, { theme: app.theme === 'dark' ? 'light' : 'dark' }),
    },
    {
      id: 'language',
      title: 'command.language',
      group: 'everywhere',
      run: () => void savePreference(app, { language: app.words.language === 'en' ? 'ru' : 'en' }),
    },
    { id: 'sign_out', title: 'command.sign_out', group: 'everywhere', run: () => void app.signOut() },
  ];
  return commands;
}

type Preference = { theme: 'dark' | 'light' } | { language: 'en' | 'ru' };

/** Apply at once, and keep it with the person so that it follows them to the next computer. */
export async function savePreference(app: App, preference: Preference): Promise<void> {
  if ('theme' in preference) app.setTheme(preference.theme);
  else app.setLanguage(preference.language);
  try {
    await app.changeMe(preference);
  } catch (error) {
    app.report(error);
  }
}
