import type { PhaseName, ProfileValue } from '$lib/api/types';
import { coarseName, coarseOf, PHASES, stageShort } from '$lib/features/phases/stages';
import type { Key } from '$lib/i18n/translator.svelte';
import { nameOf, type Item } from './address';
import { cutOf } from './drawing';
import type { ComparePage } from './page.svelte';
import type { Picture } from './painter';
import type { Ranked } from './ranking';
import type { Recording } from './recording.svelte';
import type { Reach } from './timetable';
import type { Compared, Decision, EffectiveOnset } from './types';

/** Why a tile shows no picture of the page's hour. */
export type Standing = 'loading' | 'failed' | 'no_recording' | 'no_well' | 'not_synced' | 'pending' | Reach;

export interface Onset extends EffectiveOnset {
  phase: PhaseName;
}

/** One embryo among those compared: its recording, what is said of it, and the picture of the page's hour. */
export class Embryo implements Ranked {
  readonly name: string;
  readonly place: Ranked['place'];
  readonly decision: string;
  readonly onsets: ReadonlyMap<string, number | null>;
  readonly scores: ReadonlyMap<string, number | null>;
  /** What counts of it, in order of time. */
  readonly course: readonly Onset[];

  constructor(
    private readonly page: ComparePage,
    readonly item: Item,
    readonly recording: Recording | null,
    readonly told: Compared | null,
    readonly decided: Decision | null,
  ) {
    this.name = nameOf(item);
    this.decision = decided?.value ?? 'undecided';
    this.place = this.#place();
    this.course = courseOf(told);
    this.onsets = new Map(this.course.map((onset) => [onset.phase, this.hourOf(onset)]));
    this.scores = new Map((told?.scores ?? []).map(({ rule_set, value }) => [rule_set, value]));
  }

  /** The coarse stage that the machine means by an onset; null where it can tell the phase, or a person told it. */
  coarseOf({ phase, source }: Onset, t: (key: Key) => string): string | null {
    return source === 'machine' && this.#profile?.is_coarse ? coarseName(coarseOf(phase), t) : null;
  }

  nameOf(onset: Onset, t: (key: Key) => string): string {
    return this.coarseOf(onset, t) ?? stageShort(onset.phase, t);
  }

  /** Whether the phase had begun before the recording, as far as the machine can tell. */
  isCensored({ phase, source }: Onset): boolean {
    return (
      source === 'machine' && (this.#profile?.onsets.find((one) => one.phase === phase)?.is_censored ?? false)
    );
  }

  get isHidden(): boolean {
    return this.told?.effective?.is_hidden ?? false;
  }

  get label(): string {
    return this.recording?.state?.dish.label ?? this.told?.dish_label ?? '';
  }

  get isSynced(): boolean {
    return this.recording?.clock.kind === this.page.kind;
  }

  /** The frame that belongs to the page's hour. */
  get frame(): number {
    return this.isSynced ? (this.recording?.timetable.at(this.page.sync.hour).frame ?? 0) : 0;
  }

  get standing(): Standing {
    const { recording } = this;
    if (!recording || recording.refusal) return recording ? 'failed' : 'loading';
    if (!recording.state) return 'loading';
    if (!recording.frames) return 'no_recording';
    if (!recording.wellAt(this.item.place, 0)) return 'no_well';
    if (!this.isSynced) return 'not_synced';
    const { frame, reach } = recording.timetable.at(this.page.sync.hour);
    if (reach !== 'within') return reach;
    void recording.frames.version;
    return recording.frames.best(recording.key(frame, 0)) ? 'within' : 'pending';
  }

  /** The address of its own page, at the frame that is shown. */
  get address(): string {
    const frame = this.frame > 0 ? `?frame=${this.frame}` : '';
    return `/dishes/${this.item.dish}/wells/${encodeURIComponent(this.item.place)}${frame}`;
  }

  /** When an onset was, on the scale that all are laid side by side by. */
  hourOf({ frame_index, hours_post_insemination }: EffectiveOnset): number | null {
    if (!this.isSynced) return hours_post_insemination;
    return this.page.kind === 'frames'
      ? frame_index
      : (this.recording?.clock.at(frame_index) ?? hours_post_insemination);
  }

  /** What to draw for the page's hour; null while it is on its way. */
  readonly picture = (): Picture | null => {
    const { recording, frame } = this;
    const { stack, frames } = recording ?? {};
    if (!recording || !stack || !frames) return null;
    const key = recording.key(frame, this.page.widthOf(recording));
    const bitmap = frames.get(key) ?? frames.best(key);
    const well = recording.wellAt(this.item.place, frame);
    if (!bitmap || !well) return null;
    return { bitmap, cut: cutOf(well, { width: stack.width_px, height: stack.height_px }, bitmap) };
  };

  get #profile(): ProfileValue | null {
    return this.recording?.state?.profiles.find(({ name }) => name === this.item.place) ?? null;
  }

  #place(): Ranked['place'] {
    const { dish, place } = this.item;
    const known = this.recording?.state?.wells.find(({ name }) => name === place);
    return { dish: this.label || dish, row: known?.row ?? 0, column: known?.column ?? 0 };
  }
}

function courseOf(told: Compared | null): Onset[] {
  const onsets = told?.effective?.is_hidden ? {} : (told?.effective?.onsets ?? {});
  return PHASES.flatMap((phase) => {
    const onset = onsets[phase];
    return onset ? [{ ...onset, phase }] : [];
  }).sort((a, b) => a.frame_index - b.frame_index);
}
