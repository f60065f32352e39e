/* Build of the web: one HTML entry per entrance, shared chunks between them, nothing inline. */
import { resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { precompress } from './build/precompress.ts'
import { entrances } from './dev/entrances.ts'

const here = import.meta.dirname
/* `npm run dev` shows the sources beside a running server. */
const server = process.env.GEZHI_SERVER ?? 'http://localhost:8080'

export default defineConfig({
	plugins: [vue(), precompress(), entrances()],
	resolve: { alias: { '@': resolve(here, 'src') } },
	define: { __VUE_OPTIONS_API__: 'false' },
	build: {
		target: 'es2022',
		outDir: resolve(here, 'dist'),
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
		chunkSizeWarningLimit: 1200,
		rolldownOptions: {
			input: { desk: resolve(here, 'index.html'), report: resolve(here, 'report.html'), me: resolve(here, 'me.html') }
		}
	},
	server: { proxy: { '/api': server, '/tiles': server, '/healthz': server } },
	test: { environment: 'happy-dom', include: ['src/**/*.test.ts', 'build/**/*.test.ts'] }
})
