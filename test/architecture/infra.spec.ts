import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { serve } from '#application';
import { readSettings, settingsTable } from '#settings';

const infra = Object.fromEntries(
  readdirSync('infra').map((name) => [name, readFileSync(join('infra', name), 'utf8')]),
) as Readonly<Record<string, string>>;

describe('infra', () => {
  it('alert rules and dashboard ask only for metrics that the product has', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'orgledger-infra-'));
    const env = { PORT: '0', ORGLEDGER_DATA_DIR: folder, LOG_LEVEL: 'error' };
    const serving = await serve(readSettings(env), '0.0.0-test');
    try {
      const metrics = await (await fetch(`${serving.url}/metrics`)).text();
      const known = new Set([...metrics.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));
      const asked = [infra['alerts.yml'], infra['grafana-dashboard.json']]
        .flatMap((text) => [...(text ?? '').matchAll(/\b(?:orgledger|http|nodejs|process)_\w+/g)])
        .map(([name]) => name.replace(/_bucket$/, ''));
      expect(asked.length).toBeGreaterThan(10);
      expect(asked.filter((name) => !known.has(name))).toEqual([]);
    } finally {
      await serving.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('the compose file and the image set only settings that there are', () => {
    const settings = settingsTable().map(({ name }) => name);
    const set = [infra['compose.yaml'], infra.Dockerfile].flatMap((text) =>
      [...(text ?? '').matchAll(/\b(?:ORGLEDGER_\w+|EVENTSTORE_URL|MONGODB_URL|SMTP_URL)(?=[:=])/g)].map(
        ([name]) => name,
      ),
    );
    expect(set.length).toBeGreaterThan(6);
    expect(set.filter((name) => !settings.includes(name))).toEqual([]);
  });
});
