import type { SourceItem, SourceReader } from '../reader.ts'

/**
 * Keys of Amazon API Gateway: the CSV it imports (Developer Guide, "API Gateway API key file format": `Name`, `Key`,
 * `Description`, `Enabled`, `UsagePlanIds`, in any case and order), or the JSON of
 * `aws apigateway get-api-keys --include-values` (`id`, `value`, `name`, `description`, `enabled`, `createdDate`,
 * `customerId`, `stageKeys`, `tags`). Keys are texts of 20 to 128 characters. Usage plans say which APIs a key is for and
 * how often: they stay metadata.
 */
export const aws: SourceReader = { read: readAws, lists: ['items'], isTextSource: true }

function* readAws({ line, fields }: SourceItem) {
  const name = fields.text('name')
  const about = fields.text('description')
  const isEnabled = fields.flag('enabled') ?? true
  yield {
    line,
    source: 'aws' as const,
    key: fields.text('value', 'key'),
    externalUserId: fields.text('customerId'),
    description: name ?? about,
    createdAt: fields.time('s', 'createdDate'),
    status: isEnabled ? ('active' as const) : ('disabled' as const),
    metadata: fields.json('tags'),
    rest: [['description', name === undefined ? undefined : about] as [string, unknown], ...fields.rest()],
  }
}
