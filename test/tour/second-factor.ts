import { codeAt } from '../support/authenticator.ts';
import { domain, mailTo, password, type Scene } from './scene.ts';

const step = 30_000;

/** A person of an organization of their own, so that nobody else's lists change. */
export const secondFactor = async (scene: Scene): Promise<void> => {
  const { story, nobody } = scene;
  const email = 'mia@harbour.example';
  story.chapter('Mia sets up a second factor, and forgets her password');
  await nobody.post('/v1/sign-ups', {
    email,
    password,
    givenName: 'Mia',
    familyName: 'Holt',
  });
  const { token } = await mailTo(scene, email);
  await nobody.post('/v1/email-verifications/complete', { token });
  const session = await nobody.post('/v1/sessions', { email, password });
  const call = nobody.as(session.token);
  const { secret, otpauthUri, qrSvg } = await call.post('/v1/me/two-factor', { method: 'totp' });
  story.say(
    `Her authenticator reads a QR code of ${qrSvg.length.toLocaleString('en')} bytes of SVG: ${otpauthUri.split('?')[0]}…`,
  );
  const now = Date.now();
  const { recoveryCodes } = await call.post('/v1/me/two-factor/confirm', { code: codeAt(secret, now) });
  story.check('It shows the right code, and she is given recovery codes', recoveryCodes.length, 10);

  const challenged = await nobody.expecting([200], 'POST', '/v1/sessions', { email, password });
  const { challengeId, methods } = challenged.twoFactor;
  story.check('Her password alone opens nothing any more', methods, ['totp', 'recovery_code']);
  const answer = (code: string) => ({ body: { challengeId, code } });
  await nobody.refused(
    401,
    'two_factor_code_invalid',
    'POST',
    '/v1/sessions/two-factor',
    answer(codeAt(secret, now)),
  );
  story.check('The code of before is refused: each counts once', true);
  const next = answer(codeAt(secret, now + step)).body;
  const opened = await nobody.post('/v1/sessions/two-factor', next);
  story.check('The next one opens a session', opened.user.email, email);

  const asked = await nobody.send('POST', '/v1/password-resets', { body: { email } });
  const other = await nobody.send('POST', '/v1/password-resets', { body: { email: `nobody@${domain}` } });
  story.check(
    'She asks for a new password; for somebody unknown the answer is the same',
    asked.text,
    other.text,
  );
  const reset = await mailTo(scene, email, 2);
  story.say(`A mail arrives: “${reset.subject}”.`);
  const choose = { token: reset.token, newPassword: 'another slow river 17' };
  const weak = { ...choose, newPassword: 'liverpool1' };
  const refused = await nobody.refused(422, 'password_too_weak', 'POST', '/v1/password-resets/complete', {
    body: weak,
  });
  story.check(`A password of a leak is refused: “${refused.detail}”`, refused.status, 422);
  await nobody.post('/v1/password-resets/complete', choose);
  await nobody.as(opened.token).refused(401, 'unauthenticated', 'GET', '/v1/me');
  await nobody.refused(404, 'link_invalid', 'POST', '/v1/password-resets/complete', { body: choose });
  story.check('She chooses one: every session has ended, and the link works no more', true);
};
