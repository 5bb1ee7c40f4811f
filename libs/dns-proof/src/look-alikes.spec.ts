import { domainToASCII } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { isRefusal } from '#kernel';
import { parseDomainName } from './domain-name.ts';
import { isOneScript, skeleton } from './look-alikes.ts';

/** Name in plain letters, and what was registered to be taken for it. */
const imitations: [string, string[]][] = [
  ['apple.com', ['аррӏе.com', 'xn--80ak6aa92e.com', 'appӏe.com', 'app1e.com', 'αpple.com', 'ɑpple.com']],
  ['paypal.com', ['раураӏ.com', 'pаypal.com', 'paypaӏ.com', 'paypa1.com', 'ραγραl.com', 'pɑypɑl.com']],
  ['microsoft.com', ['rnicrosoft.com', 'micr0soft.com', 'micrоsoft.com', 'microsοft.com', 'mıcrosoft.com']],
  ['amazon.com', ['arnazon.com', 'amaz0n.com', 'аmazon.com', 'amazοn.com', 'amaᴢon.com']],
  ['google.com', ['g00gle.com', 'goog1e.com', 'gооgle.com', 'ɡooɡle.com', 'gοοgle.com', 'googӏe.com']],
  ['corporate.com', ['c0rporate.com', 'сorporate.com', 'corpоrate.com', 'соrроrаtе.com', 'corporαte.com']],
  ['acme.test', ['аcme.test', 'acrne.test', 'αcme.test', 'асме.test', 'ɑcme.test']],
  ['scope.com', ['ѕсоре.com', 'ꜱcope.com', 'sc0pe.com', 'ѕcope.com']],
  ['coop.com', ['сооp.com', 'соор.com', 'c00p.com', 'cօօp.com', 'cοορ.com']],
  ['hope.com', ['һоре.com', 'հօpe.com', 'нope.com']],
  ['ipo.com', ['іро.com', 'ιρο.com', 'ıpo.com', 'ip0.com']],
  ['vivavision.com', ['ѵіѵаvision.com', 'νινανision.com', 'vivavısion.com']],
  ['wow.com', ['vvow.com', 'ԝоԝ.com', 'ωow.com', 'աow.com', 'w0w.com']],
  ['kot.com', ['кот.com', 'κοτ.com', 'k0t.com']],
  ['born.com', ['bom.com', 'b0rn.com', 'ьоrn.com']],
  ['seq.com', ['ѕеԛ.com', 'seզ.com', 'ѕeq.com']],
  ['jeep.com', ['јеер.com', 'ϳeep.com', 'jeер.com']],
  ['ill.com', ['іӏӏ.com', 'i11.com', 'ıll.com', 'ιll.com']],
  ['xyz.com', ['хуᴢ.com', 'χyz.com', 'xʏz.com', 'xүz.com']],
  ['duo.com', ['ԁuo.com', 'dυo.com', 'duо.com', 'dսo.com']],
  ['bank.com', ['вапк.com', 'bаnk.com', 'banκ.com', 'baոk.com']],
  ['fungi.com', ['ꬵungi.com', 'funɡi.com', 'fungı.com']],
  ['one.example', ['оne.example', '0ne.example', 'օne.example', 'onе.example', 'οne.example']],
  ['hello.com', ['heӏӏo.com', 'he11o.com', 'hellо.com', 'hellο.com', 'һello.com']],
  ['aether.com', ['æther.com', 'ӕther.com', 'аether.com']],
  ['oeuvre.com', ['œuvre.com', 'oeυvre.com', 'оeuvre.com']],
  ['9to5.com', ['9tо5.com', '9τo5.com', '9t05.com']],
];

describe('P11: look-alikes have one skeleton', () => {
  const pairs = imitations.flatMap(([name, others]) => others.map((other) => [other, name] as const));

  it('knows at least 100', () => expect(pairs.length).toBeGreaterThanOrEqual(100));
  it.each(pairs)('%s can be taken for %s', (other, name) => {
    expect(skeleton(other)).toBe(skeleton(name));
    expect(skeleton(domainToASCII(other))).toBe(skeleton(name));
  });
  it.each(pairs)('%s is either refused or known as an imitation of %s', (other, name) => {
    const parsed = parseDomainName(other);
    if (isRefusal(parsed)) expect(parsed.code).toBe('domain_invalid');
    else expect([parsed.skeleton, parsed.domain === name]).toEqual([skeleton(name), false]);
  });
});

/** Every letter of the table set into a name: generated, so that a dropped letter is noticed. */
describe('P11: one foreign letter among Latin ones', () => {
  const letters = 'аеорсухіјѕһԁԛԝӏкмтвн' + 'αοριυνκτχγε' + 'օոսցհգզաք' + 'ɑɡıɩʏᴏᴄꜱᴠᴡᴢʋɯ';
  const names = [...letters].flatMap((letter) =>
    ['corporate', 'x', 'abc', 'stage'].map((name) => `${name}${letter}.example`),
  );

  it(`${names.length} names, none unnoticed`, () => {
    expect(names.length).toBeGreaterThanOrEqual(200);
    const unnoticed = names.filter((name) => {
      const plain = skeleton(name);
      const parsed = parseDomainName(name);
      return /[^a-z0-9.-]/.test(plain) || (!isRefusal(parsed) && parsed.skeleton !== plain);
    });
    expect(unnoticed).toEqual([]);
  });
});

describe('P11: names that only look foreign to some stay apart', () => {
  it.each([
    ['bücher.de', 'bucher.de'],
    ['mall.com', 'mail.com'],
    ['corporate.com', 'corporate.org'],
    ['corporate.com', 'stage.corporate.com'],
    ['corporate.com', 'corp-orate.com'],
    ['пример.рф', 'primer.rf'],
    ['straße.de', 'strasse.de'],
    ['kłos.pl', 'klos.pl'],
    ['day.com', 'clay.com'],
  ])('%s and %s', (one, other) => expect(skeleton(one)).not.toBe(skeleton(other)));

  it('is stable: the skeleton of a skeleton is itself', () => {
    for (const [name, others] of imitations)
      for (const each of [name, ...others]) expect(skeleton(skeleton(each))).toBe(skeleton(each));
  });
});

describe('P11: one script in a label', () => {
  it.each([
    'corporate',
    'bücher',
    'пример',
    'παράδειγμα',
    'דוגמה',
    'مثال',
    '例え',
    'コーポレート',
    '例子corp',
    'ひらがなabc',
    '한국corp',
    'ㄅㄆ例',
    'उदाहरण',
    'ตัวอย่าง',
    'օրինակ',
    'მაგალითი',
    'வணிகம்',
    'пример2',
    '١٢٣مثال',
  ])('%s is fine', (label) => expect(isOneScript(label)).toBe(true));

  it.each([
    'cоrporate',
    'аpple',
    'paypαl',
    'пpимер',
    'δοκιμaστικό',
    'corpՕrate'.toLowerCase(),
    'аβγ',
    'aـb',
    'ひらがな한국',
    'ㄅかな',
    'corpעrate',
    '1١',
    'abc१२',
    'ꓮꓑꓑꓡꓰ',
    '𐌀𐌁𐌂',
    'ᏢᎪᎩᏢᎪᏞ'.toLowerCase(),
    'ᗩᗷᑕ',
    'ⲁⲣⲣⲗⲉ',
  ])('%s is not', (label) => expect(isOneScript(label)).toBe(false));
});
