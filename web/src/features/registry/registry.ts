/* Kinds of objects and where their pages are; what may be linked with what. Pure. */
export const PATHS = {
	person: 'persons',
	household: 'households',
	building: 'buildings',
	room: 'rooms',
	venue: 'venues',
	thing: 'things',
	organisation: 'organisations'
} as const
export type Kind = keyof typeof PATHS

/* The lists of the registry: what its pages may be asked for. */
export const LISTS: readonly string[] = [...Object.values(PATHS), 'care_plans']

export function kindOf(path: string): Kind | null {
	return (Object.entries(PATHS).find(([, p]) => p === path)?.[0] as Kind | undefined) ?? null
}

export function objectRoute(kind: string, id: string): string {
	return `/registry/${PATHS[kind as Kind] ?? kind}/${id}`
}

/* By the kind it starts from: role, and the kinds it may lead to. The server is the judge. */
const FITS: Partial<Record<Kind, Record<string, Kind[]>>> = {
	person: {
		lives_in: ['room', 'building'],
		owner: ['room', 'building', 'venue', 'thing'],
		tenant: ['room', 'building', 'venue'],
		works_at: ['organisation', 'venue'],
		guardian: ['person'],
		member_of: ['organisation']
	},
	household: { lives_in: ['room', 'building'], tenant: ['room', 'building', 'venue'] },
	organisation: {
		owner: ['building', 'room', 'venue', 'thing'],
		tenant: ['building', 'room', 'venue'],
		member_of: ['organisation']
	}
}

export function linkRoles(from: Kind): string[] {
	return Object.keys(FITS[from] ?? {})
}

export function linkKinds(from: Kind, role: string): Kind[] {
	return FITS[from]?.[role] ?? []
}

/* Whole days from one day to another; negative when it has passed. */
export function daysTo(day: string, from: string): number {
	return Math.round((Date.parse(day) - Date.parse(from)) / 86400000)
}
