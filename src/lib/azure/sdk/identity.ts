export { DefaultAzureCredential, ManagedIdentityCredential } from '@azure/identity';
