/** In the place of the API call, where there is none: a session of the console is no matter of the API. */
export function NoApiCall() {
  return <p className="lk-small lk-dim">This is the console’s own: the API has no call for it.</p>
}
