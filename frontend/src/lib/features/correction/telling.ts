import type { App } from '$lib/app.svelte';
import type { Value } from '$lib/keeping/fields';
import type { By, ContentFrom, Range } from './fields';

type Words = Pick<App, 't' | 'format'>;

/** "corrected by Anna, 12 March 14:05". */
export const byText = ({ name, at }: By, { t, format }: Words): string =>
  at === null ? t('correct.by_saving', { name }) : t('correct.by', { name, when: format.dateTime(at) });

/** What a field is called: "lattice", "A1: content". */
export function fieldText(field: string, { t }: Words): string {
  const [, place, what] = /^wells\.(.+)\.(.+)$/.exec(field) ?? [];
  if (!place) return t(field === 'layout' ? 'correct.lattice' : 'correct.frames');
  const named = { content: 'wells.content', box: 'correct.box', is_added: 'correct.is_added' } as const;
  return `${place}: ${t(what && what in named ? named[what as keyof typeof named] : 'correct.is_removed')}`;
}

/** What a field holds, as a person would say it; frames count from 1. */
export function valueText(field: string, value: Value, { t, format }: Words): string {
  if (value === null) return t('correct.machines');
  if (value === true) return t('correct.yes');
  if (field === 'layout') return String(value).replace('x', ' × ');
  if (field === 'unusable') {
    return (value as unknown as Range[])
      .map(([first, last]) => (first === last ? `${first + 1}` : `${first + 1}–${last + 1}`))
      .join(', ');
  }
  if (Array.isArray(value)) {
    return (value as unknown as ContentFrom[])
      .map(({ from_frame, content }) =>
        from_frame === 0
          ? t(`content.${content}`)
          : t('correct.content_from', { content: t(`content.${content}`), n: from_frame + 1 }),
      )
      .join(', ');
  }
  const { box } = value as unknown as { box: number[] };
  return box.map((edge) => format.number(edge)).join(', ');
}
