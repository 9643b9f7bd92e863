type Facts = {
  readonly version: string
  readonly architecture: string
  readonly kibibytes: number
  readonly maintainer: string
}

/**
 * What dpkg knows of the package. Node's own needs are those of the C and C++ libraries it was built for; setpriv is
 * in util-linux since that release.
 */
export const controlFile = ({
  version,
  architecture,
  kibibytes,
  maintainer,
}: Facts): string => `Package: latchkey
Version: ${version}
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${kibibytes}
Depends: adduser, init-system-helpers (>= 1.52), libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 8), util-linux (>= 2.33)
Section: web
Priority: optional
Description: self-hosted API keys
 Issues API keys, lists them, restricts them by address, revokes them and
 verifies them, over HTTP. The service and its store are one process and one
 file, or several processes and a PostgreSQL database.
 .
 Brings the Node.js that it runs on.
`

/**
 * Who answers for a package that is built where it is installed: the administrator of that machine, whom mail to this
 * address reaches. Whoever gives the package to others names themselves.
 */
export const LOCAL_MAINTAINER = 'Local build of Latchkey <root@localhost>'

/** A name, then an address in angle brackets (Debian Policy, 5.6.2). Throws Error for anything else. */
export function parseMaintainer(text: string): string {
  if (/^[^\s<>,@][^<>,@\p{Cc}]* <[^\s<>,@]+@[^\s<>,@]+>$/u.test(text)) return text
  throw new Error(
    `--maintainer takes a name and an address without a comma, as in 'Jane Doe <jane@example.com>', and got ${JSON.stringify(text)}`,
  )
}
