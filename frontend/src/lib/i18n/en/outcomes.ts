import type { Entry } from '../translator.svelte';

/** The words of what became of embryos and of cycles. */
export const outcomes = {
  'outcome.more': 'Second readers and outcome, incubator',
  'outcome.menu': 'Fates and outcome…',
  'outcome.title': 'What became of {dish}',
  'outcome.viewers_look': 'Viewers can look, but not change this.',
  'outcome.fates': 'Embryos',
  'outcome.all_wells': 'also wells without an embryo',
  'outcome.no_embryos': 'No embryo is known in this dish yet.',
  'outcome.when': 'When it was',
  'outcome.when_text': 'Counts for what you choose below; empty: now.',
  'outcome.decided': 'Decision',
  'outcome.fate': 'Fate',
  'outcome.fate_of': 'Fate of {place}',
  'outcome.fate.unknown': 'not told',
  'outcome.fate.transferred': 'transferred',
  'outcome.fate.frozen': 'frozen',
  'outcome.fate.discarded': 'discarded',
  'outcome.told': 'When, told by',
  'outcome.fate_overtaken':
    'Somebody told the fate of {place} meanwhile. It is shown as it is now: choose again if it is wrong.',
  'outcome.unsent': {
    one: '{n} fate could not be sent yet.',
    other: '{n} fates could not be sent yet.',
  },
  'outcome.unsent_here': 'not sent yet',
  'outcome.send_now': 'Send now',
  'outcome.cycle': 'Outcome of cycle {label}',
  'outcome.told_by': 'Told last by {name}, {when}.',
  'outcome.overtaken':
    'Somebody told of this cycle meanwhile. It is shown as it is now, with your changes upon it: check it and save again.',
  'outcome.hcg': 'hCG positive',
  'outcome.clinical_pregnancy': 'Clinical pregnancy',
  'outcome.live_birth': 'Live birth',
  'outcome.miscarriage': 'Miscarriage',
  'outcome.sacs': 'Gestational sacs',
  'outcome.wrong_sacs': 'Enter a whole number from 0 to 10, or nothing.',
  'outcome.note': 'Note',
  'outcome.not_told': 'not told',
  'outcome.yes': 'yes',
  'outcome.no': 'no',
} satisfies Record<string, Entry>;
