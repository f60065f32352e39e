/* The public page on a phone: report with position and photo, receipt, follow by code. */
import assert from 'node:assert/strict';
import { assertSound, inBrowser, phone, useSite } from './lib.ts';

const site = useSite();
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC', 'base64');

inBrowser('a resident reports in a few taps and follows it', async () => {
	const boot = (await (await fetch(site.base + '/api/boot')).json()) as { map: { center: [number, number] } };
	const [longitude, latitude] = boot.map.center;
	const tab = await site.open({ ...phone, lang: 'zh', geolocation: { longitude, latitude }, permissions: ['geolocation'] });
	const { page } = tab;
	await page.goto(site.base + '/report');
	await assertSound(page, 'report');
	await page.locator('#rp-text').fill('三号楼门口的井盖破了');
	await page.locator('#rp-files').setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: png });
	await page.getByRole('button', { name: '用我现在的位置' }).click();
	await page.getByText('已定位').waitFor();
	await page.locator('.rp-send').click();
	await page.locator('.rp-code').waitFor();
	const code = await page.locator('.rp-code').innerText();
	assert.ok(code.length >= 6);
	await assertSound(page, 'receipt');
	await page.getByRole('button', { name: '查看进度' }).click();
	await page.locator('.rp-steps li').first().waitFor();
	await assertSound(page, 'follow');
	await page.goto(`${site.base}/report?code=${encodeURIComponent(code)}`);
	await page.locator('.rp-steps li').first().waitFor();
	assert.deepEqual(tab.faults, []);
});

inBrowser('what is missing is said at its field', async () => {
	const { page } = await site.open({ ...phone, lang: 'en' });
	await page.goto(site.base + '/report');
	await page.locator('.rp-send').click();
	assert.equal(await page.evaluate(() => document.activeElement?.id), 'rp-text');
	await page.locator('#rp-text').fill('Broken lamp');
	await page.locator('.rp-send').click();
	assert.equal(await page.evaluate(() => document.activeElement?.id), 'rp-address');
});

inBrowser('large print fits the screen', async () => {
	const { page } = await site.open({ ...phone, lang: 'zh' });
	await page.goto(site.base + '/report');
	await page.getByRole('button', { name: '大字' }).click();
	const size = await page.locator('.rp-lead').evaluate((e) => parseFloat(getComputedStyle(e).fontSize));
	assert.ok(size >= 22, `${size} px`);
	await assertSound(page, 'large print');
});

inBrowser('an unknown code is said to be unknown', async () => {
	const { page } = await site.open({ ...phone, lang: 'en' });
	await page.goto(site.base + '/report?code=NOSUCHCODE');
	await page.getByRole('alert').waitFor();
	assert.match(await page.getByRole('alert').innerText(), /no such query code/);
});
