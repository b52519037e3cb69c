import type { Entry } from '../translator.svelte';

/** The words of reports and of printing. */
export const reports = {
  'reports.export': 'Report and export',
  'reports.pdf': 'Report as PDF',
  'reports.cycle_pdf': 'Report on the whole cycle as PDF',
  'reports.xlsx': 'Report as XLSX',
  'reports.csv': 'Report as CSV',
  'reports.json': 'Report as JSON',
  'reports.printed': 'Printed by {name}, {when}',
  'reports.print': 'Print this page',
  'reports.writing': 'Writing the report…',
  'reports.pictures': 'Report: {done} of {wanted} pictures',
  'reports.give_up': 'Give the report up',
  'reports.saved': 'The report was saved.',
} satisfies Record<string, Entry>;
