/* The grid planner on the desk: a plan is changed by keyboard, handed in, and seen in force, on both sizes. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { community, grid, type Json, ok } from '../http/lib/district.ts';
import type { Client } from '../http/lib/client.ts';
import { assertSound, desktop, inBrowser, phone, settled, useSite } from './lib.ts';
import { pixels, type Point } from './planner-pixels.ts';

const site = useSite();

/* A building of the first part is taken into the second. */
async function dragged(page: Page, who: Client, sheetPath: string, by: (page: Page, from: Point, to: Point) => Promise<void>): Promise<void> {
	const { cells } = ok(await who.get(sheetPath));
	const map = page.locator('.gp-canvas[data-ready]');
	await map.scrollIntoViewIfNeeded();
	const at = pixels(cells, (await map.boundingBox())!);
	// buildings lie over each other on a small map: one that is alone, and one of the other part
	const apart = (i: number): number => Math.min(...at.map((p, k) => (k === i ? 99 : Math.hypot(p[0] - at[i]![0], p[1] - at[i]![1]))));
	const best = (part: number): number => cells.map((_: Json, i: number) => i).filter((i: number) => cells[i].part === part && cells[i].from === grid)
		.sort((a: number, b: number) => apart(b) - apart(a))[0];
	const [from, to] = [best(0), best(1)];
	await page.locator('.toast').waitFor({ state: 'detached' });
	await by(page, at[from]!, at[to]!);
	await page.locator('.toast', { hasText: 'figures are up to date' }).waitFor();
	assert.equal(ok(await who.get(sheetPath)).cells[from].part, 1);
}
async function byMouse(page: Page, from: Point, to: Point): Promise<void> {
	await page.mouse.move(...from);
	await page.mouse.down();
	await page.mouse.move(from[0] + 5, from[1] + 5);
	await page.mouse.move(...to, { steps: 5 });
	await page.mouse.up();
}
async function byTouch(page: Page, from: Point, to: Point): Promise<void> {
	const finger = await page.context().newCDPSession(page);
	const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', at?: Point): Promise<unknown> =>
		finger.send('Input.dispatchTouchEvent', { type, touchPoints: at ? [{ x: at[0], y: at[1] }] : [] });
	await touch('touchStart', from);
	for (let i = 1; i <= 4; i++) await touch('touchMove', [from[0] + ((to[0] - from[0]) * i) / 4, from[1] + ((to[1] - from[1]) * i) / 4]);
	await touch('touchEnd');
}

inBrowser('R005 a barrier is drawn, one comes from a file, and a building is dragged by finger', async () => {
	const secretary = await site.client('secretary1');
	const tab = await site.open({ ...phone, lang: 'en' });
	const { page } = tab;
	await site.signIn(tab, 'secretary1');
	await page.goto(site.base + '/planner/barriers');
	const map = page.locator('.gp-canvas[data-ready]');
	await map.waitFor();
	await page.locator('#gb-name').fill('River road');
	await map.scrollIntoViewIfNeeded();
	await map.tap({ position: { x: 40, y: 40 } });
	await map.tap({ position: { x: 80, y: 200 } });
	assert.equal((await page.locator('#gb-points').inputValue()).split('\n').length, 2);
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await page.locator('.gb-list tbody tr').waitFor();
	const far = { type: 'LineString', coordinates: [[100, 20], [100, 21]] };
	const file = JSON.stringify({ type: 'FeatureCollection', features: [{ type: 'Feature', properties: { name: 'Canal', kind: 'river' }, geometry: far }] });
	await page.locator('#gb-file').setInputFiles({ name: 'x.geojson', mimeType: 'application/geo+json', buffer: Buffer.from(file) });
	await page.getByRole('row', { name: /Canal River/ }).waitFor();
	await assertSound(page, 'barriers on a phone');
	await page.getByRole('button', { name: 'Remove River road' }).click();
	await page.locator('.gb-list tbody tr').nth(1).waitFor({ state: 'detached' });
	const plan = ok(await secretary.post('/api/grid_plans', { place: community, kind: 'split', codes: [grid], reason: 'on a phone' }), 201);
	await page.goto(`${site.base}/planner/${plan.id}`);
	await settled(page);
	await map.waitFor();
	await dragged(page, secretary, `/api/grid_plans/${plan.id}/sheet`, byTouch);
	assert.deepEqual(tab.faults, []);
});

inBrowser('R005 R007 a plan is changed by list, submitted, approved by another person and in force', async () => {
	const director = await site.client('director1');
	const plan = ok(await (await site.client('secretary1')).post('/api/grid_plans', { place: community, kind: 'split', codes: [grid], reason: 'too large' }), 201);
	const path = `/api/grid_plans/${plan.id}`;
	const decide = async (word: string, more: object = {}): Promise<void> => {
		ok(await director.post(`${path}/${word}`, { version: ok(await director.get(path)).version, ...more }));
	};
	const tab = await site.open({ lang: 'en' });
	const { page } = tab;
	await site.signIn(tab, 'secretary1');
	await page.goto(site.base + '/planner');
	await settled(page);
	await assertSound(page, 'planner');
	await page.locator(`a[href="/planner/${plan.id}"]`).click();
	await settled(page);
	const households = page.locator('table:has(.gp-name) tbody tr').nth(1).locator('td').nth(2);
	const before = parseInt(await households.innerText());
	await page.locator('.gp-houses tbody input').first().focus();
	await page.keyboard.press('Space');
	await page.locator('#gp-target').selectOption('1');
	await page.getByRole('button', { name: 'Move', exact: true }).press('Enter');
	await page.locator('.toast', { hasText: 'figures are up to date' }).waitFor();
	assert.ok(parseInt(await households.innerText()) > before);
	await assertSound(page, 'a plan');
	await dragged(page, await site.client('secretary1'), `${path}/sheet`, byMouse);
	const leader = page.getByRole('region', { name: 'Where staff go' }).locator('tbody tr').first();
	await leader.locator('select').selectOption('1');
	await leader.getByText('by hand').waitFor();
	await page.locator('.page-head').getByRole('button', { name: 'Submit' }).click();
	await page.locator('dialog button[form]').click();
	await page.locator('h1 .badge', { hasText: 'Submitted' }).waitFor();
	assert.equal(await page.getByRole('button', { name: 'Approve' }).count(), 0);
	await decide('approve');
	await decide('apply');
	const given = ok(await director.get(`${path}/carried`)).items.filter((i: Json) => i.object === 'post');
	assert.equal(new Set(given.map((i: Json) => i.to.slice(0, 15))).size, 2);
	await page.setViewportSize(phone.viewport);
	await page.reload();
	await page.getByRole('region', { name: 'Carried over' }).locator('tbody tr').nth(5).waitFor();
	await settled(page);
	await assertSound(page, 'a plan in force, on a phone');
	await page.setViewportSize(desktop.viewport);
	await decide('undo', { text: 'only a trial' });
	assert.deepEqual(tab.faults, []);
});
