import type { reports as english } from '../en/reports';
import type { Entry } from '../translator.svelte';

export const reports = {
  'reports.export': 'Отчёт и выгрузка',
  'reports.pdf': 'Отчёт в PDF',
  'reports.cycle_pdf': 'Отчёт обо всём цикле в PDF',
  'reports.xlsx': 'Отчёт в XLSX',
  'reports.csv': 'Отчёт в CSV',
  'reports.json': 'Отчёт в JSON',
  'reports.printed': 'Напечатал(а) {name}, {when}',
  'reports.print': 'Напечатать эту страницу',
  'reports.writing': 'Отчёт составляется…',
  'reports.pictures': 'Отчёт: снимков {done} из {wanted}',
  'reports.give_up': 'Не ждать отчёта',
  'reports.saved': 'Отчёт сохранён.',
} satisfies Record<keyof typeof english, Entry>;
