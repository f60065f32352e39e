/* As much of the vector-tile format as the tests read: layers, their features' ids and properties. */
export type Value = string | number | boolean;
export interface Layer {
	name: string;
	features: Record<string, Value>[];
}

class Reader {
	private readonly b: Uint8Array;
	private at = 0;

	constructor(b: Uint8Array) {
		this.b = b;
	}

	get more(): boolean {
		return this.at < this.b.length;
	}

	varint(): bigint {
		let v = 0n;
		for (let shift = 0n; ; shift += 7n) {
			const c = this.b[this.at++];
			if (c === undefined) throw new Error('the tile is cut off');
			v |= BigInt(c & 0x7f) << shift;
			if (c < 0x80) return v;
		}
	}

	bytes(n: number): Uint8Array {
		if (this.at + n > this.b.length) throw new Error('the tile is cut off');
		this.at += n;
		return this.b.subarray(this.at - n, this.at);
	}

	/** Calls f for each field: its number and its value, bytes for the length-delimited ones. */
	each(f: (field: number, v: bigint | Uint8Array) => void): void {
		while (this.more) {
			const key = Number(this.varint());
			const wire = key & 7;
			if (wire === 0) f(key >> 3, this.varint());
			else if (wire === 1) f(key >> 3, this.bytes(8));
			else if (wire === 5) f(key >> 3, this.bytes(4));
			else f(key >> 3, this.bytes(Number(this.varint())));
		}
	}
}

function valueOf(b: Uint8Array): Value {
	let out: Value = '';
	new Reader(b).each((field, v) => {
		if (v instanceof Uint8Array) {
			const view = new DataView(v.buffer, v.byteOffset, v.length);
			if (field === 1) out = new TextDecoder().decode(v);
			else if (field === 2) out = view.getFloat32(0, true);
			else if (field === 3) out = view.getFloat64(0, true);
		} else if (field === 7) out = v === 1n;
		else if (field === 6) out = Number((v >> 1n) ^ -(v & 1n));
		else out = Number(v);
	});
	return out;
}

function featureOf(b: Uint8Array, keys: string[], values: Value[]): Record<string, Value> {
	const out: Record<string, Value> = {};
	new Reader(b).each((field, v) => {
		if (field !== 2 || !(v instanceof Uint8Array)) return;
		const tags = new Reader(v);
		while (tags.more) {
			const key = keys[Number(tags.varint())];
			const value = values[Number(tags.varint())];
			if (key === undefined || value === undefined) throw new Error('a tag names nothing');
			out[key] = value;
		}
	});
	return out;
}

function layerOf(b: Uint8Array): Layer {
	const features: Uint8Array[] = [];
	const keys: string[] = [];
	const values: Value[] = [];
	let name = '';
	new Reader(b).each((field, v) => {
		if (!(v instanceof Uint8Array)) return;
		if (field === 1) name = new TextDecoder().decode(v);
		else if (field === 2) features.push(v);
		else if (field === 3) keys.push(new TextDecoder().decode(v));
		else if (field === 4) values.push(valueOf(v));
	});
	return { name, features: features.map((f) => featureOf(f, keys, values)) };
}

export function decodeTile(b: Uint8Array): Layer[] {
	const layers: Layer[] = [];
	new Reader(b).each((field, v) => {
		if (field === 3 && v instanceof Uint8Array) layers.push(layerOf(v));
	});
	return layers;
}

/** The tiles of a zoom that cover west, south, east, north. */
export function tilesOver(box: number[], z: number): [number, number][] {
	const n = 2 ** z;
	const [w, s, e, north] = box as [number, number, number, number];
	const x = (lon: number): number => Math.floor(((lon + 180) / 360) * n);
	const y = (lat: number): number => {
		const r = (lat * Math.PI) / 180;
		return Math.floor(((1 - Math.log(Math.tan(r) + 1 / Math.cos(r)) / Math.PI) / 2) * n);
	};
	const out: [number, number][] = [];
	for (let i = x(w); i <= x(e); i++) for (let j = y(north); j <= y(s); j++) out.push([i, j]);
	return out;
}
