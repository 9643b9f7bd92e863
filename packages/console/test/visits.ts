/** Each page of the console, and each dialog by the button that opens it. */
export type Visit = readonly [path: string, open?: string]

/** `keyId`: a key that is active and was not used. */
export const visitsOf = (keyId: string): readonly Visit[] => [
  ['/keys'],
  ['/keys?search=nothing-has-this'],
  ['/keys', 'Create key'],
  [`/keys/${keyId}`],
  [`/keys/${keyId}`, 'Edit'],
  [`/keys/${keyId}`, 'Rotate'],
  [`/keys/${keyId}`, 'Disable'],
  [`/keys/${keyId}`, 'Delete key'],
  [`/why?key=${keyId}&address=198.51.100.7`],
  ['/why?key=req_01m85e7dwrfwka4f0gvwh5b2ng'],
  ['/usage'],
  ['/users'],
  ['/users?search=nobody-has-this'],
  ['/users', 'Add user'],
  ['/users', 'Delete Ada Lovelace'],
  ['/companies'],
  ['/companies?search=nobody-has-this'],
  ['/companies', 'Add company'],
  ['/audit'],
  ['/settings'],
  ['/settings', 'Sign out everywhere'],
  ['/settings', 'Change password'],
  ['/no-such-page'],
]

/** What somebody who means harm calls things: markup, letters that run the other way, emoji, as long as may be. */
export const HOSTILE =
  `"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}\${7*7} שם 👩‍👩‍👧 ${'W'.repeat(50)}`
    .padEnd(200, 'م')
    .slice(0, 200)
