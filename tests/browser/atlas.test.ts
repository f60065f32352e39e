/* R025 on the screen: the search box by keyboard, layers, an area and a thematic map; sound on both sizes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { all, type Json, ok } from '../http/lib/district.ts';
import { assertSound, inBrowser, phone, settled, useSite } from './lib.ts';

const site = useSite();

inBrowser('R025 the search box finds a building and a person, by keyboard alone', async () => {
	const tab = await site.open({ lang: 'en' });
	const { page } = tab;
	await site.signIn(tab, 'secretary1');
	const person = ok(await (await site.client('secretary1')).get('/api/persons', { limit: 1 })).items[0] as Json;
	await page.keyboard.press('/');
	await page.keyboard.type(person.name);
	const option = page.getByRole('option').filter({ hasText: person.name }).first();
	await option.waitFor();
	await page.keyboard.press('ArrowDown');
	await page.keyboard.press('Enter');
	await page.waitForURL('**/registry/persons/*');
	await page.keyboard.press('/');
	await page.keyboard.type('1栋');
	await page.getByRole('option').first().waitFor();
	await page.keyboard.press('Enter');
	await page.waitForURL('**/events?q=*');
	assert.deepEqual(tab.faults, []);
});

inBrowser('R025 layers, an area and a figure on the map', async () => {
	const tab = await site.open({ lang: 'en', viewport: { width: 1100, height: 640 } });
	const { page } = tab;
	await site.signIn(tab, 'duty1');
	await page.goto(site.base + '/map?layers=buildings,venues,visits&figure=buildings');
	await page.locator('.mapp-canvas[data-ready]').waitFor();
	await page.locator('.theme-table tbody tr').first().waitFor();
	const values = await page.locator('.theme-table tbody td').allInnerTexts();
	const rows = await all(await site.client('duty1'), '/api/buildings');
	assert.equal(values.reduce((n, v) => n + Number(v.replace(/\D/g, '')), 0), rows.length);
	await page.getByRole('button', { name: 'This view' }).click();
	await page.locator('.map-area summary').first().waitFor();
	assert.match(await page.locator('.map-area summary').first().innerText(), /Buildings\s+\d+/);
	await page.getByRole('button', { name: 'Clear' }).click();
	await page.getByRole('button', { name: 'Circle' }).click();
	await page.mouse.click(760, 350);
	await page.mouse.click(810, 350);
	await page.locator('.map-area summary').first().waitFor();
	await settled(page);
	await assertSound(page, 'map');
	// visit plans inside: how many and where, never why
	await page.getByRole('button', { name: 'This view' }).click();
	const visits = page.locator('.map-area details', { hasText: 'Visit plans' });
	await visits.locator('summary').click();
	await visits.locator('li a').first().waitFor();
	assert.doesNotMatch(await visits.innerText(), /elder|disab|hardship|独居|残疾|困难/i);
	// one layer as a file
	await page.locator('.map-area summary').first().click();
	await page.getByRole('button', { name: 'Export GeoJSON' }).first().click();
	await page.locator('dialog .btn.primary').click();
	await page.getByRole('alert').waitFor();
	await assertSound(page, 'export of an area');
	await page.locator('#ae-purpose').fill('fire inspection');
	const [file] = await Promise.all([page.waitForEvent('download'), page.locator('dialog .btn.primary').click()]);
	assert.equal(file.suggestedFilename(), 'buildings.geojson');
	assert.ok(JSON.parse(readFileSync(await file.path(), 'utf8')).features.length > 0);
	// on paper: the picture and the figures, no buttons
	await page.evaluate(() => void (window.print = () => undefined));
	await page.getByRole('button', { name: 'Print' }).click();
	await page.locator('img.mapp-picture').waitFor({ state: 'attached' });
	await page.emulateMedia({ media: 'print' });
	assert.ok((await page.locator('img.mapp-picture').boundingBox())!.width > 600);
	assert.ok(await page.locator('.theme-table').isVisible());
	for (const gone of ['.mapp-canvas', '.map-zoom', '.mapp-switches', '.map-area .btn', '.map-area .not-on-paper li', 'nav']) assert.equal(await page.locator(gone).first().isVisible(), false, gone);
	assert.deepEqual(tab.faults, []);
});

inBrowser('the map and the search are sound on a phone', async () => {
	const tab = await site.open({ ...phone });
	const { page } = tab;
	await site.signIn(tab, 'duty1');
	await page.goto(site.base + '/map?layers=buildings');
	await page.locator('.mapp-canvas[data-ready]').waitFor();
	await page.locator('.map-zoom button').last().click();
	await page.locator('.mapp-panel').waitFor();
	await page.locator('.top-search input').fill('社区');
	await page.getByRole('option').first().waitFor();
	await assertSound(page, 'map on a phone');
	assert.deepEqual(tab.faults, []);
});
