type Facts = { readonly version: string; readonly architecture: string; readonly kibibytes: number }

/** What dpkg knows of the package. Node's own needs are those of the C and C++ libraries it was built for. */
export const controlFile = ({ version, architecture, kibibytes }: Facts): string => `Package: latchkey
Version: ${version}
Architecture: ${architecture}
Maintainer: Latchkey <latchkey@localhost>
Installed-Size: ${kibibytes}
Depends: adduser, init-system-helpers (>= 1.52), libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 8), util-linux
Section: web
Priority: optional
Description: self-hosted API keys
 Issues API keys, lists them, restricts them by address, revokes them and
 verifies them, over HTTP. The service and its store are one process and one
 file, or several processes and a PostgreSQL database.
 .
 Brings the Node.js that it runs on.
`
