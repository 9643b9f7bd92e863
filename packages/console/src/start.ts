import './ui/library.css'
import './ui/console.css'
import { firstAnswer } from './api/early.ts'

/** Longer than a network takes that is worth waiting for, in milliseconds: then the framework is loaded all the same. */
const WAIT_MS_MAX = 300

/**
 * Running the framework takes the page for some tenths of a second. So much the better if the list is on its way by
 * then: it is asked for as soon as it is known that somebody is signed in.
 */
void Promise.race([firstAnswer, new Promise((resolve) => setTimeout(resolve, WAIT_MS_MAX))])
  .then(() => import('./main.tsx'))
  .catch(() => {
    // No page is ever blank.
    document.getElementById('root')!.textContent =
      'The console did not load: the service does not answer, or it has a new release. Load this page again.'
  })
