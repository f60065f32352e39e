/*
 * After a build, writes FILE.br and FILE.gz beside every text file over 1 kB, so that the server never
 * compresses at run time. A form that is not smaller than the file is left out.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const TEXT = /\.(html|js|mjs|css|svg|json|txt|webmanifest)$/
const SMALLEST = 1024

function walk(dir: string): string[] {
	return readdirSync(dir).flatMap((name) => {
		const path = join(dir, name)
		return statSync(path).isDirectory() ? walk(path) : [path]
	})
}

export function compressFile(path: string): void {
	const plain = readFileSync(path)
	if (plain.length < SMALLEST) return
	const br = brotliCompressSync(plain, {
		params: {
			[constants.BROTLI_PARAM_QUALITY]: 11,
			[constants.BROTLI_PARAM_SIZE_HINT]: plain.length
		}
	})
	const gz = gzipSync(plain, { level: 9 })
	if (br.length < plain.length) writeFileSync(path + '.br', br)
	if (gz.length < plain.length) writeFileSync(path + '.gz', gz)
}

export function precompress(): Plugin {
	let outDir = ''
	return {
		name: 'precompress',
		apply: 'build',
		configResolved(config) {
			outDir = config.build.outDir
		},
		closeBundle() {
			for (const path of walk(outDir)) if (TEXT.test(path)) compressFile(path)
		}
	}
}
