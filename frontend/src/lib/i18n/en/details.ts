import type { Entry } from '../translator.svelte';

/** What the server tells of an event, a doubt or an alert beyond its kind. */
export const details = {
  'detail.one_to_three': 'from one cell to three in {hours} h',
  'detail.two_to_five': 'from two cells to five in {hours} h',
  'detail.fewer_cells': '{cells} cells fewer, for hours',
  'detail.compaction': 'compaction begins before eight cells, for {hours} h',
  'detail.collapse': 'the cavity falls from {from} to {to}',
  'detail.reexpansion': 'the cavity is back at {to} after {hours} h',
  'detail.arrest': '{phase} for {hours} h without a new phase',
  'detail.unreadable': {
    one: '{n} frame cannot be read: out of focus, hidden, or dark',
    other: '{n} frames cannot be read: out of focus, hidden, or dark',
  },
  'detail.emptied': 'the well is empty from here on',
  'detail.no_embryo': 'the well holds no embryo from here on',
  'detail.no_pronuclei': 'pronuclei not observed: the recording begins after they faded',
  'detail.gas': 'a gas bubble lies in the well',
  'detail.mild': 'mild: about {share} of the volume in fragments',
  'detail.severe': 'severe: about {share} of the volume in fragments',
  'detail.entropy': {
    one: 'mean entropy of {n} frame {value}',
    other: 'mean entropy of {n} frames {value}',
  },
  'detail.disagreement': {
    one: '{some} of {n} frame says otherwise alone',
    other: '{some} of {n} frames say otherwise alone',
  },
  'detail.onset_hours': '{phase} lies within {width} h, seen with {sure}',
  'detail.onset_frames': {
    one: '{phase} lies within {n} frame, seen with {sure}',
    other: '{phase} lies within {n} frames, seen with {sure}',
  },
  'detail.content': 'what the well holds was seen with {sure}',
  'detail.novelty': '{phase} at {hours} h, usually at {usual} h',
  'detail.stray': 'a well at x {x}, y {y} belongs to no place of the dish',
  'detail.frame_unreadable': 'frame {frame} shows no dish that can be read',
  'detail.frames_unreadable': 'frames {from} to {to} show no dish that can be read',
  'detail.blank': 'the picture is blank',
  'detail.no_wells': 'no wells are seen',
  'detail.few_wells': {
    one: 'only {n} well is seen, too few to name',
    other: 'only {n} wells are seen, too few to name',
  },
  'detail.no_grid': { one: 'the {n} well seen forms no grid', other: 'the {n} wells seen form no grid' },
  'detail.other_dish': {
    one: 'the {n} well seen is not the dish seen before',
    other: 'the {n} wells seen are not the dish seen before',
  },
} satisfies Record<string, Entry>;
