/* What is measured with, and the figures as they come. */
import { load } from './machine.ts';

const number = (name: string, usual: number): number => Number(process.env[name] ?? usual);
export const sizes = (process.env.SIZES ?? '10000,1000000').split(',').map(Number);
export const large = Math.max(...sizes);
export const small = Math.min(...sizes);
export const seconds = number('SECONDS', 10);
export const rounds = number('ROUNDS', 3);
export const clients = number('CLIENTS', 64);

export interface Row {
	figure: string;
	events?: number;
	value: number;
	unit: string;
	reference?: string;
	ratio?: number;
	goal?: string;
	note?: string;
	load: string;
}
export const rows: Row[] = [];

export function say(r: Omit<Row, 'load'>): void {
	rows.push({ ...r, load: load() });
	const name = r.events === undefined ? r.figure : `${r.figure} at ${r.events.toLocaleString('en')}`;
	const ratio = r.ratio === undefined ? '' : `, ${r.ratio.toFixed(2)} of ${r.reference}`;
	console.log(`${name}: ${r.value.toLocaleString('en')} ${r.unit}${ratio}${r.goal ? ` (goal ${r.goal})` : ''}${r.note ? `; ${r.note}` : ''}; load ${load()}`);
}

export const round = (n: number, digits = 0): number => Number(n.toFixed(digits));

/** x and y of the tile that holds a point. */
export function tile(lon: number, lat: number, z: number): string {
	const n = 2 ** z, r = (lat * Math.PI) / 180;
	return `${z}/${Math.floor(((lon + 180) / 360) * n)}/${Math.floor(((1 - Math.log(Math.tan(r) + 1 / Math.cos(r)) / Math.PI) / 2) * n)}`;
}
