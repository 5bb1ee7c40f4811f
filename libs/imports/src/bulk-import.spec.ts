import { describe, it } from '@jest/globals';
import { specify } from '#kernel';
import { type BulkImportEvent, bulkImport } from './bulk-import.ts';

const now = '2026-01-01T00:00:00.000Z';
const organizationId = 'org_1';
const enabled: BulkImportEvent = { type: 'BulkImportEnabled', data: { organizationId, enabledAt: now } };
const disabled: BulkImportEvent = { type: 'BulkImportDisabled', data: { organizationId, disabledAt: now } };
const say = (on: boolean) => ({ type: 'EnableBulkImport', organizationId, enabled: on }) as const;

const { given } = specify(bulkImport);

describe('the permission to import', () => {
  it('IMP-01: is given and taken away by the operator; the same again changes nothing', () => {
    given().when(say(true)).then(enabled);
    given(enabled).when(say(true)).thenNothing();
    given(enabled).when(say(false)).then(disabled);
    given().when(say(false)).then(disabled);
  });
});
