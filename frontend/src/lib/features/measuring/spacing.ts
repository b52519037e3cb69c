import { body } from '$lib/api/client';
import type { components } from '$lib/api/schema';
import type { App } from '$lib/app.svelte';
import { LabSettings } from '$lib/features/lab/settings.svelte';
import { typed } from '$lib/features/rules/draft';
import { tag } from '$lib/keeping/server';

type Schemas = components['schemas'];
export type Geometry = Schemas['DishGeometryOut'];
export type Changes = Record<string, { pitch_um: number; well_um: number | null } | null>;

/** A layout's figures as they are being typed, in micrometres; an empty pitch: the lab has not entered it. */
export interface Row {
  pitch: string;
  well: string;
}
export type Draft = Record<string, Row>;

/** The layouts that dishes usually have; a lab may name others. */
export const USUAL = ['3x3', '4x3', '4x4', '5x5'] as const;
const [LEAST_UM, MOST_UM] = [10, 20_000];
const LAYOUT = /^([1-9]|10)x([1-9]|10)$/;

export const isLayout = (text: string): boolean => LAYOUT.test(text);

export function draftOf({ layouts }: Geometry): Draft {
  const names = [...new Set([...USUAL, ...Object.keys(layouts)])];
  return Object.fromEntries(
    names.map((name) => {
      const entered = layouts[name];
      return [
        name,
        {
          pitch: entered ? String(entered.pitch_um) : '',
          well: entered?.well_um ? String(entered.well_um) : '',
        },
      ];
    }),
  );
}

/** Layouts whose figures cannot be. */
export const wrongIn = (draft: Draft): string[] =>
  Object.entries(draft).flatMap(([layout, { pitch, well }]) => {
    if (pitch.trim() === '') return well.trim() === '' ? [] : [layout];
    const [apart, wide] = [typed(pitch), well.trim() === '' ? null : typed(well)];
    const isWide = well.trim() === '' || (isFigure(wide) && apart !== null && wide < apart);
    return isFigure(apart) && isWide ? [] : [layout];
  });

/** What to ask of the server: only what is no longer as it was. */
export function changesOf(geometry: Geometry, draft: Draft): Changes {
  const before = draftOf(geometry);
  const changed = Object.entries(draft).filter(
    ([layout, row]) =>
      row.pitch !== (before[layout]?.pitch ?? '') || row.well !== (before[layout]?.well ?? ''),
  );
  return Object.fromEntries(
    changed.map(([layout, { pitch, well }]) => {
      const apart = typed(pitch);
      return [layout, apart === null ? null : { pitch_um: apart, well_um: typed(well) }];
    }),
  );
}

const isFigure = (value: number | null): value is number =>
  value !== null && value >= LEAST_UM && value <= MOST_UM;

/** The figures as they are now, with what was typed upon those before. */
export function carried(before: Geometry, draft: Draft, now: Geometry): Draft {
  const changed = Object.keys(changesOf(before, draft));
  return { ...draftOf(now), ...Object.fromEntries(changed.map((layout) => [layout, draft[layout] as Row])) };
}

const ROUTE = '/api/labs/{lab_id}/dish-geometry/';

/** How far apart the wells of a lab's dishes lie, and what is being typed upon it. */
export function spacingOf(app: App, lab: string): LabSettings<Geometry, Draft, Changes> {
  const path = { lab_id: lab };
  return new LabSettings(app, {
    thing: `dish-geometry/${lab}`,
    news: 'dish_geometry.changed',
    draftOf,
    carried,
    changesOf,
    wrongIn,
    read: () => body(app.api.GET(ROUTE, { params: { path } })),
    write: (version, layouts) =>
      body(app.api.PATCH(ROUTE, { params: { path, header: tag(version) }, body: { layouts } })),
  });
}
