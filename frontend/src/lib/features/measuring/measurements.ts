import type { Fields, Value } from '$lib/keeping/fields';
import { sizeOf, type Kind, type Point, type Scale } from './sizes';

/** The calibration that a measurement was made by, as the server keeps it. */
export type KeptCalibration = { [name: string]: Value };

export interface Measurement {
  id: string;
  kind: Kind;
  frame: number;
  plane: number;
  points: Point[];
  label: string;
  /** Null: the lab had not entered how far its wells lie apart. */
  um: number | null;
  um2: number | null;
  calibration: KeptCalibration | null;
}

const KINDS: readonly string[] = ['line', 'circle', 'polygon'];

export const measurementField = (id: string): string => `measurements.${id}`;

/** What a reading measures, in order of frames. */
export function measurementsOf(fields: Fields): Measurement[] {
  const found = Object.entries(fields).flatMap(([field, value]) => {
    const [group, id] = field.split('.');
    return group === 'measurements' && id ? (read(id, value) ?? []) : [];
  });
  return found.sort((a, b) => a.frame - b.frame || (a.id < b.id ? -1 : 1));
}

/** The field's value: what was drawn, and by which calibration; its sizes are shown until the server has reckoned its own. */
export function valueOf(one: Omit<Measurement, 'id' | 'um' | 'um2'>): Value {
  const size = one.calibration && sizeOf(one.kind, one.points, scaleOf(one.calibration));
  return {
    kind: one.kind,
    frame_index: one.frame,
    plane: one.plane,
    points: one.points.map(([x, y]) => [x, y]),
    label: one.label,
    um: size ? hundredth(size.length) : null,
    um2: size && size.area !== null ? hundredth(size.area) : null,
    calibration: one.calibration,
  };
}

/** A name that no other measurement of anybody has. */
export const freshId = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(36)).join('');

function read(id: string, value: Value): Measurement | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const { kind, frame_index, plane, points, label, um, um2, calibration } = value;
  if (typeof kind !== 'string' || !KINDS.includes(kind) || !Array.isArray(points)) return null;
  return {
    id,
    kind: kind as Kind,
    frame: Number(frame_index),
    plane: Number(plane),
    points: points.flatMap((point): Point[] =>
      Array.isArray(point) ? [[Number(point[0]), Number(point[1])]] : [],
    ),
    label: typeof label === 'string' ? label : '',
    um: typeof um === 'number' ? um : null,
    um2: typeof um2 === 'number' ? um2 : null,
    calibration:
      typeof calibration === 'object' && !Array.isArray(calibration) ? (calibration ?? null) : null,
  };
}

const scaleOf = ({ um_per_px_x, um_per_px_y }: KeptCalibration): Scale => [
  Number(um_per_px_x),
  Number(um_per_px_y),
];

const hundredth = (value: number): number => Math.round(value * 100) / 100;
