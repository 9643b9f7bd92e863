/** Lists of users leave out those that were deleted, and read no row to tell. */
export const listedUsers = `
CREATE INDEX users_listed ON users (company_id, id, deleted_at) WHERE deleted_at IS NULL;
`
