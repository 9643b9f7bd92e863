import pg from 'pg'

const INT8_OID = 20

/** Counters and times are far below 2^53; the driver would hand them over as text. */
export const INTEGER_TYPES: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8_OID ? Number : pg.types.getTypeParser(oid, format as 'text')) as never,
}
