/* The registry on the web: lists, objects, visits; on the desk and on a phone. */
import assert from 'node:assert/strict';
import { type Json, ok } from '../http/lib/district.ts';
import { assertSound, inBrowser, phone, settled, useSite } from './lib.ts';

const site = useSite();

inBrowser('every page of the registry is sound', async () => {
	const tab = await site.open({ lang: 'en' });
	const { page } = tab;
	await site.signIn(tab, 'secretary1');
	const c = await site.client('secretary1');
	const first = async (path: string): Promise<string> => `/registry/${path}/${ok(await c.get('/api/' + path, { limit: 1 })).items[0].id}`;
	const due = ok(await c.get('/api/reports/care-due', { limit: 50 })).items.find((i: Json) => i.target_kind === 'person');
	for (const path of ['/registry', '/registry/persons', '/visits/coverage', await first('buildings'), await first('households'), await first('venues'), `/registry/persons/${due.target_id}`]) {
		await page.goto(site.base + path);
		await settled(page);
		await assertSound(page, path);
	}
	// on no screen stands why somebody is visited
	assert.doesNotMatch(await page.locator('main').innerText(), /elder|disab|hardship|独居|残疾|困难/i);
	await page.getByRole('button', { name: 'See it in full' }).click();
	await page.locator('dialog button.primary').click();
	await page.getByRole('alert').waitFor();
	await assertSound(page, 'unmask');
	await page.locator('#um-purpose').fill('Checking the register at the door');
	await page.locator('dialog button.primary').click();
	await page.locator('.rg-list', { hasText: 'Checking the register at the door' }).waitFor();
	// the code for the own page: after a look at the document, shown once
	await page.getByRole('button', { name: 'Code for the own page' }).click();
	const make = page.getByRole('button', { name: 'Make the code' });
	assert.ok(await make.isDisabled());
	await page.getByText('I have seen their identity document').click();
	await assertSound(page, 'before the code');
	await make.click();
	assert.match(await page.locator('.slip-code').innerText(), /^[A-Z0-9]{4} [A-Z0-9]{4}$/);
	await assertSound(page, 'code');
	await page.locator('dialog button.primary').click();
	assert.deepEqual(tab.faults, []);
});

inBrowser('R022 a file is checked, mapped, imported; faults are named at their cell', async () => {
	const tab = await site.open({ lang: 'en' });
	const { page } = tab;
	await site.signIn(tab, 'secretary1');
	await page.goto(site.base + '/registry/organisations');
	await settled(page);
	const before = ok(await (await site.client('secretary1')).get('/api/organisations', { limit: 1, count: true }));
	const place = before.items[0].place as string;
	const csv = (uscc: string): string => `单位名称,信用代码,网格,叫法\n新记面馆,${uscc},${place},面馆\n`;
	await page.getByRole('button', { name: 'Import' }).click();
	await page.locator('#im-file').setInputFiles({ name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from(csv('123')) });
	await page.locator('dialog .badge', { hasText: 'Rejected 1' }).waitFor();
	await page.getByText('1 columns have no field').waitFor();
	await assertSound(page, 'import');
	assert.ok(await page.getByRole('button', { name: 'Import now' }).isDisabled());
	await page.getByLabel('信用代码: Field').selectOption('');
	await page.getByRole('button', { name: 'Check with this mapping' }).click();
	await page.locator('dialog .badge', { hasText: 'New 1' }).waitFor();
	await page.getByRole('button', { name: 'Import now' }).click();
	await page.locator('.toast', { hasText: '1 new' }).waitFor();
	await page.locator('.page-head .count', { hasText: String(before.count + 1) }).waitFor();
	// a long one is stopped
	await page.getByRole('button', { name: 'Import' }).click();
	const many = `单位名称,网格\n${Array.from({ length: 80000 }, (_, i) => `店${i},${place}`).join('\n')}\n`;
	await page.locator('#im-file').setInputFiles({ name: 'b.csv', mimeType: 'text/csv', buffer: Buffer.from(many) });
	await page.getByRole('button', { name: 'Stop' }).click();
	await page.getByRole('alert').filter({ hasText: 'Stopped' }).waitFor();
	assert.deepEqual(tab.faults, []);
});

inBrowser('R022 a room is found by the words of its building, a point is picked where no map is drawn', async () => {
	const tab = await site.open({ lang: 'en' });
	const { page } = tab;
	await site.signIn(tab, 'secretary1');
	const room = ok(await (await site.client('secretary1')).get('/api/rooms', { limit: 1 })).items[0] as Json;
	await page.goto(site.base + '/registry/households');
	await settled(page);
	await page.getByRole('button', { name: 'New', exact: true }).click();
	await page.locator('#ef-room_id').fill(room.title);
	await page.getByRole('option').filter({ hasText: room.title }).first().click();
	assert.equal(await page.locator('#ef-room_id').inputValue(), room.title);
	await page.route('**/tiles/**', (r) => r.fulfill({ status: 204 }));
	await page.goto(site.base + '/registry/buildings');
	await settled(page);
	await page.getByRole('button', { name: 'New', exact: true }).click();
	await page.getByRole('button', { name: 'Choose on the map' }).click();
	await page.locator('.point-map canvas').waitFor();
	await page.getByRole('button', { name: 'Use the centre' }).click();
	const lon = Number(await page.locator('#ef-lon').inputValue());
	assert.ok(lon > 70 && lon < 140);
	await page.locator('#ef-lon').fill('106.55');
	await assertSound(page, 'a point without a map');
	assert.deepEqual(tab.faults, []);
});

inBrowser('R032 a visit is recorded on a phone, and what was said becomes an event', async () => {
	const tab = await site.open({ ...phone, lang: 'zh' });
	const { page } = tab;
	await site.signIn(tab, 'grid1');
	await page.goto(site.base + '/visits?days=30');
	await settled(page);
	await assertSound(page, 'visits');
	const card = page.locator('.vi-list > li').first();
	const name = await card.locator('.vi-name').innerText();
	await card.getByRole('button', { name: '记录走访' }).click();
	await page.getByText('对方提出了意见').click();
	await page.getByRole('button', { name: '下一步' }).click();
	await page.getByRole('alert').waitFor();
	await page.locator('#vd-opinion').fill('楼道灯不亮，晚上看不清');
	await assertSound(page, 'visit');
	await page.getByRole('button', { name: '下一步' }).click();
	await page.getByText('不能修改或撤回').waitFor();
	await page.getByRole('button', { name: '确认提交' }).click();
	await page.getByText('意见已登记为').waitFor();
	await page.locator('dialog footer button').click();
	await page.waitForFunction((n) => document.querySelector('.vi-list > li .vi-name')?.textContent !== n, name);
	// what comes due stands in the inbox and leads to the visit; done it waits to be confirmed
	await page.goto(site.base + '/inbox');
	await settled(page);
	await page.locator('.ib-row', { hasText: '走访：' }).first().click();
	await page.locator('.vc-go').click();
	await page.getByText('对方当面确认了这次走访').waitFor();
	await page.getByRole('button', { name: '下一步' }).click();
	await page.getByRole('button', { name: '确认提交' }).click();
	await page.locator('.mv-head', { hasText: '待对方确认' }).waitFor();
	await settled(page);
	await assertSound(page, 'a visit that was made');
	assert.doesNotMatch(await page.locator('main').innerText(), /独居|残疾|困难/);
	await page.goto(site.base + '/registry/buildings');
	await settled(page);
	await page.locator('[data-row-link]').first().click();
	await page.locator('.bf').waitFor();
	await assertSound(page, 'a building on a phone');
	assert.deepEqual(tab.faults, []);
});
