// A process that does nothing but send what is in the outbox, so that it can be killed: see mail-smtp.spec.ts.
import { systemClock } from '#clock';
import { Outbox, Sender, smtpTransport } from '#mail';
import { openEmbeddedDocuments } from '#read-models';

const [path, url] = process.argv.slice(2) as [string, string];
const store = openEmbeddedDocuments(path, { durable: false, kind: 'mail' });
const outbox = new Outbox(store, systemClock);
const results = store.collection<{ _id: string; result: string }>('results');
const transport = smtpTransport(
  url,
  { name: 'Orgledger', address: 'no-reply@orgledger.example' },
  { connectTimeout: 300, silenceTimeout: 300, sendTimeout: 800 },
);
const sender = new Sender({
  outbox,
  transport,
  clock: systemClock,
  compose: async ({ _id, kind, references = {} }) => ({
    id: _id,
    kind,
    to: { name: `Person, <eve@evil.example> ${_id}`, address: String(references.address) },
    subject: `For ${_id}`,
    text: `https://admin.example.com/invitations/accept?token=${_id}`,
    html: `<p>${_id}</p>`,
    links: [],
  }),
  onResult: async ({ _id }, result) => {
    if (result === 'deferred') return;
    await results.updateOne({ _id }, { $set: { result } }, { upsert: true });
  },
  lease: 900,
  backoff: 5,
  poll: 50,
});
sender.start();
while ((await outbox.size()) > 0) {
  await sender.idle();
  await new Promise((resolve) => setTimeout(resolve, 20));
}
await sender.stop();
transport.close();
await store.close();
