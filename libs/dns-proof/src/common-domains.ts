/** Mail providers under many endings: any public suffix counts (DOM-04). */
const brands = new Set([
  'gmail',
  'googlemail',
  'hotmail',
  'yahoo',
  'ymail',
  'rocketmail',
  'protonmail',
  'yandex',
  'tutanota',
  'fastmail',
]);

/** Mail providers where anyone gets an address; names that others use under other endings are listed one by one. */
const providers = new Set(
  `
  10minutemail.com 123mail.org 126.com 139.com 163.com 163.net 188.com 189.cn 21cn.com 263.net
  aim.com alice.it aliceadsl.fr aliyun.com aol.com aol.co.uk aol.de aol.fr arcor.de att.net
  bbox.fr bellsouth.net bigpond.com bigpond.net.au bk.ru blueyonder.co.uk bluewin.ch bol.com.br btinternet.com
  bluemail.ch centrum.cz centurylink.net charter.net club-internet.fr comcast.net cox.net cyberia.net.lb
  daum.net dispostable.com earthlink.net email.com email.cz email.de email.it emailn.de eircom.net embarqmail.com
  excite.com fibermail.hu foxmail.com free.fr freemail.hu freenet.de frontier.com frontiernet.net fsmail.net
  gmx.at gmx.biz gmx.ch gmx.co.uk gmx.com gmx.de gmx.es gmx.eu gmx.fr gmx.info gmx.li gmx.net gmx.org gmx.us
  guerrillamail.com hanmail.net hetnet.nl home.nl hey.com hushmail.com hush.com
  icloud.com ig.com.br iinet.net.au inbox.com inbox.lv inbox.ru internode.on.net interia.pl interia.eu
  juno.com kakao.com kolabnow.com kpnmail.nl laposte.net lavabit.com libero.it list.ru live.at live.be live.ca
  live.cl live.cn live.co.uk live.co.za live.com live.com.ar live.com.au live.com.mx live.com.my live.com.pt
  live.com.sg live.de live.dk live.fi live.fr live.hk live.ie live.in live.it live.jp live.nl live.no live.ru live.se
  lycos.com mac.com mail.be mail.bg mail.com mail.de mail.ee mail.ru mail2world.com mailbox.org mailfence.com
  mailinator.com mail.tm me.com mindspring.com msn.com mynet.com myway.com
  nate.com naver.com neostrada.pl neuf.fr netcologne.de netscape.net netzero.net ngs.ru ntlworld.com numericable.fr
  o2.pl o2online.de onet.eu onet.pl op.pl online.de online.no onmail.com optonline.net optusnet.com.au orange.fr
  outlook.at outlook.be outlook.cl outlook.co.id outlook.co.il outlook.co.th outlook.com outlook.com.ar
  outlook.com.au outlook.com.br outlook.com.gr outlook.com.tr outlook.com.vn outlook.cz outlook.de outlook.dk
  outlook.es outlook.fr outlook.hu outlook.ie outlook.in outlook.it outlook.jp outlook.kr outlook.lv outlook.my
  outlook.ph outlook.pt outlook.sa outlook.sg outlook.sk passport.com
  pacbell.net planet.nl pm.me pobox.com poczta.onet.pl post.cz posteo.de posteo.net prodigy.net prodigy.net.mx
  proton.me qq.com rambler.ru rediffmail.com rogers.com runbox.com
  sapo.pt sbcglobal.net seznam.cz sfr.fr shaw.ca sina.cn sina.com sky.com skynet.be sohu.com startmail.com
  suddenlink.net sunrise.ch swissonline.ch sympatico.ca
  t-online.de talktalk.net telenet.be telia.com telus.net temp-mail.org tempmail.com terra.com.br terra.es
  tin.it tiscali.co.uk tiscali.it tom.com trashmail.com tuta.com tuta.io tutamail.com tvcablenet.be
  ukr.net uol.com.br usa.net
  verizon.net videotron.ca vip.163.com vip.qq.com virgilio.it virgin.net virginmedia.com vodafone.de volny.cz
  walla.co.il wanadoo.es wanadoo.fr web.de windowslive.com windstream.net wp.pl
  xs4all.nl xtra.co.nz ya.ru yeah.net yopmail.com zipmail.com.br ziggo.nl zoho.com zohomail.com zonnet.nl
`
    .trim()
    .split(/\s+/),
);

/** Providers that are imitated even in plain ASCII, `grnail.com`. */
export const imitatedDomains: readonly string[] = [
  ...[...brands].map((brand) => `${brand}.com`),
  ...[
    'aol.com',
    'gmx.de',
    'gmx.net',
    'icloud.com',
    'live.com',
    'outlook.com',
    'proton.me',
    'web.de',
    'msn.com',
  ],
];

export const commonDomains: readonly string[] = [...providers, ...imitatedDomains];

/** @param registrable the part of a name that somebody registered, e.g. `hotmail.co.uk`; @param brand `hotmail`. */
export const isCommonDomain = (registrable: string, brand: string): boolean =>
  providers.has(registrable) || brands.has(brand);
