/* Places of the small demo that its accounts hold posts at, and how they are used in tests. */
import assert from 'node:assert/strict';
import type { Client, Reply } from './client.ts';

export const district = '99010100000000000';
/** director1, duty1, board1, post1 */
export const street = '99010100100000000';
export const otherStreet = '99010100200000000';
/** secretary1, resident1 */
export const community = '99010100100100000';
/** leader1, grid1 */
export const grid = '99010100100100100';
/** A street light is out: no photo needed, led by the city-management department (dept1). */
export const lamp = 'MS30';

export const logins = ['admin', 'district', 'auditor1', 'dept1', 'director1', 'duty1', 'board1', 'post1', 'secretary1', 'leader1',
	'grid1', 'micro1', 'resident1'];

// Replies are read field by field.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

export function ok(r: Reply<Json>, status = 200): Json {
	assert.equal(r.status, status, r.text);
	return r.body;
}

/** An error reply in the one form, with this code. */
export function refused(r: Reply<Json>, status: number, code?: string, field?: string): void {
	assert.equal(r.status, status, r.text);
	assert.deepEqual(Object.keys(r.body), ['error'], r.text);
	assert.deepEqual(Object.keys(r.body.error).sort(), ['code', 'field', 'message'], r.text);
	if (code !== undefined) assert.equal(r.body.error.code, code, r.text);
	if (field !== undefined) assert.equal(r.body.error.field, field, r.text);
}

export async function report(c: Client, o: object = {}): Promise<Json> {
	return ok(await c.post('/api/events', { text: '路灯不亮', code: lamp, place: grid, ...o }), 201);
}

export async function act(c: Client, id: string, action: string, body: object = {}): Promise<Json> {
	return ok(await c.post(`/api/events/${id}/actions/${action}`, body));
}

/** Every page of a list. */
export async function all(c: Client, path: string, query: Record<string, string | number | boolean> = {}): Promise<Json[]> {
	const items: Json[] = [];
	let after: string | undefined;
	for (let i = 0; i < 1000; i++) {
		const page = ok(await c.get(path, { limit: 200, ...query, ...(after === undefined ? {} : { after }) }));
		items.push(...page.items);
		if (page.next === null || page.next === undefined) return items;
		after = page.next;
	}
	throw new Error(`${path} never ends`);
}

/** Is the place of this code the post's place or below it? Both as texts of 17 digits. */
export function below(place: string, top: string): boolean {
	return place.startsWith(top.replace(/0+$/, ''));
}
