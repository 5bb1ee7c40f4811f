import { describe, expect, it } from '@jest/globals';
import { isRefusal } from '#kernel';
import { parseDomainName } from './domain-name.ts';

const outcome = (input: string): string => {
  const parsed = parseDomainName(input);
  if (!isRefusal(parsed)) return parsed.domain;
  expect(parsed.refused).toBe('invalid');
  expect(parsed.detail).toMatch(/^[A-Z\p{L}\d].*\.$/u);
  return parsed.code;
};

const table = (text: string): [string, string][] =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/ +→ +/) as [string, string]);

describe('DOM-05: a domain is entered bare', () => {
  it.each(
    table(`
      corporate.com → corporate.com
      Corporate.COM → corporate.com
      corporate.com. → corporate.com
      corporate.com。 → corporate.com
      stage.corporate.com → stage.corporate.com
      a-b.co.uk → a-b.co.uk
      acme.test → acme.test
      corporate.example → corporate.example
      1-800.com → 1-800.com
      www.com → www.com
      www.co.uk → www.co.uk
      wwwx.com → wwwx.com
      www.corporate.com → bare_domain_required
      WWW.corporate.com → bare_domain_required
      ｗｗｗ.corporate.com → bare_domain_required
      www.stage.corporate.com → bare_domain_required
      http://corporate.com → bare_domain_required
      https://corporate.com/ → bare_domain_required
      //corporate.com → bare_domain_required
      mailto:a@corporate.com → bare_domain_required
      corporate.com/ → bare_domain_required
      corporate.com／x → bare_domain_required
      corporate.com?x → bare_domain_required
      corporate.com#x → bare_domain_required
      corporate.com:443 → bare_domain_required
      someone@corporate.com → bare_domain_required
      @corporate.com → bare_domain_required
      *.corporate.com → bare_domain_required
    `),
  )('%s → %s', (input, expected) => expect(outcome(input)).toBe(expected));
});

describe('P11: what is not a domain is refused', () => {
  const long = `${'a'.repeat(63)}.`.repeat(4);
  it.each([
    ['', 'domain_invalid'],
    ['.', 'domain_invalid'],
    ['..', 'domain_invalid'],
    ['-', 'domain_invalid'],
    ['corporate', 'domain_invalid'],
    ['test', 'domain_invalid'],
    ['example', 'domain_invalid'],
    ['localhost', 'domain_invalid'],
    ['corporate.com..', 'domain_invalid'],
    ['corporate..com', 'domain_invalid'],
    ['-corporate.com', 'domain_invalid'],
    ['corporate-.com', 'domain_invalid'],
    ['co--rporate.com', 'domain_invalid'],
    ['corp_orate.com', 'domain_invalid'],
    ['_dmarc.corporate.com', 'domain_invalid'],
    ['corporate.com\\x', 'domain_invalid'],
    ['corporate%2ecom', 'domain_invalid'],
    ['corporate％2ecom', 'domain_invalid'],
    ['corporate.c om', 'domain_invalid'],
    [' corporate.com', 'domain_invalid'],
    ['corporate.com\n', 'domain_invalid'],
    ['corporate.com\0', 'domain_invalid'],
    ['corporate.com\0.evil.example', 'domain_invalid'],
    ['corporate\u00a0.com', 'domain_invalid'],
    ['corpo\u00adrate.com', 'domain_invalid'],
    ['corpo\u200brate.com', 'domain_invalid'],
    ['corpo\u200drate.com', 'domain_invalid'],
    ['\ufeffcorporate.com', 'domain_invalid'],
    ['corporate\u202emoc.com', 'domain_invalid'],
    ['corporate.com\u2044x.example', 'domain_invalid'],
    ['💩.example', 'domain_invalid'],
    ['☃.net', 'domain_invalid'],
    ["o'neil.com", 'domain_invalid'],
    ['"corporate.com"', 'domain_invalid'],
    ['<corporate.com>', 'domain_invalid'],
    ['corporate.com,other.com', 'domain_invalid'],
    ['corporate.com;other.com', 'domain_invalid'],
    ['corporate.123', 'domain_invalid'],
    ['127.0.0.1', 'domain_invalid'],
    ['127.1', 'domain_invalid'],
    ['0x7f.0.0.1', 'domain_invalid'],
    ['0177.0.0.1', 'domain_invalid'],
    ['2130706433', 'domain_invalid'],
    ['１２７.0.0.1', 'domain_invalid'],
    ['::1', 'domain_invalid'],
    ['[::1]', 'domain_invalid'],
    ['::ffff:127.0.0.1', 'domain_invalid'],
    ['corporate.local', 'domain_invalid'],
    ['corporate.internal', 'domain_invalid'],
    ['corporate.localhost', 'domain_invalid'],
    ['corporate.invalid', 'domain_invalid'],
    ['corporate.onion', 'domain_invalid'],
    ['corporate.alt', 'domain_invalid'],
    ['corporate.corp', 'domain_invalid'],
    ['corporate.home', 'domain_invalid'],
    ['corporate.lan', 'domain_invalid'],
    ['x.home.arpa', 'domain_invalid'],
    ['1.0.0.127.in-addr.arpa', 'domain_invalid'],
    ['xn--abc.com', 'domain_invalid'],
    ['xn--.com', 'domain_invalid'],
    ['xn--corporate-.com', 'domain_invalid'],
    ['xn--zzzzzzzzzzzzzzz.com', 'domain_invalid'],
    [`${'a'.repeat(64)}.com`, 'domain_invalid'],
    [`${long}com`, 'domain_invalid'],
    [`${'a'.repeat(100_000)}.com`, 'domain_invalid'],
  ])('%j → %s', (input, expected) => expect(outcome(input)).toBe(expected));

  it('keeps labels of 63 and names of 253 characters', () => {
    const name = `${`${'a'.repeat(63)}.`.repeat(3)}${'b'.repeat(57)}.com`;
    expect(name).toHaveLength(253);
    expect(outcome(name)).toBe(name);
    expect(outcome(`b${name}`)).toBe('domain_invalid');
  });
});

describe('P11: the public suffix list, private section included', () => {
  // After the list's own public-domain vectors; "suffix" where they expect nothing, "bare" where www comes before.
  const vectors = table(`
    COM → suffix
    example.COM → example.com
    WwW.example.COM → bare
    .com → invalid
    .example → invalid
    .example.com → invalid
    .example.example → invalid
    example → invalid
    example.example → example.example
    b.example.example → b.example.example
    biz → suffix
    domain.biz → domain.biz
    b.domain.biz → b.domain.biz
    a.b.domain.biz → a.b.domain.biz
    com → suffix
    b.example.com → b.example.com
    uk.com → suffix
    example.uk.com → example.uk.com
    a.b.example.uk.com → a.b.example.uk.com
    test.ac → test.ac
    mm → suffix
    c.mm → suffix
    b.c.mm → b.c.mm
    a.b.c.mm → a.b.c.mm
    jp → suffix
    test.jp → test.jp
    www.test.jp → bare
    ac.jp → suffix
    test.ac.jp → test.ac.jp
    www.test.ac.jp → bare
    kyoto.jp → suffix
    test.kyoto.jp → test.kyoto.jp
    ide.kyoto.jp → suffix
    b.ide.kyoto.jp → b.ide.kyoto.jp
    c.kobe.jp → suffix
    b.c.kobe.jp → b.c.kobe.jp
    city.kobe.jp → city.kobe.jp
    www.city.kobe.jp → bare
    ck → suffix
    test.ck → suffix
    b.test.ck → b.test.ck
    www.ck → www.ck
    www.www.ck → bare
    us → suffix
    test.us → test.us
    www.test.us → bare
    ak.us → suffix
    test.ak.us → test.ak.us
    k12.ak.us → suffix
    test.k12.ak.us → test.k12.ak.us
    食狮.com.cn → xn--85x722f.com.cn
    食狮.公司.cn → xn--85x722f.xn--55qx5d.cn
    www.食狮.公司.cn → bare
    shishi.公司.cn → shishi.xn--55qx5d.cn
    公司.cn → suffix
    食狮.中国 → xn--85x722f.xn--fiqs8s
    www.食狮.中国 → bare
    shishi.中国 → shishi.xn--fiqs8s
    中国 → suffix
    xn--85x722f.com.cn → xn--85x722f.com.cn
    xn--85x722f.xn--55qx5d.cn → xn--85x722f.xn--55qx5d.cn
    www.xn--85x722f.xn--55qx5d.cn → bare
    shishi.xn--55qx5d.cn → shishi.xn--55qx5d.cn
    xn--55qx5d.cn → suffix
    xn--85x722f.xn--fiqs8s → xn--85x722f.xn--fiqs8s
    shishi.xn--fiqs8s → shishi.xn--fiqs8s
    xn--fiqs8s → suffix
    co.uk → suffix
    gov.uk → suffix
    github.io → suffix
    acme.github.io → acme.github.io
    herokuapp.com → suffix
    acme.herokuapp.com → acme.herokuapp.com
    s3.amazonaws.com → suffix
    blogspot.com → suffix
    acme.blogspot.com → acme.blogspot.com
    pages.dev → suffix
    vercel.app → suffix
  `);
  const named: Record<string, string> = {
    suffix: 'public_suffix',
    bare: 'bare_domain_required',
    invalid: 'domain_invalid',
  };

  it('knows at least 78 vectors', () => expect(vectors.length).toBeGreaterThanOrEqual(78));
  it.each(vectors)('%s → %s', (input, expected) => expect(outcome(input)).toBe(named[expected] ?? expected));
});

describe('DOM-04: mail providers cannot be claimed', () => {
  it.each(
    `gmail.com GMail.com googlemail.com hotmail.com hotmail.co.uk hotmail.fr outlook.com outlook.de live.com live.nl
     msn.com yahoo.com yahoo.co.jp yahoo.de ymail.com icloud.com me.com mac.com aol.com gmx.de gmx.net gmx.at web.de
     proton.me protonmail.com pm.me mail.ru bk.ru list.ru yandex.ru yandex.com ya.ru qq.com 163.com 126.com sina.com
     naver.com t-online.de orange.fr libero.it seznam.cz wp.pl comcast.net zoho.com tuta.com posteo.de mailinator.com
     ｇmail.com gmail.com. mx.gmail.com someone.fastmail.com`.split(/\s+/),
  )('%s', (input) => expect(outcome(input)).toBe('common_domain'));

  it.each([
    'gmail-partners.com',
    'mygmail.com',
    'live.agency',
    'outlook.org',
    'gmail.test',
    'torn.com',
    'mall.com',
  ])('%s is somebody else’s and stays allowed', (input) => expect(outcome(input)).toBe(input));

  it.each([
    'grnail.com',
    'gmai1.com',
    'hotrnail.com',
    'yah00.com',
    'out1ook.com',
    'ɡmail.com',
    'уаһоо.com',
    'gmaıl.com',
  ])('P11: %s can be mistaken for one', (input) => expect(outcome(input)).toBe('domain_invalid'));
});

describe('P11: one domain, one spelling', () => {
  const pairs = table(`
    bücher.de → xn--bcher-kva.de
    BÜCHER.de → xn--bcher-kva.de
    bu\u0308cher.de → xn--bcher-kva.de
    straße.de → xn--strae-oqa.de
    strasse.de → strasse.de
    españa.es → xn--espaa-rta.es
    köln.example → xn--kln-sna.example
    пример.рф → xn--e1afmkfd.xn--p1ai
    παράδειγμα.gr → xn--hxajbheg2az3al.gr
    例え.jp → xn--r8jz45g.jp
    例子.中国 → xn--fsqu00a.xn--fiqs8s
    مثال.com → xn--mgbh0fb.com
    דוגמה.com → xn--6dbbec0c.com
    한국.com → xn--3e0b707e.com
    उदाहरण.com → xn--p1b6ci4b4b3a.com
    ｃｏｒｐｏｒａｔｅ．ｃｏｍ → corporate.com
    corporate。com → corporate.com
    corporate｡com → corporate.com
    ℂorporate.com → corporate.com
    ①corporate.com → 1corporate.com
    l·l.cat → xn--ll-0ea.cat
    аррӏе.com → xn--80ak6aa92e.com
  `);
  it.each(pairs)('%s → %s', (input, expected) => {
    expect(outcome(input)).toBe(expected);
    expect(outcome(expected)).toBe(expected);
    expect(outcome(expected.toUpperCase())).toBe(expected);
    const parsed = parseDomainName(input);
    const again = parseDomainName(expected);
    expect(parsed).toEqual(again);
    if (!isRefusal(parsed)) expect(outcome(parsed.unicode)).toBe(expected);
  });
});

describe('DOM-07: a subdomain is another domain', () => {
  it('keeps both apart', () => {
    expect(outcome('corporate.com')).not.toBe(outcome('stage.corporate.com'));
  });
});
