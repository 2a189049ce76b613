/** What AWS's hosts end in: its partition in China has another domain. https://docs.aws.amazon.com/general/latest/gr/rande.html */
export const awsDomain = (region: string): string =>
  region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'

/** Where AWS Glue of a region is. */
export const glueAddress = (region: string): string => `https://glue.${region}.${awsDomain(region)}`
