/* In development, sends page addresses to the HTML entry that the server would answer with. */
import type { Plugin } from 'vite'

export function entrances(): Plugin {
	return {
		name: 'entrances',
		apply: 'serve',
		configureServer(server) {
			server.middlewares.use((req, _res, next) => {
				const path = (req.url ?? '').split('?')[0] ?? ''
				if (path === '/report' || path === '/me') req.url = path + '.html'
				next()
			})
		}
	}
}
