/** Thrown by whoever finds that memory is not to judge: the service is asked for the verdict itself. */
export const JUDGED_ELSEWHERE = new Error('asked of the service')
