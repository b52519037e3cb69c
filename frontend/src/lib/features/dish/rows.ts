import type { ContentName, WellValue } from '$lib/api/types';
import type { By } from '$lib/features/correction/fields';
import type { DishState } from '$lib/live/dish';
import { contentsAt, latestAt } from './marks';

/** One well as the table shows it at a frame. */
export interface WellRow {
  name: string;
  content: ContentName;
  confidence: number;
  /** The frame from which on it holds this. */
  since: number | null;
  alerts: number;
  isFilledIn: boolean;
  /** Who put its place or what it holds right; null: the machine's. */
  boxBy: By | null;
  contentBy: By | null;
}

/** The wells of the dish with what they hold at a frame; before anything was found, as last known. */
export function wellRows(
  state: Pick<DishState, 'wells' | 'key_frames' | 'content_changes' | 'alerts'>,
  frame: number,
): WellRow[] {
  const contents = contentsAt(state, frame);
  const key = latestAt(state.key_frames, frame) ?? state.key_frames[0];
  // A recording may change its dish: the wells are those of the frame, unless nothing could be seen there.
  const wells = key && key.wells.length > 0 ? key.wells : state.wells;
  const found = new Map((key?.wells ?? []).map((well) => [place(well), well]));
  return wells.map((well) => {
    const said = contents.get(place(well)) ?? found.get(place(well)) ?? well;
    const change = contents.get(place(well));
    return {
      name: well.name,
      content: said.content,
      confidence: said.confidence,
      since: change?.frame_index ?? state.key_frames[0]?.frame_index ?? null,
      alerts: state.alerts.filter((alert) => alert.place === well.name).length,
      isFilledIn: well.is_filled_in,
      boxBy: null,
      contentBy: null,
    };
  });
}

const place = ({ row, column }: Pick<WellValue, 'row' | 'column'>): string => `${row}.${column}`;
