import { createRequire } from 'node:module';

export interface WeaknessContext {
  readonly email: string;
  readonly names?: readonly string[];
}

const shortest = 8;

/** Words that lists of leaked passwords begin with; compared after `plain`, so their usual variants are caught too. */
const common = new Set(
  `password passwort passwd passw pass motdepasse contrasena contraseña senha wachtwoord haslo parola salasana
  letmein letmeinnow welcome willkommen bienvenue bienvenido welcometo admin administrator adminadmin root toor rootroot
  login logmein signin access default secret secrets topsecret mysecret private master superuser superman batman
  spiderman ironman captain pokemon starwars matrix hunter ranger jordan jordans michael michelle daniel jessica jennifer
  ashley amanda andrew thomas robert charlie george william joshua matthew anthony nicole hannah samantha elizabeth
  victoria natasha alexander alexandra maria martin patrick richard steven stefan sebastian peter susanne andrea angela
  football fussball baseball basketball softball hockey soccer tennis golf golfer cricket arsenal chelsea liverpool
  manchester barcelona realmadrid juventus bayern yankees lakers cowboys steelers eagles broncos packers redsox
  monkey dragon tiger lion panther eagle falcon wolf phoenix unicorn butterfly dolphin elephant chicken kitten puppy
  doggy pussycat snoopy mickey minnie donald winnie simba bambi garfield scooby sunshine sunflower rainbow flower flowers
  summer sommer winter spring autumn herbst january february march april may june july august september october november
  december monday tuesday wednesday thursday friday saturday sunday princess queen prince king kingkong angel angels
  baby babygirl babyboy sweetheart sweety honey darling lover lovely loveme love ilove iloveyou iloveu iloveme iloveyouso
  teamo jetaime tequiero forever together family friends friendship mother father mommy daddy sister brother grandma
  computer internet samsung iphone apple google facebook youtube twitter instagram linkedin microsoft windows linux
  ubuntu android amazon netflix oracle cisco dell thinkpad laptop server database test testing tester testtest testuser
  testpassword temp temporary guest user username example sample demo demodemo changeme changeit changethis
  changemenow newpassword mypassword yourpassword nopassword thepassword passwordpassword passpass hello hellohello
  helloworld goodbye whatever nothing something anything trustno trustnoone freedom liberty justice peace america usa
  england london paris berlin munich tokyo newyork chicago boston dallas texas california florida canada mexico
  brasil brazil germany deutschland france espana italia australia ferrari porsche mercedes bmw audi toyota honda harley
  mustang camaro corvette yamaha suzuki kawasaki nissan hummer chevrolet cookie chocolate cheese banana orange cherry
  strawberry peanut pepper ginger buster bailey cooper molly maggie sophie charly rocky lucky shadow smokey midnight
  diamond silver golden gold platinum crystal jasmine rose purple yellow green blue black white red money dollar
  million rich boss killer hacker ninja samurai warrior soldier sniper gangster thunder lightning storm hurricane fire
  phantom wizard magic merlin gandalf frodo hobbit legolas aragorn voldemort potter harrypotter hogwarts gryffindor
  minecraft fortnite roblox zelda mario luigi nintendo playstation xbox gaming gamer player maverick genesis jesus
  christ jesuschrist blessed heaven church bible god godisgood faith grace trinity guitar music metallica slipknot
  nirvana beatles eminem metal rocknroll blink fuckyou fuckoff fuckme fuck shithead asshole bitch sexy pussy
  qwerty qwertz azerty qwertyui qwertyuiop qwertzuiop azertyuiop asdf asdfgh asdfghjkl asdfasdf asdasd zxcv zxcvbn
  zxcvbnm yxcvbnm qweasd qweasdzxc qazwsx qazwsxedc qwerasdf qwer qweqwe abc abcd abcde abcdef abcdefg abcdefgh
  abcabc aaa xxx zzz hallo schatz geheim sicherheit schalke borussia orgledger organization company business office
  corporate enterprise support service helpdesk manager security secure system network operator backup monitor`
    .split(/\s+/)
    .filter(Boolean),
);

/** Fifty thousand passwords from published leaks; 20 MB that are read when the first password is judged. */
let published: ReadonlySet<string> | undefined;

const readPublished = (): ReadonlySet<string> => {
  const { dictionary } = createRequire(import.meta.url)(
    '@zxcvbn-ts/language-common',
  ) as typeof import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common'].filter((password) => password.length >= shortest));
};

const wasLeaked = (lower: string): boolean => {
  published ??= readPublished();
  return published.has(lower) || published.has(plain(lower));
};

const rows = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890123456789',
  'qwertyuiop',
  'qwertzuiop',
  'azertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm',
  '1q2w3e4r5t6y7u8i9o0p',
  'q1w2e3r4t5y6u7i8o9p0',
];

const lookalikes: Readonly<Record<string, string>> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '1': 'i',
  '!': 'i',
  '0': 'o',
  $: 's',
  '5': 's',
  '7': 't',
};

/** Why nobody should have this password; undefined when nothing speaks against it. */
export const tooWeak = (password: string, { email, names = [] }: WeaknessContext): string | undefined => {
  if ([...password].length < shortest) return `A password has at least ${shortest} characters.`;
  if (!password.isWellFormed()) return 'The password contains broken characters.';
  const lower = password.normalize('NFKC').toLowerCase();
  const local = email.split('@')[0]?.toLowerCase() ?? '';
  if (lower === email.toLowerCase() || (local.length >= 4 && lower.includes(local)))
    return 'The password must not contain your e-mail address.';
  const besideNames = names
    .filter((name) => name.length >= 3)
    .reduce((rest, name) => rest.replaceAll(name.toLowerCase(), ''), lower);
  if (besideNames !== lower && [...besideNames].length < shortest)
    return 'The password must not be your name with little beside it.';
  if (wasLeaked(lower) || isCommon(lower) || isPattern(lower))
    return 'This password is among the first that anybody would guess.';
  return undefined;
};

/** A known word, also with digits and signs around it and with letters replaced by their lookalikes. */
const isCommon = (lower: string): boolean => {
  const bare = lower.replace(/^[^\p{L}@$]{0,6}/u, '').replace(/[^\p{L}@$]{0,8}$/u, '');
  return [lower, bare, bare.replace(/[^\p{L}]+$/u, '')].some(
    (text) =>
      common.has(text) || common.has(plain(text)) || common.has(plain(text).replace(/[^\p{L}]/gu, '')),
  );
};

const plain = (text: string): string => text.replace(/[@4310!$57]/g, (sign) => lookalikes[sign] as string);

/** One piece again and again, or a walk along the keyboard, the alphabet or the digits. */
const isPattern = (lower: string): boolean => {
  const { length } = lower;
  for (let size = 1; size <= Math.min(4, length / 2); size++)
    if (
      lower ===
      lower
        .slice(0, size)
        .repeat(Math.ceil(length / size))
        .slice(0, length)
    )
      return true;
  let steps = 0;
  for (let at = 1; at < length; at++) if (isStep(lower.slice(at - 1, at + 1))) steps++;
  return steps >= length - 2 || (length <= 12 && steps >= length * 0.75);
};

const isStep = (pair: string): boolean => {
  const backwards = [...pair].reverse().join('');
  return pair[0] === pair[1] || rows.some((row) => row.includes(pair) || row.includes(backwards));
};
