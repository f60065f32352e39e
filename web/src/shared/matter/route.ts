/* Where a matter lives: its route on the server and its page on the desk. Pure. */

export function matterPath(kind: string): string {
	return `/api/${kind}s`
}

export function matterRoute(m: { kind?: string; id: string }): string {
	if (m.kind === 'change_request') return `/collect/changes/${m.id}`
	if (m.kind === 'visit') return `/visits/${m.id}`
	if (m.kind === 'data_request') return `/data_requests/${m.id}`
	return `/${m.kind === 'task' ? 'tasks' : 'events'}/${m.id}`
}
