import * as z from 'zod';

/** Where this Azure is, by app settings. The defaults are public Azure; sovereign clouds and tests set them. */
export interface AzureSettings {
  /** Without a final slash: `https://management.azure.com`. */
  readonly armEndpoint: string;
  /** What ARM's tokens are asked for: `https://management.azure.com/.default`. */
  readonly armScope: string;
  /** The audience of registry tokens: `https://containerregistry.azure.net`. */
  readonly registryAudience: string;
  /** Where state is kept, by the connection SluiceState, as the queue trigger reads it. */
  readonly tableEndpoint: string | undefined;
  readonly queueEndpoint: string | undefined;
  /** A user-assigned identity; undefined for the system-assigned one. */
  readonly identityClientId: string | undefined;
  /** A dedicated agent pool for validation runs. */
  readonly agentPool: string | undefined;
}

const address = z
  .url({ protocol: /^https?$/, error: 'an address was expected, as https://management.azure.com' })
  .transform((text) => text.replace(/\/+$/, ''));
const optionalText = z
  .string()
  .trim()
  .transform((text) => (text === '' ? undefined : text))
  .optional();

const schema = z.object({
  SLUICE_ARM_ENDPOINT: address.default('https://management.azure.com'),
  SLUICE_ARM_AUDIENCE: address.optional(),
  SLUICE_REGISTRY_AUDIENCE: address.default('https://containerregistry.azure.net'),
  SluiceState__tableServiceUri: address.optional(),
  SluiceState__queueServiceUri: address.optional(),
  SluiceState__clientId: optionalText,
  SLUICE_IDENTITY_CLIENT_ID: optionalText,
  SLUICE_AGENT_POOL: optionalText,
  AZURE_CLIENT_ID: optionalText,
});

/** Throws with every setting that is wrong. */
export function parseAzureSettings(values: Readonly<Record<string, string | undefined>>): AzureSettings {
  const result = schema.safeParse(values);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`App settings: ${problems.join('; ')}`);
  }
  const { data } = result;
  return {
    armEndpoint: data.SLUICE_ARM_ENDPOINT,
    armScope: `${data.SLUICE_ARM_AUDIENCE ?? data.SLUICE_ARM_ENDPOINT}/.default`,
    registryAudience: data.SLUICE_REGISTRY_AUDIENCE,
    tableEndpoint: data.SluiceState__tableServiceUri,
    queueEndpoint: data.SluiceState__queueServiceUri,
    identityClientId: data.SLUICE_IDENTITY_CLIENT_ID ?? data.SluiceState__clientId ?? data.AZURE_CLIENT_ID,
    agentPool: data.SLUICE_AGENT_POOL,
  };
}
