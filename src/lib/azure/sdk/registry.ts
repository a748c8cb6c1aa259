export { ContainerRegistryClient, ContainerRegistryContentClient } from '@azure/container-registry';
