export type Box = [x0: number, y0: number, x1: number, y1: number];

/** How a frame lies against its key frame: x' = scale · R(rotation) · x + (dx, dy), in full-frame pixels. */
export interface Placement {
  scale: number;
  rotation: number;
  dx: number;
  dy: number;
  isUsable: boolean;
  isGasOutside: boolean;
}

export const AT_REST: Placement = {
  scale: 1,
  rotation: 0,
  dx: 0,
  dy: 0,
  isUsable: true,
  isGasOutside: false,
};

/** A row as the server sends it: [scale, rotation, dx, dy, usable, gas outside]. */
export function placementOf(row: readonly number[]): Placement {
  const [scale = 1, rotation = 0, dx = 0, dy = 0, usable = 1, gas = 0] = row;
  return { scale, rotation, dx, dy, isUsable: usable === 1, isGasOutside: gas === 1 };
}

export interface Ellipse {
  cx: number;
  cy: number;
  rx: number;
  ry: number;
}

/** Where a box of the key frame lies in the placed frame, as the ellipse inside it. */
export function place([x0, y0, x1, y1]: Box, placement: Placement): Ellipse {
  const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
  const [cos, sin] = [Math.cos(placement.rotation), Math.sin(placement.rotation)];
  return {
    cx: placement.scale * (cos * x - sin * y) + placement.dx,
    cy: placement.scale * (sin * x + cos * y) + placement.dy,
    rx: (placement.scale * (x1 - x0)) / 2,
    ry: (placement.scale * (y1 - y0)) / 2,
  };
}
