/* The grid planner on the desk: a plan is changed by keyboard, handed in, and seen in force, on both sizes. */
import assert from 'node:assert/strict';
import { community, grid, ok } from '../http/lib/district.ts';
import { assertSound, desktop, inBrowser, phone, settled, useSite } from './lib.ts';

const site = useSite();

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
	await page.locator('.page-head').getByRole('button', { name: 'Submit' }).click();
	await page.locator('dialog button[form]').click();
	await page.locator('h1 .badge', { hasText: 'Submitted' }).waitFor();
	assert.equal(await page.getByRole('button', { name: 'Approve' }).count(), 0);
	await decide('approve');
	await decide('apply');
	await page.setViewportSize(phone.viewport);
	await page.reload();
	await page.getByRole('region', { name: 'Carried over' }).locator('tbody tr').nth(5).waitFor();
	await settled(page);
	await assertSound(page, 'a plan in force, on a phone');
	await page.setViewportSize(desktop.viewport);
	await decide('undo', { text: 'only a trial' });
	assert.deepEqual(tab.faults, []);
});
