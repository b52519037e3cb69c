import type { App } from '$lib/app.svelte';
import type { Key } from '$lib/i18n/translator.svelte';

type Words = Pick<App, 't' | 'format' | 'words'>;

/** The server's sentences about events, doubts and alerts, with their figures. It speaks English; these keys say the same. */
const SENTENCES: readonly [Key, RegExp][] = [
  ['detail.one_to_three', /^from one cell to three in (?<hours>[\d.]+) h$/],
  ['detail.two_to_five', /^from two cells to five in (?<hours>[\d.]+) h$/],
  ['detail.fewer_cells', /^(?<cells>[\d.]+) cells fewer, for hours$/],
  ['detail.compaction', /^compaction begins before eight cells, for (?<hours>[\d.]+) h$/],
  ['detail.collapse', /^the cavity falls from (?<from>[\d.]+%) to (?<to>[\d.]+%)$/],
  ['detail.reexpansion', /^the cavity is back at (?<to>[\d.]+%) after (?<hours>[\d.]+) h$/],
  ['detail.arrest', /^(?<phase>\S+) for (?<hours>[\d.]+) h without a new phase$/],
  ['detail.unreadable', /^(?<n>\d+) frames cannot be read: out of focus, hidden, or dark$/],
  ['detail.emptied', /^the well is empty from here on$/],
  ['detail.no_embryo', /^the well holds no embryo from here on$/],
  ['detail.no_pronuclei', /^pronuclei not observed: the recording begins after they faded$/],
  ['detail.gas', /^a gas bubble lies in the well$/],
  ['detail.mild', /^mild: about (?<share>[\d.]+%) of the volume in fragments$/],
  ['detail.severe', /^severe: about (?<share>[\d.]+%) of the volume in fragments$/],
  ['detail.entropy', /^mean entropy of (?<n>\d+) frames (?<value>[\d.]+)$/],
  ['detail.disagreement', /^(?<some>\d+) of (?<n>\d+) frames say otherwise alone$/],
  ['detail.onset_hours', /^(?<phase>\S+) lies within (?<width>[\d.]+) h, seen with (?<sure>[\d.]+%)$/],
  ['detail.onset_frames', /^(?<phase>\S+) lies within (?<n>[\d.]+) frames, seen with (?<sure>[\d.]+%)$/],
  ['detail.content', /^what the well holds was seen with (?<sure>[\d.]+%)$/],
  ['detail.novelty', /^(?<phase>\S+) at (?<hours>[\d.]+) h, usually at (?<usual>[\d.]+) h$/],
  ['detail.stray', /^a well at x (?<x>\d+), y (?<y>\d+) belongs to no place of the dish$/],
  ['detail.frame_unreadable', /^frame (?<frame>\d+) shows no dish that can be read$/],
  ['detail.frames_unreadable', /^frames (?<from>\d+) to (?<to>\d+) show no dish that can be read$/],
  ['detail.blank', /^the picture is blank$/],
  ['detail.no_wells', /^no wells are seen$/],
  ['detail.few_wells', /^only (?<n>\d+) wells? (?:is|are) seen, too few to name$/],
  ['detail.no_grid', /^the (?<n>\d+) wells seen form no grid$/],
  ['detail.other_dish', /^the (?<n>\d+) wells seen are not the dish seen before$/],
];
/** Counted from 0 by the server, and from 1 by everybody who reads them. */
const FRAME_KEYS: ReadonlySet<Key> = new Set<Key>(['detail.frame_unreadable', 'detail.frames_unreadable']);

/** What the server told beyond the kind, in the reader's language; a sentence that is not known is told in English or not at all. */
export function detailText(detail: string, { t, format, words }: Words): string {
  for (const [key, sentence] of SENTENCES) {
    const told = sentence.exec(detail);
    if (told) return t(key, figuresOf(told.groups ?? {}, FRAME_KEYS.has(key), format));
  }
  return words.language === 'en' ? detail : '';
}

function figuresOf(
  groups: Record<string, string>,
  areFrames: boolean,
  format: Words['format'],
): Record<string, string | number> {
  const written = (name: string, text: string): string | number => {
    if (text.endsWith('%')) return format.percent(Number(text.slice(0, -1)) / 100);
    const value = Number(text);
    if (!Number.isFinite(value)) return text;
    if (areFrames) return String(value + 1);
    // A number of things chooses the form of the words.
    return name === 'n' ? value : format.number(value, text.split('.')[1]?.length ?? 0);
  };
  return Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, written(name, text)]));
}
