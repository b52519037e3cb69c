export type GhostMode = 'none' | 'onion' | 'difference';

interface Laying {
  /** Frames at which something begins. */
  turns: () => number[];
  /** How far what is looked at moved from one frame to another, in picture pixels. */
  shiftOf: (from: number, to: number) => { dx: number; dy: number };
}

/** The frame that another one is compared with: the last onset before it, where there is one, or the frame before. */
export function ghostFrame(mode: GhostMode, frame: number, turns: readonly number[]): number | null {
  if (mode === 'none' || frame === 0) return null;
  const before = turns.filter((turn) => turn < frame);
  return mode === 'onion' && before.length > 0 ? Math.max(...before) : frame - 1;
}

/** An earlier frame laid over the one that is shown, half transparent or as what differs. */
export class Ghost {
  mode = $state<GhostMode>('none');
  #laying = $state.raw<Laying>({ turns: () => [], shiftOf: () => ({ dx: 0, dy: 0 }) });
  readonly frame: number | null = $derived.by(() => ghostFrame(this.mode, this.here(), this.#laying.turns()));

  constructor(private readonly here: () => number) {}

  lay(laying: Laying): void {
    this.#laying = laying;
  }

  toggle(mode: GhostMode): void {
    this.mode = this.mode === mode ? 'none' : mode;
  }

  /** By how much the other frame is moved so that what is looked at lies in the same place. */
  shift(): { dx: number; dy: number } {
    return this.frame === null ? { dx: 0, dy: 0 } : this.#laying.shiftOf(this.frame, this.here());
  }
}
