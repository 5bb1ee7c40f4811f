import type { Noun } from '#commands';
import { HealthController, OperationsController } from './operations.http.ts';

export { Health, type Report } from './health.ts';

export const operationsNoun: Noun = {
  name: 'operations',
  controllers: [HealthController, OperationsController],
};
