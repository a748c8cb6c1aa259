import { app } from '@azure/functions';
import { authLevel } from '../lib/api/endpoint.ts';
import { showHealth } from '../lib/api/show-health.ts';

app.http('health', { methods: ['GET'], route: 'health', authLevel, handler: showHealth });
