import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDnsServer } from '../servers/dns-server.ts';
import { startSmtpServer } from '../servers/smtp-server.ts';
import { Caller } from '../support/caller.ts';
import { independentUsers } from './accounts.ts';
import { comingTogether } from './coming-together.ts';
import { departures } from './departures.ts';
import { acceptance, invitations } from './invitations.ts';
import { asItWas, badInput, history, limitsOfOthers } from './looking-back.ts';
import { ProductProcess } from './product.ts';
import { rebuilding, restarting } from './rebuilding.ts';
import { secondFactor } from './second-factor.ts';
import { provingADomain, signingUp } from './signing-up.ts';
import { Story } from './story.ts';
import { thirtyOneDays } from './thirty-one-days.ts';

const began = performance.now();
const story = new Story();
const folder = mkdtempSync(join(tmpdir(), 'orgledger-tour-'));
const dns = await startDnsServer();
const smtp = await startSmtpServer();
const product = new ProductProcess({
  ORGLEDGER_DATA_DIR: folder,
  ORGLEDGER_DNS_SERVERS: dns.address,
  SMTP_URL: smtp.url,
});
const interrupted = (): void => {
  product.kill();
  rmSync(folder, { recursive: true, force: true });
  process.exit(130);
};
process.once('SIGINT', interrupted);
process.once('SIGTERM', interrupted);

try {
  story.chapter('An empty folder, a mail server, a name server, and the product');
  const milliseconds = await product.start();
  story.table(
    ['what', 'where'],
    [
      ['the product', product.url],
      ['its data', folder],
      ['a real mail server', smtp.url],
      ['a real DNS server', dns.address],
    ],
  );
  story.check(`The product was ready in ${Math.round(milliseconds)} ms`, milliseconds < 15_000);
  const nobody = new Caller(product);
  const scene = { story, dns, smtp, product, folder, nobody };
  const anna = await signingUp(scene);
  await provingADomain(scene, anna);
  const invited = await invitations(scene, anna);
  const joined = await acceptance(scene, anna, invited);
  await limitsOfOthers(scene, anna, joined);
  await secondFactor(scene);
  await history(scene, anna, joined);
  await asItWas(scene, anna, joined);
  await badInput(scene, anna);
  await independentUsers(scene, anna, joined);
  await departures(scene, anna);
  await comingTogether(scene);
  await thirtyOneDays(scene);
  await rebuilding(scene, anna);
  await restarting(scene, anna, invited);
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  story.end(`${story.checks} expectations in ${story.chapters} chapters, all held, in ${seconds} s.`);
} catch (error) {
  process.exitCode = 1;
  story.failed(error as Error, product.transcript);
} finally {
  await product.stop();
  await Promise.all([dns.close(), smtp.close()]);
  rmSync(folder, { recursive: true, force: true });
}
