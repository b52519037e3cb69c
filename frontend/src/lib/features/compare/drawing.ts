import type { Ellipse } from '$lib/features/dish/geometry';
import { ROOM } from '$lib/features/embryo/filmstrip';

interface Size {
  width: number;
  height: number;
}

/** A square of the picture, in the bitmap's own pixels. */
export interface Cut {
  x: number;
  y: number;
  side: number;
}

/** Where a well lies in a bitmap that may be a smaller rendering of the picture. */
export function cutOf(well: Ellipse, picture: Size, bitmap: Size): Cut {
  const scale = bitmap.width / picture.width;
  const half = ROOM * Math.max(well.rx, well.ry, 1);
  return { x: (well.cx - half) * scale, y: (well.cy - half) * scale, side: 2 * half * scale };
}

/** Draw one well so that it fills the canvas. */
export function drawWell(context: CanvasRenderingContext2D, bitmap: ImageBitmap, cut: Cut): void {
  const { width, height } = context.canvas;
  context.fillStyle = '#050607';
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, cut.x, cut.y, cut.side, cut.side, 0, 0, width, height);
}
