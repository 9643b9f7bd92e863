/** The text of /docs/style.css, for the reference and the pages of the errors. */
export const REFERENCE_STYLE = `:root {
  color-scheme: light dark;
  --ground: #ffffff;
  --raised: #f6f7f9;
  --line: #e1e4ea;
  --text: #1b2130;
  --quiet: #5a6478;
  --accent: #2f4fd0;
  --code-ground: #f4f5f8;
  --name: #24479b;
  --string: #1d6b45;
  --value: #a3340f;
  --get: #1c5fb8;
  --post: #17703f;
  --put: #8a5300;
  --patch: #8a5300;
  --delete: #b3261e;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
  --mono: ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10131a;
    --raised: #171b24;
    --line: #2a303d;
    --text: #e4e8f0;
    --quiet: #9aa5ba;
    --accent: #93adff;
    --code-ground: #171b24;
    --name: #9dbaff;
    --string: #8bd6ab;
    --value: #f2ab85;
    --get: #7db4ff;
    --post: #74d39c;
    --put: #eabb6a;
    --patch: #eabb6a;
    --delete: #ff9a92;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 4.5rem; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.6 var(--sans); }
a { color: var(--accent); text-underline-offset: .15em; }
a:focus-visible, pre:focus-visible, summary:focus-visible {
  outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px;
}
main:focus { outline: none; }
code, pre, .type, .method, .status { font-family: var(--mono); }
code { font-size: .875em; overflow-wrap: break-word; }
p code, li code { background: var(--code-ground); border-radius: 4px; padding: .1em .3em; }
h1, h2, h3 { line-height: 1.25; letter-spacing: -.01em; text-wrap: balance; }
h1 { font-size: 2.1rem; margin: 0 0 .75rem; }
h2 { font-size: 1.5rem; margin: 0 0 .75rem; }
h3 { font-size: 1.15rem; margin: 0 0 .5rem; }
h2 > a, h3 > a { color: inherit; text-decoration: none; }
h2 > a:hover, h3 > a:hover { text-decoration: underline; }
p { margin: 0 0 1rem; max-width: 44rem; }
small { display: block; color: var(--quiet); font: .78rem/1.4 var(--sans); font-weight: 400; }
.lead { font-size: 1.15rem; color: var(--quiet); }
.quiet, .headers { color: var(--quiet); font-size: .85rem; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: .6rem; z-index: 3; background: var(--ground); padding: .3rem .6rem; }

.top {
  position: sticky; top: 0; z-index: 2; display: flex; align-items: center; gap: 2rem; height: 3.5rem;
  padding: 0 1.5rem; background: var(--ground); border-bottom: 1px solid var(--line);
}
.brand { display: flex; align-items: center; gap: .55rem; color: var(--text); font-weight: 650; text-decoration: none; }
.mark { width: .95rem; height: .95rem; border: .26rem solid var(--accent); border-radius: 50% 50% 50% 0; }
.top ul { display: flex; gap: 1.4rem; margin: 0; padding: 0; list-style: none; font-size: .9rem; }
.top li a { color: var(--quiet); text-decoration: none; white-space: nowrap; }
.top li a:hover { color: var(--text); text-decoration: underline; }

.frame { display: grid; grid-template-columns: 17rem minmax(0, 1fr); max-width: 96rem; margin: 0 auto; }
.frame.plain { display: block; max-width: 56rem; padding-top: 1rem; }
nav {
  position: sticky; top: 3.5rem; align-self: start; max-height: calc(100vh - 3.5rem); overflow-y: auto;
  padding: 1.5rem 1rem 2rem 1.5rem; border-right: 1px solid var(--line);
}
nav p { margin: 1.25rem 0 .35rem; font-size: .8rem; font-weight: 650; color: var(--quiet); }
nav p:first-child { margin-top: 0; }
nav ul { margin: 0; padding: 0; list-style: none; }
nav a {
  display: flex; align-items: baseline; gap: .5rem; margin-left: -.5rem; padding: .2rem .5rem; border-radius: 6px;
  color: var(--text); font-size: .875rem; line-height: 1.4; text-decoration: none;
}
nav a:hover { background: var(--raised); }
nav .method { flex: none; width: 3.1rem; padding: 0; border: 0; font-size: .66rem; }
main { min-width: 0; padding: 0 2rem 6rem; }

.operation { display: grid; gap: 1.5rem 2.5rem; padding: 2.5rem 0; border-bottom: 1px solid var(--line); }
.operation > * { min-width: 0; }
.chapter { padding: 3rem 0 0; }
.chapter h2 { font-size: 1.75rem; margin-bottom: .35rem; }
.chapter p { color: var(--quiet); margin: 0; }
.words > h3:not(:first-child) { margin-top: 1.5rem; font-size: 1rem; }
.endpoint { display: flex; align-items: center; gap: .6rem; }
.endpoint code { background: none; padding: 0; font-size: .95rem; }
.method, .status { font-size: .75rem; font-weight: 700; }
.endpoint .method, .status { padding: .1rem .45rem; border: 1px solid currentColor; border-radius: 5px; }
.method.get { color: var(--get); }
.method.post { color: var(--post); }
.method.put { color: var(--put); }
.method.patch { color: var(--patch); }
.method.delete { color: var(--delete); }
.status { color: var(--delete); }
.permission { font-size: .9rem; color: var(--quiet); }
.permission code { color: var(--text); }

.table { overflow-x: auto; margin: 1.25rem 0; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; line-height: 1.5; }
caption { padding: 0 0 .4rem; text-align: left; font-weight: 650; }
th, td { padding: .5rem .75rem .5rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { padding: .25rem .75rem .25rem 0; border: 0; color: var(--quiet); font-size: .78rem; font-weight: 500; }
tbody th { width: 31%; font-weight: 600; }
tbody th code { font-size: .8rem; }
tbody td:nth-of-type(1) { width: 27%; }
.type { font-size: .8rem; overflow-wrap: anywhere; }
details { margin: 0 0 .6rem; }
summary { width: fit-content; cursor: pointer; font-size: .9rem; font-weight: 600; }
.codes { display: grid; grid-template-columns: 3rem minmax(0, 1fr); gap: .35rem .5rem; margin: .6rem 0; font-size: .9rem; }
.codes dt { color: var(--quiet); font-family: var(--mono); font-size: .8rem; line-height: 1.7; }
.codes dd { margin: 0; }
.codes a { margin-right: .5rem; }

.code { margin: 0 0 1rem; border: 1px solid var(--line); border-radius: 8px; background: var(--code-ground); overflow: hidden; }
figcaption { padding: .45rem .9rem; border-bottom: 1px solid var(--line); color: var(--quiet); font-size: .8rem; font-weight: 600; }
pre { margin: 0; padding: .8rem .9rem; max-height: 36rem; overflow: auto; font-size: .8rem; line-height: 1.55; }
pre code { font-size: inherit; overflow-wrap: normal; }
details.code summary { width: auto; padding: .45rem .9rem; color: var(--quiet); font-size: .8rem; }
details.code[open] summary { border-bottom: 1px solid var(--line); }
.code .name { color: var(--name); }
.code .text { color: var(--string); }
.code .value { color: var(--value); }
.error { padding-top: 1.5rem; }
.error h2 { margin-top: 1.75rem; font-size: 1.1rem; }
.error .table td:first-child { width: 5rem; }

@media (min-width: 75rem) {
  .operation { grid-template-columns: minmax(0, 1fr) minmax(0, clamp(26rem, 34vw, 34rem)); }
  .samples { position: sticky; top: 4.5rem; align-self: start; }
}
@media (max-width: 52rem) {
  .frame { display: block; }
  nav {
    position: static; max-height: 11rem; border-right: 0; border-bottom: 1px solid var(--line); columns: 15rem;
  }
  nav p { break-after: avoid; }
  tbody th, tbody td:nth-of-type(1) { width: auto; }
  table { min-width: 34rem; }
  main { padding: 0 1.25rem 4rem; }
  .top { padding: 0 1.25rem; gap: 1.25rem; }
  .top ul { gap: 1rem; overflow-x: auto; }
}
@media print {
  .top, nav { display: none; }
  .frame { display: block; }
  pre { max-height: none; white-space: pre-wrap; }
}
`
