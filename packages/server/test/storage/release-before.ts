/** Rows as the release before wrote them; EMPTY and BYTES32 stand for the store's own way to write bytes. */
/** A store of the release before: two users with addresses, a password, an invitation, a session and a key. */
export const RELEASE_BEFORE = `
INSERT INTO companies VALUES ('cmp_1', 'One', NULL, 'active', 1, 'x', 2, 1, 0, 0, EMPTY, EMPTY, 1, 1, 1);
INSERT INTO companies VALUES ('cmp_2', 'Two', NULL, 'active', 0, 'x', 1, 0, 0, 0, EMPTY, EMPTY, 1, 1, 1);
INSERT INTO users VALUES ('usr_1', 'cmp_1', 'Ada', 'owner', 'ada@example.com', 'auth|ada', '["a:b"]', 'active', 1, 0, 1, 2, 3);
INSERT INTO users VALUES ('usr_2', 'cmp_1', 'Bob', 'viewer', NULL, NULL, NULL, 'inactive', 0, 0, 1, 1, 1);
INSERT INTO users VALUES ('usr_3', 'cmp_2', 'Eve', 'viewer', 'eve@example.com', NULL, NULL, 'active', 0, 0, 1, 1, 1);
INSERT INTO keys VALUES ('key_1', 'cmp_1', 'usr_1', BYTES32, 1, 'lk', 'abcd', 'live', NULL, NULL, NULL, '{}', NULL, 1,
  'active', NULL, 1, 1, NULL, 1);
INSERT INTO passwords VALUES ('usr_1', 'a hash', 7);
INSERT INTO passwords VALUES ('usr_2', 'another hash', 8);
INSERT INTO invitations VALUES (BYTES32, 'usr_3', 9);
INSERT INTO sessions VALUES ('ses_1', 'usr_1', 1, 2, NULL);
`
