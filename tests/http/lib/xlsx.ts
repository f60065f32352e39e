/*
 * Workbooks for tests, in the format itself: a zip archive of small XML parts. As much as the tests write
 * (text, numbers, dates, formulas, merged areas, whatever else by hand) and read back (texts, colours,
 * comments).
 */
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';

export type Cell = string | number | null | { date: number } | { formula: string; value?: string | number } | { xml: string };

export interface Part {
	path: string;
	bytes: Buffer;
}

const escape = (s: string): string => s.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

/** "A", "B", … "AA". */
export function columnName(i: number): string {
	return i < 26 ? String.fromCharCode(65 + i) : columnName(Math.floor(i / 26) - 1) + columnName(i % 26);
}

function cellXml(c: Cell, at: string): string {
	if (c === null) return '';
	if (typeof c === 'number') return `<c r="${at}"><v>${c}</v></c>`;
	if (typeof c === 'string') return `<c r="${at}" t="inlineStr"><is><t>${escape(c)}</t></is></c>`;
	if ('date' in c) return `<c r="${at}" s="1"><v>${c.date}</v></c>`;
	if ('xml' in c) return c.xml;
	const value = c.value === undefined ? '' : `<v>${escape(String(c.value))}</v>`;
	return `<c r="${at}"${typeof c.value === 'string' ? ' t="str"' : ''}><f>${escape(c.formula)}</f>${value}</c>`;
}

export function sheetXml(rows: (Cell[] | null)[], merged: string[] = [], tail = ''): string {
	const data = rows.map((row, y) =>
		row === null ? '' : `<row r="${y + 1}">${row.map((c, x) => cellXml(c, `${columnName(x)}${y + 1}`)).join('')}</row>`).join('');
	const merges = merged.length === 0 ? '' : `<mergeCells>${merged.map((m) => `<mergeCell ref="${m}"/>`).join('')}</mergeCells>`;
	return `<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${data}${tail}</sheetData>${merges}</worksheet>`;
}

export function zip(parts: Part[]): Buffer {
	const files: Buffer[] = [], directory: Buffer[] = [];
	let offset = 0;
	for (const p of parts) {
		const packed = deflateRawSync(p.bytes), name = Buffer.from(p.path);
		const fields = Buffer.alloc(26);
		fields.writeUInt16LE(20, 0);
		fields.writeUInt16LE(0x800, 2);
		fields.writeUInt16LE(8, 4);
		fields.writeUInt16LE(0x21, 8);
		fields.writeUInt32LE(crc32(p.bytes), 10);
		fields.writeUInt32LE(packed.length, 14);
		fields.writeUInt32LE(p.bytes.length, 18);
		fields.writeUInt16LE(name.length, 22);
		files.push(Buffer.from('PK\x03\x04', 'latin1'), fields, name, packed);
		const rest = Buffer.alloc(14);
		rest.writeUInt32LE(offset, 10);
		directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fields, rest, name);
		offset += 30 + name.length + packed.length;
	}
	const central = Buffer.concat(directory), end = Buffer.alloc(18);
	end.writeUInt16LE(parts.length, 4);
	end.writeUInt16LE(parts.length, 6);
	end.writeUInt32LE(central.length, 8);
	end.writeUInt32LE(offset, 12);
	return Buffer.concat([...files, central, Buffer.from('PK\x05\x06', 'latin1'), end]);
}

const relation = (id: string, type: string, target: string): string => `<Relationship Id="${id}" Type="http://example.org/${type}" Target="${target}"/>`;

/** A workbook of these sheets, given as XML. */
export function book(sheets: Record<string, string>): Buffer {
	const names = Object.keys(sheets);
	const part = (path: string, text: string): Part => ({ path, bytes: Buffer.from(text) });
	return zip([
		part('[Content_Types].xml', '<Types/>'),
		part('_rels/.rels', `<Relationships>${relation('r', 'officeDocument', 'xl/workbook.xml')}</Relationships>`),
		part('xl/workbook.xml', `<workbook xmlns:r="r"><sheets>${names.map((n, i) => `<sheet name="${escape(n)}" sheetId="${i + 1}" r:id="s${i}"/>`).join('')}</sheets></workbook>`),
		part('xl/_rels/workbook.xml.rels', `<Relationships>${names.map((_, i) => relation(`s${i}`, 'worksheet', `worksheets/sheet${i + 1}.xml`)).join('')}${relation('y', 'styles', 'styles.xml')}</Relationships>`),
		part('xl/styles.xml', '<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'),
		...names.map((n, i) => part(`xl/worksheets/sheet${i + 1}.xml`, sheets[n] as string)),
	]);
}

export const table = (rows: (Cell[] | null)[], merged: string[] = []): Buffer => book({ Sheet1: sheetXml(rows, merged) });

/** The parts of an archive, by their paths. */
export function unzip(b: Buffer): Record<string, string> {
	const end = b.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
	const parts: Record<string, string> = {};
	let at = b.readUInt32LE(end + 16);
	for (let n = b.readUInt16LE(end + 10); n > 0; n--) {
		const size = b.readUInt32LE(at + 20), name = b.readUInt16LE(at + 28), from = b.readUInt32LE(at + 42);
		const start = from + 30 + b.readUInt16LE(from + 26) + b.readUInt16LE(from + 28);
		const packed = b.subarray(start, start + size);
		parts[b.subarray(at + 46, at + 46 + name).toString()] = (b.readUInt16LE(at + 10) === 8 ? inflateRawSync(packed) : packed).toString();
		at += 46 + name + b.readUInt16LE(at + 30) + b.readUInt16LE(at + 32);
	}
	return parts;
}

export interface Read {
	text: string;
	/** Colour behind it, as RRGGBB; '' when none. */
	fill: string;
	comment: string;
}

const unescape = (s: string): string => s.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&amp;/g, '&');

/** Cells of the first sheet by their names, as our own writer writes them. */
export function readBook(b: Buffer): Record<string, Read> {
	const parts = unzip(b), cells: Record<string, Read> = {};
	const styles = parts['xl/styles.xml'] ?? '';
	const fills = [...styles.matchAll(/<fill>(.*?)<\/fill>/gs)].map((m) => /fgColor rgb="FF([0-9A-F]{6})"/.exec(m[1] as string)?.[1] ?? '');
	const formats = [...(/<cellXfs.*?<\/cellXfs>/s.exec(styles)?.[0] ?? '').matchAll(/<xf [^>]*fillId="(\d+)"/g)].map((m) => fills[Number(m[1])] ?? '');
	for (const m of (parts['xl/worksheets/sheet1.xml'] ?? '').matchAll(/<c r="([A-Z]+\d+)"([^>]*?)(?:\/>|>(.*?)<\/c>)/gs)) {
		const text = /<(?:t|v)[^>]*>(.*?)<\/(?:t|v)>/s.exec(m[3] ?? '')?.[1] ?? '';
		const style = /s="(\d+)"/.exec(m[2] as string)?.[1];
		cells[m[1] as string] = { text: unescape(text), fill: style === undefined ? '' : formats[Number(style)] ?? '', comment: '' };
	}
	for (const m of (parts['xl/comments1.xml'] ?? '').matchAll(/<comment ref="([A-Z]+\d+)".*?<t[^>]*>(.*?)<\/t>/gs)) {
		const cell = cells[m[1] as string];
		if (cell !== undefined) cell.comment = unescape(m[2] as string);
	}
	return cells;
}
