/*
 * The shapes that the server sends and takes, under the names the web uses. They are generated from the
 * server's own tables (src/generated/api.ts); only what it does not describe is written here.
 */
import type * as api from '@/generated/api'

export type {
	Attachment,
	Boot,
	BulkResult as BulkReply,
	CalendarYear,
	Clock as ClockName,
	ClockRun as Clock,
	Code,
	Coverage,
	FieldType,
	Figures,
	Granularity,
	GridFigures,
	GridPlan,
	GridPlanCarried,
	GridPlanOutlines,
	GridPlanSheet,
	HistoryItem,
	BuildingFloors,
	CareCoverage,
	CareDue,
	CareDues,
	Fact,
	FloorHousehold,
	FloorRoom,
	ImportJobDetail,
	Reader,
	RegistryCounts,
	TableImportResult as TableReport,
	Id,
	InboxCounts as Counts,
	Kpi as KpiDef,
	KpiChild as KpiPlace,
	KpiFigure as KpiValue,
	KpiGrid,
	Matter,
	MatterAction,
	MatterRef,
	Me,
	Meta,
	MetaEntity,
	MetaField,
	Operations,
	Page,
	Place,
	PlaceDetail,
	PlaceNode as TreeNode,
	PublicCode,
	PublicQuestion,
	PublicReport,
	SessionPost as Post,
	SimilarEvent as Similar,
	Time,
	Track,
	TrendDay,
	AuditEntry as AuditRow,
	Urgency
} from '@/generated/api'

/* A row of any entity: fields by name. */
export type Row = Record<string, unknown> & { id: api.Id; version?: number }

/* A matter of any kind: what one kind has beside the others may be missing. */
export type MatterDetail = api.TaskDetail & Partial<Pick<api.EventDetail, 'reporter'>> &
	Partial<Pick<api.DataRequestDetail, 'person_id'>> &
	Partial<Pick<api.ChangeRequestDetail, 'object_kind' | 'object_id' | 'fields' | 'differences'>> &
	Partial<Pick<api.VisitDetail, 'plan_id' | 'target' | 'target_kind' | 'target_id' | 'target_address' | 'mode' | 'due' | 'outcome' | 'confirmed'>>

/* An event of the stream. */
export interface StreamMatter {
	id: api.Id
	kind: string
	action: string
	state: string
	place: api.Code | null
	lon: number | null
	lat: number | null
	level: number
}
