import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client'

/** What one process has counted: `Registry.getMetricsAsJSON`. */
export type Figures = readonly MetricObjectWithValues<MetricValue<string>>[]

/** The figures of all processes that share the port, those that ended among them. */
export type AllFigures = {
  /** What a process has counted until now, in place of what it had before. */
  note(processId: number, figures: Figures): void
  /** A process ended. Its counters stay in the sums: a sum that went down would look like a restart to Prometheus. */
  end(processId: number): void
  /** In Prometheus' text format. */
  text(): Promise<string>
}

export function createAllFigures(): AllFigures {
  const living = new Map<number, Figures>()
  let ended: Figures = []
  return {
    note(processId, figures) {
      living.set(processId, figures.map(ofAll))
    },
    end(processId) {
      const last = living.get(processId) ?? []
      living.delete(processId)
      // Added up at once: a process that ends again and again must not fill the memory.
      ended = sumOf([ended, last.filter(({ type }) => GROWING.has(String(type)))])
    },
    // The ended ones come last: a figure that is not added up has to be that of a living process.
    text: () => AggregatorRegistry.aggregate([...living.values(), ended] as object[]).metrics(),
  }
}

const GROWING: ReadonlySet<string> = new Set(['counter', 'histogram'])

function sumOf(figures: readonly Figures[]): Figures {
  // What it registers are the values themselves, which the types of the library do not say.
  return AggregatorRegistry.aggregate([...figures] as object[]).getMetricsAsArray() as unknown as Figures
}

const SLOWNESS = 'nodejs_eventloop_lag_'
const BEGIN = 'process_start_time_seconds'

/**
 * The library takes the average of the lags, in which one process that is stuck does not show beside many that idle. When
 * they began it leaves out: here it is when the oldest did.
 */
function ofAll(figure: Figures[number]): Figures[number] {
  if (figure.name === BEGIN) return { ...figure, aggregator: 'min' }
  const isLag = figure.name.startsWith(SLOWNESS) && (figure.aggregator as string) === 'average'
  return isLag ? { ...figure, aggregator: 'max' } : figure
}
