import type { Entry } from '../translator.svelte';

/** Слова о том, что стало с эмбрионами и циклами. */
export const outcomes = {
  'outcome.more': 'Вторая разметка и исход',
  'outcome.menu': 'Судьба эмбрионов и исход…',
  'outcome.title': 'Что стало с чашкой {dish}',
  'outcome.viewers_look': 'Наблюдатели могут смотреть, но не менять.',
  'outcome.fates': 'Эмбрионы',
  'outcome.all_wells': 'и лунки без эмбриона',
  'outcome.no_embryos': 'В этой чашке эмбрионы ещё неизвестны.',
  'outcome.when': 'Когда это было',
  'outcome.when_text': 'Относится к тому, что вы выберете ниже; пусто: сейчас.',
  'outcome.decided': 'Решение',
  'outcome.fate': 'Судьба',
  'outcome.fate_of': 'Судьба эмбриона {place}',
  'outcome.fate.unknown': 'не указана',
  'outcome.fate.transferred': 'перенесён',
  'outcome.fate.frozen': 'заморожен',
  'outcome.fate.discarded': 'утилизирован',
  'outcome.told': 'Когда, кто указал',
  'outcome.fate_overtaken':
    'Кто-то тем временем указал судьбу эмбриона {place}. Она показана как сейчас: если это неверно, выберите снова.',
  'outcome.cycle': 'Исход цикла {label}',
  'outcome.told_by': 'Последние сведения: {name}, {when}.',
  'outcome.overtaken':
    'Кто-то тем временем изменил исход цикла. Он показан как сейчас, с вашими изменениями поверх: проверьте и сохраните ещё раз.',
  'outcome.hcg': 'ХГЧ положительный',
  'outcome.clinical_pregnancy': 'Клиническая беременность',
  'outcome.live_birth': 'Живорождение',
  'outcome.miscarriage': 'Выкидыш',
  'outcome.sacs': 'Плодные яйца',
  'outcome.wrong_sacs': 'Введите целое число от 0 до 10 или ничего.',
  'outcome.note': 'Примечание',
  'outcome.not_told': 'не указано',
  'outcome.yes': 'да',
  'outcome.no': 'нет',
} satisfies Record<string, Entry>;
