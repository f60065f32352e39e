import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, expect, it } from 'vitest'
import { compressFile } from './precompress.ts'

const dir = mkdtempSync(join(tmpdir(), 'precompress-'))
afterAll(() => rmSync(dir, { recursive: true }))

it('writes both forms beside a large file and none beside a small one', () => {
	const text = 'grid '.repeat(1000)
	writeFileSync(join(dir, 'a.js'), text)
	writeFileSync(join(dir, 'b.js'), 'x')
	compressFile(join(dir, 'a.js'))
	compressFile(join(dir, 'b.js'))
	expect(brotliDecompressSync(readFileSync(join(dir, 'a.js.br'))).toString()).toBe(text)
	expect(gunzipSync(readFileSync(join(dir, 'a.js.gz'))).toString()).toBe(text)
	expect(existsSync(join(dir, 'b.js.br'))).toBe(false)
})
