/* Where the map shows the buildings of a plan: it opens with all of them in sight. */
import type { Json } from '../http/lib/district.ts';

export type Point = [x: number, y: number];

/* What the page leaves free around them. */
const pad = { top: 50, right: 60, bottom: 50, left: 50 };
const tile = 512, closest = 18;

function mercator(lon: number, lat: number): [number, number] {
	return [(lon + 180) / 360, 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI)];
}

/** Pixels of the page for each cell, with the map's box on it. */
export function pixels(cells: Json[], box: { x: number; y: number; width: number; height: number }): Point[] {
	const at = cells.map((c) => mercator(c.lon, c.lat));
	const [xs, ys] = [at.map((p) => p[0]), at.map((p) => p[1])];
	const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
	const wide = box.width - pad.left - pad.right, high = box.height - pad.top - pad.bottom;
	const scale = Math.min(wide / (x1 - x0), high / (y1 - y0), tile * 2 ** closest);
	const cx = box.x + pad.left + wide / 2, cy = box.y + pad.top + high / 2;
	return at.map(([x, y]) => [cx + (x - (x0 + x1) / 2) * scale, cy + (y - (y0 + y1) / 2) * scale]);
}
