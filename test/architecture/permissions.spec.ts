import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Serving, serve } from '#application';
import { type Right, type RightName, rights } from '#commands';
import { routesOf } from '#http';
import { permissions, refuseRoutesWithoutRow, rowOf } from '#permissions';
import { readSettings } from '#settings';

describe('P10: the table of permissions', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orgledger-permissions-'));
  let serving: Serving;
  beforeAll(async () => {
    serving = await serve(
      readSettings({ PORT: '0', ORGLEDGER_DATA_DIR: folder, LOG_LEVEL: 'error' }),
      '0.0.0-test',
    );
  });
  afterAll(async () => {
    await serving.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const rows = () => new Set(routesOf(serving.app).map(({ method, path }) => rowOf(method, path)));

  it('has a row for every route of the product, and no other', () => {
    expect([...rows()].toSorted()).toEqual(Object.keys(permissions).toSorted());
  });

  it('a planted route without a row stops the start, and is named', () => {
    const planted = { method: 'POST', path: '/v1/organizations/:organizationId/planted' };
    expect(() => refuseRoutesWithoutRow([...routesOf(serving.app), planted])).toThrow(
      'libs/permissions says for nobody who may POST /v1/organizations/{organizationId}/planted',
    );
  });

  it('gives to everybody nothing that names an organization or an account', () => {
    const open = Object.entries(permissions).filter(([, right]) => right === 'public');
    expect(open.filter(([row]) => /\{(?:organizationId|accountId)\}/.test(row))).toEqual([]);
  });

  it('asks about an organization or an account exactly where the path names one', () => {
    const about = { organization: '{organizationId}', account: '{accountId}' } as const;
    const wrong = Object.entries(permissions).filter(([row, name]) => {
      const { of } = rights[name];
      if (of === 'operator') return false;
      return (of === 'organization' || of === 'account') && !/\/v1\/account-additions/.test(row)
        ? !row.includes(about[of])
        : Object.values(about).some((parameter) => row.includes(parameter));
    });
    expect(wrong).toEqual([]);
  });

  it('lets an auditor change nothing', () => {
    const changes = Object.entries(permissions).filter(([row]) => !row.startsWith('GET '));
    const roles = (name: RightName): Right['roles'] => rights[name].roles;
    const may = changes.filter(([, name]) => roles(name).includes('auditor'));
    expect(may).toEqual([]);
  });
});
