import type { Entry } from '../translator.svelte';

/** Слова о том, что браузер хранит до отправки. */
export const keeping = {
  'kept.restored': 'Восстановлено: введено {when}.',
  'kept.discard': 'Отменить',
} satisfies Record<string, Entry>;
